import Pages
import RelayCore
import RelaySupport

/// A double of a Discord webhook: `POST /hooks/discord/<id>/<token>?wait=true` and `PATCH …/messages/<message>`.
/// Sources: https://docs.discord.com/developers/resources/webhook, https://docs.discord.com/developers/resources/message
enum DiscordDouble: ServiceDouble {
    static let kind = InboxMessage.Kind.discord
    static let title = "Discord"

    /// The first message id.
    /// Ids are snowflakes, which a floating-point number cannot hold exactly.
    private static let firstID = 1_430_000_000_000_000_000

    static func judge(_ request: ServiceRequest) -> ServiceVerdict {
        guard request.segments.count >= 2 else { return .refused(error(404, 10_015, "Unknown Webhook")) }
        if request.method == "GET", request.segments.count == 2 {
            return .answered(.json(200, ["id": .string(request.segments[0]), "name": "relay", "channel_id": "77"]))
        }
        guard let message = request.object else { return .refused(error(400, 50_109, "The request body contains invalid JSON.")) }
        if let problem = problem(of: message) { return .refused(problem) }
        switch (request.method, request.segments.count) {
        case ("POST", 2): return posted(message, waits: request.parameter("wait") == "true")
        case ("PATCH", 4) where request.segments[2] == "messages":
            guard let number = Int(request.segments[3]).map({ $0 - firstID }), request.exists(number) else {
                return .refused(error(404, 10_008, "Unknown Message"))
            }
            return .edited(number, answer: .json(200, object(number)))
        default: return .refused(error(405, 0, "405: Method Not Allowed"))
        }
    }

    private static func posted(_ message: JSONValue, waits: Bool) -> ServiceVerdict {
        .posted { number in waits ? .json(200, object(number)) : WebResponse(204) }
    }

    private static func object(_ number: Int) -> JSONValue {
        ["id": .string(String(firstID + number)), "channel_id": "77", "type": 0]
    }

    private static func problem(of message: JSONValue) -> WebResponse? {
        let content = message["content"]?.string ?? "", embeds = message["embeds"]?.array ?? []
        if content.isEmpty && embeds.isEmpty { return error(400, 50_006, "Cannot send an empty message") }
        // This is the only protection against mentions. Without it, Discord could have notified people.
        guard message["allowed_mentions"]?["parse"]?.array != nil else { return form("allowed_mentions: missing, this double wants it") }
        if content.utf16.count > 2_000 { return form("content: Must be 2000 or fewer in length.") }
        if embeds.count > 10 { return form("embeds: Must be 10 or fewer in length.") }
        if let wrong = embeds.lazy.compactMap(problem(ofEmbed:)).first { return form(wrong) }
        if embeds.reduce(0, { $0 + size(of: $1) }) > 6_000 { return form("embeds: Embed size exceeds maximum size of 6000") }
        return nil
    }

    private static func problem(ofEmbed embed: JSONValue) -> String? {
        let fields = embed["fields"]?.array ?? []
        if !fits(embed["title"], 256) { return "title: Must be 256 or fewer in length." }
        if !fits(embed["description"], 4_096) { return "description: Must be 4096 or fewer in length." }
        if !fits(embed["footer"]?["text"], 2_048) { return "footer.text: Must be 2048 or fewer in length." }
        if fields.count > 25 { return "fields: Must be 25 or fewer in length." }
        let isGood = fields.allSatisfy { field in
            let name = field["name"]?.string ?? "", value = field["value"]?.string ?? ""
            return !name.isEmpty && !value.isEmpty && name.utf16.count <= 256 && value.utf16.count <= 1_024
        }
        return isGood ? nil : "fields: This field is required, or too long."
    }

    private static func fits(_ value: JSONValue?, _ most: Int) -> Bool { (value?.string ?? "").utf16.count <= most }

    private static func size(of embed: JSONValue) -> Int {
        let fields = embed["fields"]?.array ?? []
        let texts = [embed["title"], embed["description"], embed["footer"]?["text"]] + fields.flatMap { [$0["name"], $0["value"]] }
        return texts.reduce(0) { $0 + ($1?.string ?? "").utf16.count }
    }

    private static func form(_ what: String) -> WebResponse {
        var answer = error(400, 50_035, "Invalid Form Body")
        answer.body = JSONValue.object(["code": 50_035, "message": "Invalid Form Body", "errors": .string(what)]).bytes
        return answer
    }

    private static func error(_ status: Int, _ code: Int, _ message: String) -> WebResponse {
        .json(status, ["code": .int(code), "message": .string(message)])
    }

    /// The wait is in seconds: with a fraction in the body, rounded up in the header.
    static func tooMany(seconds: Double, now: Timestamp) -> WebResponse {
        var answer = WebResponse.json(
            429, ["message": "You are being rate limited.", "retry_after": .number("\(seconds)"), "global": false])
        answer.headers += [("Retry-After", "\(Int(seconds.rounded(.up)))"), ("X-RateLimit-Reset-After", "\(seconds)")]
        return answer
    }

    static func card(_ payload: JSONValue) -> Markup {
        let content: Markup? = payload["content"]?.string.flatMap { $0.isEmpty ? nil : "<p>\(Backslashed.markup($0))</p>" }
        let buttons = (payload["components"]?.array ?? []).flatMap { $0["components"]?.array ?? [] }
        return "\(content)\((payload["embeds"]?.array ?? []).map(embed))\(CardParts.links(buttons.map { ($0["label"], $0["url"]) }))"
    }

    private static func embed(_ embed: JSONValue) -> Markup {
        let title: Markup? = embed["title"]?.string.map { "<h3>\(Backslashed.markup($0))</h3>" }
        let words: Markup? = embed["description"]?.string.map { "<p>\(Backslashed.markup($0))</p>" }
        let fields = (embed["fields"]?.array ?? []).map {
            (Backslashed.text($0["name"]?.string ?? ""), Backslashed.text($0["value"]?.string ?? ""))
        }
        let footer: Markup? = embed["footer"]?["text"]?.string.map { "<p class=\"context\">\($0)</p>" }
        return """
            <div class="\(CardParts.bar(embed["color"]?.int))">\(title)\(words)\(CardParts.fields(fields))\(footer)</div>
            """
    }
}
