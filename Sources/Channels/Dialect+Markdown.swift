import RelayCore
import RelaySupport

extension Dialect {
    /// A Markdown dialect that escapes each mark with a backslash. Each mark is escaped separately, and a cut never splits a pair.
    ///
    /// - Parameters:
    ///   - marks: the characters to escape; ASCII only.
    ///   - breaksMentions: adds a zero-width space after each `@` that could mention somebody, for services that offer no better way.
    ///   - breaksAngles: adds one after each `<` too, for services that read `<!channel>` as Slack does.
    static func backslashed(
        name: String, marks: String, breaksMentions: Bool, breaksAngles: Bool = false,
        link: (@Sendable (String) -> String)? = nil
    ) -> Dialect {
        let marks = Set(marks.utf8)
        return Dialect(
            name: name,
            escape: { text in
                var out: [UInt8] = []
                out.reserveCapacity(text.utf8.count + 16)
                var previous: UInt8 = 0
                for byte in text.utf8 {
                    if marks.contains(byte) { out.append(UInt8(ascii: "\\")) }
                    out.append(byte)
                    if breaksMentions, byte == UInt8(ascii: "@"), !previous.isAlphanumeric { out += zeroWidthSpace }
                    if breaksAngles, byte == UInt8(ascii: "<") { out += zeroWidthSpace }
                    previous = byte
                }
                return String(decoding: out, as: UTF8.self)
            },
            unit: { text in
                let isPair = text.utf8.first == UInt8(ascii: "\\") && text.utf8.dropFirst().first.map(marks.contains) ?? false
                return (isPair ? 2 : text.first.map { String($0).utf8.count } ?? 0) + mentionBreak(in: text, after: isPair ? 1 : 0)
            }, link: link)
    }

    /// Replaces `<` by `‹`, for services that turn the text after `<` into links, tags or mentions and have no escape for it.
    static func withoutAngles(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "<")) else { return text }
        var out: [UInt8] = []
        out.reserveCapacity(text.utf8.count + 16)
        for byte in text.utf8 { if byte == UInt8(ascii: "<") { out += "\u{2039}".utf8 } else { out.append(byte) } }
        return String(decoding: out, as: UTF8.self)
    }

    /// A dialect whose marks have no escape: it only breaks mentions.
    static func mentionless(name: String, escape: @escaping @Sendable (String) -> String = { $0 }) -> Dialect {
        Dialect(name: name, escape: { breakingMentions(escape($0)) }, quote: Quote("> ", needsEmptyLine: true))
    }

    /// Adds a zero-width space after each `@` that could mention somebody: at the start of a word, not inside a mail address.
    static func breakingMentions(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "@")) else { return text }
        var out: [UInt8] = []
        var previous: UInt8 = 0
        for byte in text.utf8 {
            out.append(byte)
            if byte == UInt8(ascii: "@"), !previous.isAlphanumeric { out += zeroWidthSpace }
            previous = byte
        }
        return String(decoding: out, as: UTF8.self)
    }
}

/// U+200B in UTF-8.
private let zeroWidthSpace: [UInt8] = [0xE2, 0x80, 0x8B]

/// The size in bytes of a zero-width space that follows `@` or `<` at `offset`; 0 if none follows. The space belongs to the unit, because a
/// cut between the two could mention somebody.
private func mentionBreak(in text: Substring, after offset: Int) -> Int {
    let bytes = text.utf8.dropFirst(offset)
    guard let mark = bytes.first, mark == UInt8(ascii: "@") || mark == UInt8(ascii: "<") else { return 0 }
    // If the first character has several bytes, its size already includes the space.
    if offset == 0, let first = text.first, String(first).utf8.count > 1 { return 0 }
    return bytes.dropFirst().starts(with: zeroWidthSpace) ? zeroWidthSpace.count : 0
}
