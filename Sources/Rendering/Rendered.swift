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
        let lines = text.withUnixLineEnds.drop(while: \.isWhitespace).split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        let title = lines.first.map(String.init)?.trimmedEnd ?? ""
        // The prefix is added here, so that no template can forget it.
        (self.title, titleFacts) = FactPlaces.taken(from: (isStaging ? "[staging] " : "") + (title.isEmpty ? "(no title)" : title))
        (body, bodyFacts) = FactPlaces.taken(from: lines.count > 1 ? String(lines[1]).trimmedEnd.trimmedStart : "")
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

    fileprivate var trimmedEnd: String {
        var text = Substring(self)
        while let last = text.last, last.isWhitespace { text = text.dropLast() }
        return String(text)
    }

    fileprivate var trimmedStart: String { String(drop(while: \.isNewline)) }
}

/// Makes the HTML part of a mail from a template that has only text.
enum HTMLFromText {
    /// - Parameter text: not escaped, because the text part of a mail uses the plain dialect.
    static func make(_ text: String) -> String {
        "<pre style=\"font:inherit;white-space:pre-wrap\">" + Dialect.html.escape(text) + "</pre>"
    }
}
