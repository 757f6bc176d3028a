import RelaySupport

/// One line of a reply, such as `250 2.0.0 Ok: queued as 38D1FFF4522`.
struct SMTPReply: Sendable, Equatable {
    var code: Int
    var enhanced: String?
    var text: String
    /// True if more lines of the same reply follow.
    var continues: Bool

    init?(_ line: UnsafeRawBufferPointer) {
        let text = String(decoding: line.prefix(1_000), as: UTF8.self).repaired(most: 500)
        guard text.utf8.count >= 3, let code = Int(text.prefix(3)), (200...599).contains(code) else { return nil }
        let rest = text.dropFirst(3)
        guard rest.isEmpty || rest.first == " " || rest.first == "-" || rest.first == "\n" else { return nil }
        self.code = code
        continues = rest.first == "-"
        let words = rest.dropFirst().split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        let first = words.first.map(String.init) ?? ""
        let isEnhanced = first.split(separator: ".").count == 3 && first.split(separator: ".").allSatisfy { Int($0) != nil }
        enhanced = isEnhanced ? first : nil
        self.text = String(rest.dropFirst()).split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
