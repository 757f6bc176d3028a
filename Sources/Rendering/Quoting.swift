import RelayCore

/// Marks foreign text, so that it cannot look like the relay's own words: a message with the line `Decide: https://evil…` shows it as
/// `> Decide: https://evil…`.
///
/// A template may put a field anywhere. So foreign text carries a mark before each of its lines. Where a mark stands at the beginning of a
/// rendered line, it becomes the quote of the dialect; elsewhere it vanishes.
///
/// Everything here works on Unicode scalars: a mark that a combining mark or a joiner follows would be one `Character` with it.
enum Quoting {
    /// A noncharacter, which no text from outside keeps (`repaired`).
    private static let mark = Unicode.Scalar(0xFDD0) ?? " "

    /// A foreign text with its marks.
    static func marked(_ text: String) -> String {
        guard !text.isEmpty else { return "" }
        var marked = String.UnicodeScalarView([mark])
        for scalar in text.unicodeScalars {
            marked.append(scalar)
            if scalar == "\n" { marked.append(mark) }
        }
        return String(marked)
    }

    /// A rendered text without these marks, and with its quotes. The first line is the title, which stands apart from all others.
    static func resolved(_ text: String, _ quote: Dialect.Quote) -> String {
        guard text.unicodeScalars.contains(mark) else { return text }
        var lines: [String] = [], wasQuote = false, isTitle = true
        for line in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false) {
            let isBlank = line.allSatisfy(\.properties.isWhitespace)
            let indent = line.prefix { $0 == " " || $0 == "\t" }
            let isQuote = !isTitle && line[indent.endIndex...].first == mark
            if wasQuote, !isQuote, !isBlank, quote.needsEmptyLine { lines.append("") }
            let words = withoutMarks(line[indent.endIndex...])
            lines.append(String(indent) + (isQuote ? quote.prefix : "") + words)
            wasQuote = isQuote
            if !isBlank { isTitle = false }
        }
        return lines.joined(separator: "\n")
    }

    private static func withoutMarks(_ line: Substring.UnicodeScalarView) -> String {
        var words = String.UnicodeScalarView()
        words.append(contentsOf: line.lazy.filter { $0 != mark })
        return String(words)
    }
}
