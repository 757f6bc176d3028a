import RelaySupport

/// The line of a notification that says what happened, and what it leaves to say.
struct Headline: Equatable {
    /// One line of at most `most` Unicode scalars and an ellipsis.
    let line: String
    /// What the line does not say: the lines after it, or the whole message if the line was cut. Nil if it says everything.
    let rest: String?

    /// A line that a phone's lock screen shows in whole.
    static let most = 120

    /// - Parameter message: foreign text, repaired or not. One without words gives an empty line.
    init(_ message: String) {
        let message = message.repaired(most: .max).trimmed
        let end = message.utf8.firstIndex(of: 0x0A) ?? message.utf8.endIndex
        let first = message[..<end]
        line = String(first).oneLine(most: Self.most)
        let others = end == message.utf8.endIndex ? "" : String(message[message.utf8.index(after: end)...])
        let isCut = first.unicodeScalars.count > Self.most
        rest = isCut ? message : others.trimmed.isEmpty ? nil : others.trimmedLines
    }
}

extension String {
    /// The text without white space at its end and without empty lines at its beginning. The first line keeps its indent.
    fileprivate var trimmedLines: String {
        var text = Substring(trimmedEnd)
        while let end = text.utf8.firstIndex(of: 0x0A), text[..<end].allSatisfy(\.isWhitespace) {
            text = text[text.utf8.index(after: end)...]
        }
        return String(text)
    }
}
