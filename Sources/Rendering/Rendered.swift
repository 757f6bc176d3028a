import RelayCore

/// A template's words: the first line is the title or subject, the rest the body.
package struct Rendered: Sendable, Equatable {
    package var title: String
    package var body: String
    package var html: String?
    /// Which template it was.
    package var template: String
    /// Not nil: the user's template failed, and the built-in one spoke.
    package var fellBackBecause: String?

    init(_ text: String, html: String?, template: String, isStaging: Bool) {
        let lines = text.drop(while: \.isWhitespace).split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        let title = lines.first.map(String.init)?.trimmedEnd ?? ""
        // Here, so that no template can forget it.
        self.title = (isStaging ? "[staging] " : "") + (title.isEmpty ? "(no title)" : title)
        body = lines.count > 1 ? String(lines[1]).trimmedEnd.trimmedStart : ""
        self.html = html
        self.template = template
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

/// The HTML of a mail whose template is text alone.
enum HTMLFromText {
    /// - Parameter text: not escaped: the dialect of mail's text is plain.
    static func make(_ text: String) -> String {
        "<pre style=\"font:inherit;white-space:pre-wrap\">" + Dialect.html.escape(text) + "</pre>"
    }
}
