import Pages
import RelayCore
import RelaySupport

/// A double of the Bot API: `POST /hooks/telegram/bot<token>/<method>`.
/// Source: https://core.telegram.org/bots/api
enum TelegramDouble: ServiceDouble {
    static let kind = InboxMessage.Kind.telegram
    static let title = "Telegram"

    static func judge(_ request: ServiceRequest) -> ServiceVerdict {
        guard request.segments.count == 2, request.segments[0].hasPrefix("bot"), request.segments[0].contains(":") else {
            return .refused(error(404, "Not Found"))
        }
        let method = request.segments[1]
        if method == "getMe" { return .answered(.json(200, ["ok": true, "result": ["id": 1, "is_bot": true, "username": "relay_bot"]])) }
        if method == "getUpdates" {
            return .listened(after: request.object?["offset"]?.int.map { Int64($0) - 1 }) {
                .json(200, ["ok": true, "result": .array($0)])
            }
        }
        if method == "answerCallbackQuery" {
            guard let query = request.object?["callback_query_id"]?.string else {
                return .refused(error(400, "Bad Request: query is too old"))
            }
            return .told(query: query, text: request.object?["text"]?.string ?? "", answer: .json(200, ["ok": true, "result": true]))
        }
        guard method == "sendMessage" || method == "editMessageText" else { return .refused(error(404, "Not Found")) }
        guard request.method == "POST", let message = request.object else {
            return .refused(error(400, "Bad Request: message text is empty"))
        }
        guard message["chat_id"]?.int != nil || message["chat_id"]?.string != nil else {
            return .refused(error(400, "Bad Request: chat_id is empty"))
        }
        for button in buttons(message) {
            guard let data = button["callback_data"]?.string else { continue }
            if !(1...64).contains(data.utf8.count) { return .refused(error(400, "Bad Request: BUTTON_DATA_INVALID")) }
        }
        if let problem = problem(of: message) { return .refused(error(400, "Bad Request: \(problem)")) }
        guard method == "editMessageText" else { return .posted { .json(200, result($0, message)) } }
        guard let number = message["message_id"]?.int, request.exists(number) else {
            return .refused(error(400, "Bad Request: message to edit not found"))
        }
        return .edited(number, answer: .json(200, result(number, message)))
    }

    private static func result(_ number: Int, _ message: JSONValue) -> JSONValue {
        ["ok": true, "result": ["message_id": .int(number), "date": 0, "chat": ["id": message["chat_id"] ?? .null]]]
    }

    private static func problem(of message: JSONValue) -> String? {
        guard let text = message["text"]?.string, !text.isEmpty else { return "message text is empty" }
        guard message["parse_mode"]?.string == "HTML" else { return text.utf16.count > 4_096 ? "message is too long" : nil }
        guard let parsed = TelegramHTML(text) else { return "can't parse entities: Unsupported start tag" }
        if parsed.text.utf16.count > 4_096 { return "message is too long" }
        return parsed.text.allSatisfy(\.isWhitespace) ? "message text is empty" : nil
    }

    private static func error(_ status: Int, _ description: String) -> WebResponse {
        .json(status, ["ok": false, "error_code": .int(status), "description": .string(description)])
    }

    /// The wait is in whole seconds, in `parameters` and in the header.
    static func tooMany(seconds: Double, now: Timestamp) -> WebResponse {
        let wait = max(1, Int(seconds.rounded(.up)))
        var answer = WebResponse.json(
            429,
            [
                "ok": false, "error_code": 429, "description": .string("Too Many Requests: retry after \(wait)"),
                "parameters": ["retry_after": .int(wait)],
            ])
        answer.headers.append(("Retry-After", "\(wait)"))
        return answer
    }

    private static func buttons(_ message: JSONValue) -> [JSONValue] {
        (message["reply_markup"]?["inline_keyboard"]?.array ?? []).flatMap { $0.array ?? [] }
    }

    static func card(_ payload: JSONValue) -> Markup {
        let text = payload["text"]?.string ?? ""
        let words = payload["parse_mode"]?.string == "HTML" ? TelegramHTML(text)?.markup ?? Markup(text: text) : Markup(text: text)
        let buttons = buttons(payload)
        let silent: Markup? = payload["disable_notification"]?.bool == true ? "<p class=\"context\">without a sound</p>" : nil
        return "<p class=\"plain\">\(words)</p>\(CardParts.links(buttons.map { ($0["text"], $0["url"]) }))\(silent)"
    }
}

/// Telegram's subset of HTML, parsed strictly.
/// An unknown, unclosed or crossed tag is an error, and so is a bare `<`.
/// Source: https://core.telegram.org/bots/api#html-style
struct TelegramHTML {
    /// The text without tags, with entities decoded.
    private(set) var text = ""
    /// The same text as the inbox's own HTML.
    private(set) var markup = Markup.nothing

    /// Telegram's tags, each with the tag that draws it.
    private static let tags: [String: Markup] = [
        "b": "b", "strong": "b", "i": "i", "em": "i", "u": "u", "ins": "u", "s": "s", "strike": "s", "del": "s", "code": "code",
        "pre": "pre",
        "blockquote": "blockquote", "a": "a",
    ]
    private static let entities = ["&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": "\""]

    /// Returns nil if Telegram would respond `can't parse entities`.
    init?(_ html: String) {
        var rest = Substring(html), open: [String] = []
        while let next = rest.first {
            if next == "<" {
                guard let end = rest.firstIndex(of: ">") else { return nil }
                guard let tag = Self.tag(String(rest[rest.index(after: rest.startIndex)..<end]), &open) else { return nil }
                markup = markup + tag
                rest = rest[rest.index(after: end)...]
            } else if next == "&", let entity = Self.entities.keys.first(where: { rest.hasPrefix($0) }) {
                add(Self.entities[entity] ?? "")
                rest = rest.dropFirst(entity.count)
            } else {
                add(String(next))
                rest = rest.dropFirst()
            }
        }
        if !open.isEmpty { return nil }
    }

    private mutating func add(_ plain: String) {
        text += plain
        markup = markup + Markup(text: plain)
    }

    private static func tag(_ inside: String, _ open: inout [String]) -> Markup? {
        if inside.hasPrefix("/") {
            let name = String(inside.dropFirst())
            guard open.last == name else { return nil }
            open.removeLast()
            return tags[name].map { "</\($0)>" }
        }
        let name = String(inside.prefix { $0 != " " })
        guard let ours = tags[name] else { return nil }
        open.append(name)
        guard name == "a" else { return inside == name ? "<\(ours)>" : nil }
        guard inside.hasPrefix("a href=\""), inside.hasSuffix("\"") else { return nil }
        let link = inside.dropFirst(8).dropLast().readingEntities(["&quot;": "\""])
        return "<a href=\"\(safeLink(link) ?? "#")\" rel=\"noreferrer\">"
    }
}
