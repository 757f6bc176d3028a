import RelayCore
import RelaySupport
import Transport

extension Discord {
    /// One embed. The operator's mention, if any, is in `content` before it, because a mention inside an embed notifies nobody.
    static func payload(_ message: Message) -> JSONValue {
        if message.isPlain { return plain(message) }
        var payload: [String: JSONValue] = [
            "content": .string(message.mention ?? ""), "allowed_mentions": allowed(message.mention), "embeds": [embed(message)],
            "components": .array(components(message)),
        ]
        // A message below normal priority arrives without a sound: SUPPRESS_NOTIFICATIONS.
        if message.event.priority == .low { payload["flags"] = 4_096 }
        return .object(payload)
    }

    /// Only text. An edit takes embeds and buttons away.
    private static func plain(_ message: Message) -> JSONValue {
        [
            "content": .string(message.plainText(dialect, most: Limit(1_900, .utf16))), "allowed_mentions": ["parse": []], "embeds": [],
            "components": [],
        ]
    }

    /// Allows exactly the mentions that the operator wrote; mentions in any other text notify nobody.
    private static func allowed(_ mention: String?) -> JSONValue {
        guard let mention else { return ["parse": []] }
        var users: [JSONValue] = [], roles: [JSONValue] = []
        for part in mention.split(separator: " ") {
            let digits = part.filter(\.isNumber)
            if part.hasPrefix("<@&") { roles.append(.string(digits)) } else if part.hasPrefix("<@") { users.append(.string(digits)) }
        }
        let everyone = mention.contains("@everyone") || mention.contains("@here")
        return ["parse": everyone ? ["everyone"] : [], "users": .array(users), "roles": .array(roles)]
    }

    private static func embed(_ message: Message) -> JSONValue {
        let facts = message.facts.map { name, value -> JSONValue in
            ["name": .string(name), "value": .string(dialect.cut(dialect.escape(value), to: Limit(200, .utf16))), "inline": true]
        }
        let label = message.label.map { dialect.escape($0) + "\n" } ?? ""
        var embed: [String: JSONValue] = [
            "title": .string(dialect.cut(message.title, to: Limit(256, .utf16))),
            "description": .string(dialect.cut(label + message.body, to: Limit(4_096, .utf16))),
            "color": .int(message.tone.colour), "fields": .array(facts), "timestamp": .string(message.event.occurredAt.description),
            "footer": ["text": .string(Dialect.plain.cut(message.smallPrint, to: Limit(300, .utf16)))],
        ]
        if let link = message.mainLink(within: mostLink) { embed["url"] = .string(link.url) }
        return .object(embed)
    }

    private static let mostLink = Limit(512, .utf16)

    private static func components(_ message: Message) -> [JSONValue] {
        let buttons =
            message.label != nil
            ? []
            : message.buttons.map { button -> JSONValue in
                [
                    "type": 2, "style": button.choice == .approve ? 3 : 4, "label": .string(button.label),
                    "custom_id": .string(button.token),
                ]
            }
        let links = message.links(within: mostLink).map { link -> JSONValue in
            ["type": 2, "style": 5, "label": .string(link.label), "url": .string(link.url)]
        }
        return buttons.isEmpty && links.isEmpty ? [] : [["type": 1, "components": .array(buttons + links)]]
    }

    /// Refines the common verdict by Discord's error code.
    /// Source: https://docs.discord.com/developers/topics/opcodes-and-status-codes
    static func judge(_ common: DeliveryError?, _ response: HTTPResponse, _ json: JSONValue, isEdit: Bool) -> DeliveryError? {
        guard let common else { return response.errorInBody(json) }
        let status = response.status, code = json["code"]?.int ?? 0
        func error(_ verdict: DeliveryError.Verdict, _ reason: DeliveryError.Reason, _ meaning: String) -> DeliveryError {
            DeliveryError(verdict, reason, "answered \(status) (\(code)): \(meaning)", status: status)
        }
        if status == 429 || [20_028, 20_029, 30_046].contains(code) {
            let wait = DeliveryError.wait(seconds: json["retry_after"]) ?? resetAfter(response)
            return error(.throttled(after: wait), .rateLimited, "too many requests")
        }
        switch (status, code) {
        case (404, 10_008) where isEdit: return error(.vanished, .notFound, "the message is gone")
        // 50035 is an invalid form: an embed, a button or a mention. 40005 is too large, 240000 a link that Discord blocks.
        case (400, 50_035), (413, 40_005), (400, 40_005), (400, 240_000): return error(.trimmings, .rejected, "it refuses the form")
        case (404, 10_015), (401, 50_027): return error(.gone, .notFound, "the webhook is no more")
        case (404, 10_003): return error(.gone, .notFound, "the channel is no more")
        case (400, 160_005), (400, 50_083): return error(.gone, .rejected, "the thread is closed")
        case (400, 220_001...220_003): return error(.gone, .rejected, "a forum wants a thread: set `thread`")
        // Cloudflare, in front of Discord, blocks a client for a while after bad requests.
        case (403, 40_333), (403, 0): return error(.retry(after: .seconds(600)), .unauthorized, "refused at the door of Discord")
        case (500...599, _): return common
        default: return common
        }
    }

    /// How long to pause when the response's headers say that the rate-limit bucket is empty; nil if it is not.
    static func pause(after response: HTTPResponse) -> Duration? {
        response.header("x-ratelimit-remaining") == "0" ? resetAfter(response) : nil
    }

    private static func resetAfter(_ response: HTTPResponse) -> Duration? {
        DeliveryError.wait(seconds: response.header("x-ratelimit-reset-after").map(JSONValue.string))
            ?? DeliveryError.wait(seconds: response.header("retry-after").map(JSONValue.string))
    }
}
