import RelayCore

/// Marks foreign text, so that it cannot look like the relay's own words: a message with the line `Decide: https://evil…` shows it as
/// `> Decide: https://evil…`.
///
/// A template may put a field anywhere. So a field of several lines carries a mark before each line. Where a mark stands at the beginning of
/// a rendered line, it becomes the quote of the dialect; elsewhere it vanishes.
enum Quoting {
    /// A noncharacter, which no text from outside keeps (`repaired`).
    private static let mark = Character(Unicode.Scalar(0xFDD0) ?? " ")

    /// A foreign text with its marks.
    static func marked(_ text: String) -> String {
        guard !text.isEmpty else { return "" }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { "\(mark)\($0)" }.joined(separator: "\n")
    }

    /// A rendered text without marks, and with its quotes. The first line is the title, which stands apart from all others.
    static func resolved(_ text: String, _ quote: Dialect.Quote) -> String {
        guard text.contains(mark) else { return text }
        var lines: [String] = [], wasQuote = false, isTitle = true
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let isBlank = line.allSatisfy { $0.isWhitespace }
            let indent = line.prefix { $0 == " " || $0 == "\t" }
            let isQuote = !isTitle && line[indent.endIndex...].first == mark
            let words = String(line.filter { $0 != mark })
            if wasQuote, !isQuote, !isBlank, quote.needsEmptyLine { lines.append("") }
            lines.append(isQuote ? indent + quote.prefix + words.dropFirst(indent.count) : words)
            wasQuote = isQuote
            if !isBlank { isTitle = false }
        }
        return lines.joined(separator: "\n")
    }
}
