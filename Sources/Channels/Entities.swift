import RelayCore

/// Characters that are written as entities. Texts are compared byte by byte, because a combining mark after `<` hides it from a comparison
/// of Swift characters.
struct Entities: Sendable {
    /// Each ASCII byte with the text that replaces it.
    let all: [(byte: UInt8, text: String)]

    /// The four entities that every subset of HTML supports.
    static let html = Entities(all: [
        (UInt8(ascii: "&"), "&amp;"), (UInt8(ascii: "<"), "&lt;"), (UInt8(ascii: ">"), "&gt;"), (UInt8(ascii: "\""), "&quot;"),
    ])

    /// The three entities of Slack's markup. Source: https://docs.slack.dev/messaging/formatting-message-text
    static let slack = Entities(all: html.all.filter { $0.byte != UInt8(ascii: "\"") })

    /// The four of `html` and the apostrophe, which can end an attribute.
    /// Source: https://html.spec.whatwg.org/multipage/syntax.html
    static let attributes = Entities(all: html.all + [(UInt8(ascii: "'"), "&#39;")])

    @Sendable func escape(_ text: String) -> String {
        var out: [UInt8] = []
        out.reserveCapacity(text.utf8.count + 16)
        for byte in text.utf8 {
            if let entity = all.first(where: { $0.byte == byte }) { out += entity.text.utf8 } else { out.append(byte) }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// Undoes `escape`.
    func read(_ text: String) -> String {
        var out: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.first {
            let entity = byte == UInt8(ascii: "&") ? all.first { rest.starts(with: $0.text.utf8) } : nil
            out.append(entity?.byte ?? byte)
            rest = rest.dropFirst(entity?.text.utf8.count ?? 1)
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The length in bytes of the entity or character at the start of the text, so that a cut never splits an entity.
    @Sendable func unit(_ text: Substring) -> Int {
        if let entity = all.first(where: { text.utf8.starts(with: $0.text.utf8) }) { return entity.text.utf8.count }
        return text.first.map { String($0).utf8.count } ?? 0
    }
}
