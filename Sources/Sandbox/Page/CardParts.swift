import Pages
import RelayCore
import RelaySupport

/// The parts that cards of several services share.
enum CardParts {
    /// The CSS class of a colour bar.
    /// It is not a colour, because the page allows no inline styles.
    static func bar(_ colour: Int?) -> String {
        switch colour {
        case 0x2E8B57: "bar good"
        case 0xC0392B, 0x8E1B1B: "bar danger"
        case 0xD9822B: "bar warning"
        default: "bar"
        }
    }

    static func bar(hex: String?) -> String { bar(hex.flatMap { Int($0.drop { $0 == "#" }, radix: 16) }) }

    static func fields(_ fields: [(String, String)]) -> Markup? {
        fields.isEmpty ? nil : "<div class=\"fields\">\(fields.map { "<div><b>\($0)</b><br>\($1)</div>" as Markup })</div>"
    }

    /// Buttons as links.
    /// A button without a URL is drawn inert, because it would call its service back, which does not work here.
    static func links(_ buttons: [(label: JSONValue?, url: JSONValue?)]) -> Markup? {
        let drawn = buttons.map { label, url -> Markup in
            guard let link = url?.string.flatMap(safeLink) else {
                return "<span class=\"button inert\">\(label?.string ?? "")</span> "
            }
            return "<a class=\"button\" href=\"\(link)\" rel=\"noreferrer\">\(label?.string ?? "")</a> "
        }
        return drawn.isEmpty ? nil : "<p class=\"actions\">\(drawn)</p>"
    }

    /// Plain text that keeps its lines; no markup is read.
    static func plain(_ text: String) -> Markup { "<p class=\"plain\">\(text)</p>" }
}

/// The part of Markdown that the relay writes: `**bold**`, and a backslash before a character that must stay as it is.
enum Backslashed {
    static func text(_ written: String) -> String {
        var out = "", isEscaped = false
        for character in written {
            if character == "\\" && !isEscaped {
                isEscaped = true
            } else {
                out.append(character)
                isEscaped = false
            }
        }
        return out.replacing("\u{200B}", with: "")
    }

    /// Quoted lines (`> `) stand in a block of their own. The others keep their lines.
    static func markup(_ written: String) -> Markup {
        var blocks: [(isQuote: Bool, lines: [Substring])] = []
        for line in written.split(separator: "\n", omittingEmptySubsequences: false) {
            let isQuote = line.hasPrefix("> "), words = isQuote ? line.dropFirst(2) : line
            if blocks.last?.isQuote == isQuote { blocks[blocks.count - 1].lines.append(words) } else { blocks.append((isQuote, [words])) }
        }
        return Markup(
            blocks.map { block in
                "<span class=\"\(block.isQuote ? "plain quoted" : "plain")\">\(bold(block.lines.joined(separator: "\n")))</span>"
            })
    }

    private static func bold(_ written: String) -> Markup {
        let parts = written.split(separator: "**", omittingEmptySubsequences: false)
        guard parts.count % 2 == 1 else { return Markup(text: text(written)) }
        return Markup(
            parts.enumerated().map { index, part in
                index % 2 == 1 ? "<b>\(text(String(part)))</b>" : Markup(text: text(String(part)))
            })
    }
}
