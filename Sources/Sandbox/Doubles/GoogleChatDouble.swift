import Pages
import RelayCore
import RelaySupport

/// A double of a Google Chat webhook: `POST /hooks/google_chat/v1/spaces/<space>/messages?key=…&token=…`.
/// Source: https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/create
enum GoogleChatDouble: ServiceDouble {
    static let kind = InboxMessage.Kind.googleChat
    static let title = "Google Chat"

    private static let most = 32_000

    static func judge(_ request: ServiceRequest) -> ServiceVerdict {
        let path = request.segments
        guard path.count == 4, path[0] == "v1", path[1] == "spaces", path[3] == "messages" else {
            return .refused(error(404, "NOT_FOUND"))
        }
        guard request.method == "POST" else { return .refused(error(405, "UNIMPLEMENTED")) }
        guard request.parameter("key") != nil else { return .refused(error(403, "PERMISSION_DENIED")) }
        guard request.parameter("token") != nil else { return .refused(error(401, "UNAUTHENTICATED")) }
        guard let message = request.object, request.body.count <= most, isGood(message) else {
            return .refused(error(400, "INVALID_ARGUMENT"))
        }
        // Without `messageReplyOption`, Google Chat ignores the thread.
        let thread = request.parameter("messageReplyOption") == nil ? nil : message["thread"]?["threadKey"]?.string
        return .posted(key: request.parameter("requestId")) { number in
            .json(
                200,
                [
                    "name": .string("spaces/\(path[2])/messages/\(number)"),
                    "thread": ["name": .string("spaces/\(path[2])/threads/\(thread ?? "\(number)")")],
                ])
        }
    }

    private static func isGood(_ message: JSONValue) -> Bool {
        let cards = message["cardsV2"]?.array ?? [], widgets = widgets(message)
        if cards.isEmpty && (message["text"]?.string ?? "").isEmpty { return false }
        return (cards.isEmpty || !widgets.isEmpty) && widgets.count <= 100 && widgets.allSatisfy(isGood(widget:))
    }

    private static func isGood(widget: JSONValue) -> Bool {
        if let paragraph = widget["textParagraph"] { return ChatHTML(paragraph["text"]?.string ?? "<").isGood }
        if let decorated = widget["decoratedText"] { return ChatHTML(decorated["text"]?.string ?? "<").isGood }
        let buttons = widget["buttonList"]?["buttons"]?.array ?? []
        return !buttons.isEmpty && buttons.allSatisfy { $0["onClick"]?["openLink"]?["url"]?.string.flatMap(safeLink) != nil }
    }

    private static func widgets(_ message: JSONValue) -> [JSONValue] {
        let sections = (message["cardsV2"]?.array ?? []).flatMap { $0["card"]?["sections"]?.array ?? [] }
        return sections.flatMap { $0["widgets"]?.array ?? [] }
    }

    private static func error(_ status: Int, _ word: String) -> WebResponse {
        .json(status, ["error": ["code": .int(status), "message": "It was not taken.", "status": .string(word)]])
    }

    /// The response does not say how long to wait.
    static func tooMany(seconds: Double, now: Timestamp) -> WebResponse { error(429, "RESOURCE_EXHAUSTED") }

    static func card(_ payload: JSONValue) -> Markup {
        let text: Markup? = payload["text"]?.string.map(CardParts.plain)
        let thread: Markup? = payload["thread"]?["threadKey"]?.string.map { "<p class=\"context\">thread \(String($0.prefix(8)))</p>" }
        return "\(thread)\(text)<div class=\"bar\">\(widgets(payload).map(drawn))</div>"
    }

    private static func drawn(_ widget: JSONValue) -> Markup {
        if let text = widget["textParagraph"]?["text"]?.string { return CardParts.plain(ChatHTML(text).text) }
        if let decorated = widget["decoratedText"] {
            return "<p><b>\(decorated["topLabel"]?.string ?? "")</b><br>\(ChatHTML(decorated["text"]?.string ?? "").text)</p>"
        }
        let buttons = widget["buttonList"]?["buttons"]?.array ?? []
        return CardParts.links(buttons.map { ($0["text"], $0["onClick"]?["openLink"]?["url"]) }) ?? .nothing
    }
}

/// The HTML subset of Google's cards, checked as far as it can be told from other text.
/// Source: https://developers.google.com/workspace/chat/format-messages#card-formatting
struct ChatHTML {
    /// Every `<` begins a known tag.
    private(set) var isGood = true
    /// The text without tags, with entities decoded.
    private(set) var text = ""

    private static let tags: Set<String> = ["b", "i", "u", "s", "strike", "br", "font", "a"]

    init(_ html: String) {
        for (index, part) in html.split(separator: "<", omittingEmptySubsequences: false).enumerated() {
            guard index > 0 else {
                text += Self.plain(part)
                continue
            }
            let tag = part.prefix { $0 != ">" }, name = tag.drop { $0 == "/" }.prefix { $0 != " " }
            isGood = isGood && tag.endIndex < part.endIndex && Self.tags.contains(String(name))
            text += (name == "br" ? "\n" : "") + Self.plain(part.dropFirst(tag.count + 1))
        }
    }

    private static func plain(_ text: Substring) -> String { text.readingEntities(["&quot;": "\""]) }
}
