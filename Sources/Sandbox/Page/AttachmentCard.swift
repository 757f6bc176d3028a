import Pages
import RelayCore
import RelaySupport

/// Draws an attachment as Mattermost and Rocket.Chat do.
enum AttachmentCard {
    /// The HTML of one attachment.
    ///
    /// - Parameter read: removes the service's escapes from a text.
    static func markup(_ attachment: JSONValue, _ read: (String) -> String) -> Markup {
        let words: Markup? = attachment["text"]?.string.map { CardParts.plain(read($0)) }
        let fields = (attachment["fields"]?.array ?? []).map { ($0["title"]?.string ?? "", read($0["value"]?.string ?? "")) }
        let title = attachment["title_link"].map { [(label: attachment["title"], url: Optional($0))] } ?? []
        let buttons = (attachment["actions"]?.array ?? []).map { (label: $0["text"] ?? $0["name"], url: $0["url"]) }
        let footer: Markup? = attachment["footer"]?.string.map { "<p class=\"context\">\($0)</p>" }
        return """
            <div class="\(CardParts.bar(hex: attachment["color"]?.string))">\(words)\(CardParts.fields(fields))\
            \(CardParts.links(title + buttons))\(footer)</div>
            """
    }
}
