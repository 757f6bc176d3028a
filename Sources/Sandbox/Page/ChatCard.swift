import Pages
import RelayCore
import RelaySupport

/// A message drawn as a card in a chat room.
/// Slack's format is drawn here, and each other format by the double of its service.
struct ChatCard {
    let message: InboxMessage

    var markup: Markup {
        let json = message.json ?? .null
        let service = ServiceDoubles.of(message.kind)
        let edited: Markup? = message.edits > 0 ? " <span class=\"context\">edited</span>" : nil
        return """
            <article class="card chat\(Urgency.cardClass(message))" id="m\(message.id)"><div class="avatar" aria-hidden="true">NR</div><div class="body">\
            <header><b>NotifyRelay</b> <span class="app">\(service?.title ?? "Slack")</span> \(PageParts.time(message))\(Urgency.tag(message))\(edited) \
            <a class="more" href="/message/\(message.id)">details</a></header>\(service?.card(json) ?? Self.content(json))</div></article>
            """
    }

    static func content(_ message: JSONValue) -> Markup {
        let blocks = message["blocks"]?.array ?? []
        let attachments = message["attachments"]?.array ?? []
        let shown =
            blocks.isEmpty ? message["text"]?.string.map { "<p>\(Mrkdwn.markup($0))</p>" as Markup } : Markup(blocks.map(block))
        return (shown ?? .nothing) + Markup(attachments.map(attachment))
    }

    private static func attachment(_ attachment: JSONValue) -> Markup {
        let color = attachment["color"]?.string.flatMap { barClass($0) } ?? "bar"
        return "<div class=\"\(color)\">\(content(attachment))</div>"
    }

    /// The CSS class of a colour bar.
    /// It is not a colour, because the page allows no inline styles.
    private static func barClass(_ color: String) -> String {
        switch color {
        case "good": "bar good"
        case "danger", "#c0392b", "#e01e5a": "bar danger"
        case "warning": "bar warning"
        default: "bar"
        }
    }

    private static func block(_ block: JSONValue) -> Markup {
        switch block["type"]?.string {
        case "header": "<h3>\(text(block["text"]))</h3>"
        case "section": section(block)
        case "context": "<p class=\"context\">\((block["elements"]?.array ?? []).map { "<span>\(element($0))</span>" as Markup })</p>"
        case "actions": "<p class=\"actions\">\((block["elements"]?.array ?? []).map(button))</p>"
        case "divider": "<hr>"
        case "image": "<p class=\"context\">[image: \(block["alt_text"]?.string ?? "")]</p>"
        case "rich_text": "<p>\(Markup(text: words(in: block)))</p>"
        case let type: "<p class=\"context\">[\(type ?? "unknown") block]</p>"
        }
    }

    private static func section(_ block: JSONValue) -> Markup {
        let fields = (block["fields"]?.array ?? []).map { "<div>\(text($0))</div>" as Markup }
        let words: Markup? = block["text"].map { "<p>\(text($0))</p>" }
        return "\(words)\(fields.isEmpty ? nil : "<div class=\"fields\">\(fields)</div>" as Markup)\(block["accessory"].map(button))"
    }

    private static func text(_ text: JSONValue?) -> Markup {
        let words = text?["text"]?.string ?? ""
        if text?["type"]?.string == "mrkdwn" { return Mrkdwn.markup(words) }
        return "<span class=\"plain\">\(words)</span>"
    }

    private static func element(_ element: JSONValue) -> Markup {
        element["type"]?.string == "image" ? "[\(element["alt_text"]?.string ?? "image")]" : text(element)
    }

    /// A button with a URL is drawn as a link.
    /// Any other button would call Slack back, which does not work here.
    private static func button(_ element: JSONValue) -> Markup {
        let style = element["style"]?.string == "primary" ? "primary" : element["style"]?.string == "danger" ? "danger" : ""
        let label = element["text"]?["text"]?.string ?? element["alt_text"]?.string ?? ""
        guard let link = element["url"]?.string.flatMap(safeLink) else {
            return "<span class=\"button inert \(style)\" title=\"buttons that call Slack back do nothing here\">\(label)</span> "
        }
        return "<a class=\"button \(style)\" href=\"\(link)\" rel=\"noreferrer\">\(label)</a> "
    }

    private static func words(in value: JSONValue) -> String {
        switch value {
        case .object(let members): members["text"]?.string ?? members["elements"].map(words) ?? ""
        case .array(let items): items.map(words).joined()
        case .null, .bool, .number, .string: ""
        }
    }
}
