import RelayCore
import RelaySupport

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

    /// The mark in UTF-8. No other scalar begins with its first two bytes but its neighbours.
    private static let markBytes: [UInt8] = [0xEF, 0xB7, 0x90]

    /// Writes a foreign text with its marks.
    static func mark(_ text: String, in out: inout [UInt8]) {
        var text = text
        text.withUTF8 { bytes in
            guard !bytes.isEmpty else { return }
            out += markBytes
            var rest = bytes[...]
            while let end = rest.firstIndex(of: 0x0A) {
                out += rest[...end]
                out += markBytes
                rest = rest[(end + 1)...]
            }
            out += rest
        }
    }

    /// Rendered bytes without these marks, and with its quotes, as `resolved` does it for a text.
    static func resolved(_ text: [UInt8], _ quote: Dialect.Quote) -> [UInt8] {
        guard hasMark(text[...]) else { return text }
        let prefix = Array(quote.prefix.utf8)
        var out: [UInt8] = [], wasQuote = false, isTitle = true
        out.reserveCapacity(text.count + 64)
        var start = text.startIndex
        while true {
            let end = text[start...].firstIndex(of: 0x0A) ?? text.endIndex
            let line = text[start..<end]
            let isBlank = isBlank(line)
            let indent = line.prefix { $0 == 0x20 || $0 == 0x09 }
            let isQuote = !isTitle && line[indent.endIndex...].starts(with: markBytes)
            if wasQuote, !isQuote, !isBlank, quote.needsEmptyLine { out.append(0x0A) }
            out += indent
            if isQuote { out += prefix }
            appendWithoutMarks(line[indent.endIndex...], to: &out)
            wasQuote = isQuote
            if !isBlank { isTitle = false }
            if end == text.endIndex { return out }
            out.append(0x0A)
            start = end + 1
        }
    }

    private static func hasMark(_ bytes: ArraySlice<UInt8>) -> Bool { nextMark(in: bytes) != nil }

    private static func nextMark(in bytes: ArraySlice<UInt8>) -> Int? {
        var rest = bytes
        while let place = rest.firstIndex(of: markBytes[0]) {
            if rest[place...].starts(with: markBytes) { return place }
            rest = rest[(place + 1)...]
        }
        return nil
    }

    private static func appendWithoutMarks(_ bytes: ArraySlice<UInt8>, to out: inout [UInt8]) {
        var rest = bytes
        while let place = nextMark(in: rest) {
            out += rest[..<place]
            rest = rest[(place + markBytes.count)...]
        }
        out += rest
    }

    private static func isBlank(_ line: ArraySlice<UInt8>) -> Bool {
        if let word = line.first(where: { !$0.isASCIIWhiteSpace }), word < 0x80 { return false }
        return String(decoding: line, as: UTF8.self).unicodeScalars.allSatisfy(\.properties.isWhitespace)
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
