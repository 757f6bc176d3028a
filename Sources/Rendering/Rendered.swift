import RelayCore
import RelaySupport

/// A template's output: the first line is the title or subject, the rest is the body.
package struct Rendered: Sendable, Equatable {
    package var title: String
    package var body: String
    package var html: String?
    /// The name of the template that was used.
    package var template: String
    /// Why the built-in template was used instead of the user's, or why the user's HTML was left out; nil if nothing failed.
    package var fellBackBecause: String?
    /// There is no template for the HTML, so it was made from the text.
    package var isHTMLFromText = false
    private let titleFacts: FactPlaces
    private let bodyFacts: FactPlaces

    /// - Parameters:
    ///   - text: the text that a template gave, with the marks of `FactPlaces`.
    ///   - html: the HTML, without them.
    init(_ text: String, html: String?, template: String, isStaging: Bool) {
        let (first, rest) = text.withUnixLineEnds.trimmedWhiteSpace.atFirstLineBreak
        let title = first.trimmedEnd
        // The prefix is added here, so that no template can forget it.
        (self.title, titleFacts) = FactPlaces.taken(from: (isStaging ? "[staging] " : "") + (title.isEmpty ? "(no title)" : title))
        (body, bodyFacts) = FactPlaces.taken(from: rest.trimmedEnd.trimmedStart)
        self.html = html
        self.template = template
    }

    /// The HTML with a sentence on top if it was made from the text. A template for HTML shows the sentence itself (`incomplete`).
    package func html(under note: String) -> String? { isHTMLFromText ? html.map { HTMLFromText.make(note) + $0 } : html }

    /// The facts of a request that a message holds whole.
    ///
    /// - Parameters:
    ///   - title: this title, cut to a limit.
    ///   - body: this body, cut to a limit.
    package func facts(title: String, body: String) -> Set<RequestFact> {
        titleFacts.whole(in: title, of: self.title).union(bodyFacts.whole(in: body, of: self.body))
    }
}

extension String {
    var hasWords: Bool { contains { !$0.isWhitespace } }

    /// The text without the white space at its end. A character that has marks counts as the character that it begins with, so a look at the
    /// bytes is enough only where they are ASCII.
    var trimmedEnd: String {
        var end = utf8.endIndex
        while end > utf8.startIndex {
            let last = utf8.index(before: end)
            guard utf8[last] < 0x80 else { break }
            guard utf8[last].isASCIIWhiteSpace else { return String(self[..<end]) }
            end = last
        }
        var text = self[..<end]
        while let last = text.last, last.isWhitespace { text = text.dropLast() }
        return String(text)
    }

    fileprivate var trimmedStart: String {
        if let first = utf8.first, first < 0x80, !first.isASCIIWhiteSpace { return self }
        return String(drop(while: \.isNewline))
    }

    fileprivate var trimmedWhiteSpace: Substring {
        if let first = utf8.first, first < 0x80, !first.isASCIIWhiteSpace { return self[...] }
        return drop(while: \.isWhitespace)
    }
}

extension Substring {
    /// The first line, and what follows it. Where lines end with LF alone, no mark joins a line break.
    fileprivate var atFirstLineBreak: (first: String, rest: String) {
        guard let end = utf8.firstIndex(of: 0x0A) else { return (String(self), "") }
        return (String(self[..<end]), String(self[utf8.index(after: end)...]))
    }
}

/// Makes the HTML part of a mail from a template that has only text.
enum HTMLFromText {
    /// - Parameter text: not escaped, because the text part of a mail uses the plain dialect.
    static func make(_ text: String) -> String {
        "<pre style=\"font:inherit;white-space:pre-wrap\">" + Dialect.html.escape(text) + "</pre>"
    }
}
