import RelayCore

extension Dialect {
    /// Markdown in which a backslash makes a mark harmless. Marks count one by one, and a cut never splits a pair.
    ///
    /// - Parameters:
    ///   - marks: ASCII.
    ///   - breaksMentions: a zero-width space goes behind each `@` that may call somebody, for services that know no better way.
    ///   - breaksAngles: and behind each `<`, for services that read `<!channel>` as Slack does.
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

    /// With `‹` for `<`, for services that make links, tags or mentions of what stands behind one and know no escape for it.
    static func withoutAngles(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "<")) else { return text }
        var out: [UInt8] = []
        out.reserveCapacity(text.utf8.count + 16)
        for byte in text.utf8 { if byte == UInt8(ascii: "<") { out += "\u{2039}".utf8 } else { out.append(byte) } }
        return String(decoding: out, as: UTF8.self)
    }

    /// A text whose marks have no escape: only mentions are broken.
    static func mentionless(name: String, escape: @escaping @Sendable (String) -> String = { $0 }) -> Dialect {
        Dialect(name: name, escape: { breakingMentions(escape($0)) })
    }

    /// A zero-width space behind each `@` that may call somebody: at the start of a word, not within a mail address.
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

/// U+200B.
private let zeroWidthSpace: [UInt8] = [0xE2, 0x80, 0x8B]

/// How many bytes the zero-width space behind the unit takes, where one stands: half a pair of them would call somebody.
private func mentionBreak(in text: Substring, after offset: Int) -> Int {
    let bytes = text.utf8.dropFirst(offset)
    guard let mark = bytes.first, mark == UInt8(ascii: "@") || mark == UInt8(ascii: "<") else { return 0 }
    // The first character may hold it already.
    if offset == 0, let first = text.first, String(first).utf8.count > 1 { return 0 }
    return bytes.dropFirst().starts(with: zeroWidthSpace) ? zeroWidthSpace.count : 0
}
