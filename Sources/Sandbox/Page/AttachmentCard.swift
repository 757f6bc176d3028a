import RelayCore

/// An attachment as Mattermost and Rocket.Chat draw it.
enum AttachmentCard {
    /// - Parameter read: takes the escapes of the service out of a text.
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
