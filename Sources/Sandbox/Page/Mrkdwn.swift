import Pages

/// Converts Slack's markup to HTML as Slack shows it.
/// Source: https://docs.slack.dev/messaging/formatting-message-text
struct Mrkdwn {
    private let scalars: [Unicode.Scalar]
    private var at = 0

    /// Converts a text: code, bold, italic and struck text, quotes, links and mentions are formatted, the three entities are decoded, and
    /// everything else is text.
    static func markup(_ text: String) -> Markup {
        let parts = text.split(separator: "```", omittingEmptySubsequences: false)
        guard parts.count >= 3 else { return lines(text) }
        return Markup(
            parts.enumerated().map { index, part in
                let isFenced = index % 2 == 1 && index < parts.count - 1
                return isFenced ? "<pre>\(String(part).trimmingLineFeeds.readingEntities())</pre>" : lines(String(part).trimmingLineFeeds)
            })
    }

    private static func lines(_ text: String) -> Markup { Markup(text.splitLines().map(\.lineMarkup).joinedLines()) }

    private init(_ text: String) { scalars = Array(text.unicodeScalars) }

    fileprivate static func inline(_ text: String) -> Markup {
        var reader = Mrkdwn(text)
        return reader.all()
    }

    private mutating func all() -> Markup {
        var parts: [Markup] = []
        var plain = ""
        func flush() {
            if !plain.isEmpty { parts.append(Markup(text: plain.readingEntities())) }
            plain = ""
        }
        while at < scalars.count {
            if let span = span() {
                flush()
                parts.append(span)
            } else {
                plain.unicodeScalars.append(scalars[at])
                at += 1
            }
        }
        flush()
        return Markup(parts)
    }

    /// Reads the formatted span that begins at the current position; nil, without moving, if there is none.
    private mutating func span() -> Markup? {
        switch scalars[at] {
        case "<": return angle()
        case "`": return enclosed(by: "`").map { "<code>\(Markup(text: $0.readingEntities()))</code>" }
        case "*": return enclosed(by: "*").map { "<b>\(Mrkdwn.inline($0))</b>" }
        case "_": return enclosed(by: "_").map { "<i>\(Mrkdwn.inline($0))</i>" }
        case "~": return enclosed(by: "~").map { "<s>\(Mrkdwn.inline($0))</s>" }
        default: return nil
        }
    }

    /// Reads a link or a mention: `<https://…|label>`, `<@U1>`, `<!here>`, `<#C1>`.
    private mutating func angle() -> Markup? {
        guard let end = scalars[at...].firstIndex(of: ">"), end > at + 1 else { return nil }
        let inner = string(at + 1, end)
        at = end + 1
        let halves = inner.split(separator: "|", maxSplits: 1).map { String($0).readingEntities() }
        let target = halves.first ?? ""
        if target.hasPrefix("!") || target.hasPrefix("@") || target.hasPrefix("#") {
            return "<span class=\"mention\">\(halves.count > 1 ? halves[1] : target.mentionLabel)</span>"
        }
        let label = halves.count > 1 ? halves[1] : target
        guard let link = safeLink(target) else { return Markup(text: label) }
        return "<a href=\"\(link)\" rel=\"noreferrer\">\(label)</a>"
    }

    /// Reads a text enclosed by a mark.
    /// As in Slack, a mark counts only at the edge of a word.
    private mutating func enclosed(by mark: Unicode.Scalar) -> String? {
        guard at == 0 || !scalars[at - 1].isWordPart, at + 1 < scalars.count, scalars[at + 1] != " " else { return nil }
        var end = at + 1
        while let found = scalars[end...].firstIndex(of: mark) {
            let closes = found > at + 1 && scalars[found - 1] != " "
            let isEdge = found + 1 == scalars.count || !scalars[found + 1].isWordPart
            if closes && isEdge {
                defer { at = found + 1 }
                return string(at + 1, found)
            }
            end = found + 1
            if end >= scalars.count { return nil }
        }
        return nil
    }

    private func string(_ from: Int, _ to: Int) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars[from..<to])
        return String(text)
    }
}

extension String {
    func splitLines() -> [String] {
        unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
    }

    /// The text without one line feed at each end, where a code fence stood.
    fileprivate var trimmingLineFeeds: String {
        var text = self[...]
        if text.unicodeScalars.first == "\n" { text = text.dropFirst() }
        if text.unicodeScalars.last == "\n" { text = text.dropLast() }
        return String(text)
    }

    fileprivate var lineMarkup: (html: Markup, isBlock: Bool) {
        for mark in ["&gt; ", "> ", "&gt;"] where hasPrefix(mark) {
            return ("<span class=\"quoted\">\(Mrkdwn.inline(String(dropFirst(mark.count))))</span>", true)
        }
        return (Mrkdwn.inline(self), false)
    }

    fileprivate var mentionLabel: String { hasPrefix("!") ? "@" + dropFirst() : self }
}

extension Unicode.Scalar {
    fileprivate var isWordPart: Bool { properties.isAlphabetic || properties.numericType != nil }
}

extension Sequence where Element == (html: Markup, isBlock: Bool) {
    fileprivate func joinedLines() -> [Markup] {
        var out: [Markup] = []
        var previousIsBlock = true
        for (html, isBlock) in self {
            if !previousIsBlock && !isBlock { out.append("<br>") }
            out.append(html)
            previousIsBlock = isBlock
        }
        return out
    }
}
