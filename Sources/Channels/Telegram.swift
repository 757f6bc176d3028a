import RelayCore
import RelaySupport
import Transport

/// A Telegram chat by bot, with messages edited in place.
/// Source: https://core.telegram.org/bots/api
package enum Telegram {
    package static let type = ChannelType(
        name: "telegram",
        abilities: Abilities(edit: true, thread: true, buttons: true, mention: true, silent: true, limit: Limit(3_000, .utf16)),
        dialect: dialect,
        titleLimit: Limit(250, .utf16),
        // Telegram allows about one message a second per chat, and twenty a minute per group: https://core.telegram.org/bots/faq
        pace: (burst: 3, every: .seconds(1)),
        read: read)

    /// The limit of the whole text after its entities are parsed, in UTF-16 units. Source: https://core.telegram.org/bots/api#sendmessage
    static let mostText = 4_096

    /// HTML with the only four named entities that Telegram supports. A zero-width space follows each `@` that could mention somebody.
    static let dialect = Dialect(
        name: "telegram", escape: { Dialect.breakingMentions(Entities.html.escape($0)) }, unit: Entities.html.unit,
        link: Entities.html.escape, quote: Dialect.Quote("│ "))

    private static func read(_ section: ConfigSection, _ basics: DestinationBasics) -> ChannelPlan? {
        let token = section.secret("token", required: true, expected: "the bot's token, best as \"${NAME}\"")
        let chat = section.required("chat", "the id of a chat, or @channel")
        let topic = section.integer("topic", in: 1...Int(Int32.max))
        let api = section.base("api_url", basics, vendor: "https://api.telegram.org")
        guard let token, let chat, let api, topic != nil || section.string("topic") == nil else { return nil }
        guard token.reveal().utf8.allSatisfy({ $0.isAlphanumeric || ":-_".utf8.contains($0) }), token.reveal().contains(":") else {
            section.note("token", "\(section.path).token is no token of a bot", expected: "digits, a colon and a key, from @BotFather")
            return nil
        }
        guard Int64(chat) != nil || chat.hasPrefix("@") else {
            section.wrong("chat", "a number such as -1001234567890, or @channel")
            return nil
        }
        // A group has a negative id and takes twenty messages a minute.
        let isGroup = chat.hasPrefix("-") || chat.hasPrefix("@")
        let callback = TelegramCallback(api: api, token: token, chat: chat, network: basics.network)
        return ChannelPlan(pace: isGroup ? (burst: 5, every: .seconds(3)) : nil, callback: .telegram(callback)) {
            TelegramChannel(api: api, token: token, chat: chat, topic: topic, network: basics.network, tools: $0)
        }
    }
}

struct TelegramChannel: Channel {
    let api: HTTPAddress
    let token: Secret
    let chat: String
    let topic: Int?
    let network: NetworkOptions
    let tools: ChannelTools

    func deliver(_ message: Message) async throws(DeliveryError) -> Receipt {
        try await call("sendMessage", payload(message), isEdit: false)
    }

    func update(_ earlier: Receipt, with message: Message) async throws(DeliveryError) -> Receipt {
        guard let id = earlier.remote["message_id"].flatMap(Int.init) else { return try await deliver(message) }
        var payload = self.payload(message)
        payload["message_id"] = .int(id)
        if let moved = earlier.remote["chat"] { payload["chat_id"] = chatID(moved) }
        return try await call("editMessageText", payload, isEdit: true).keeping(earlier)
    }

    func follow(_ earlier: Receipt, with message: Message) async throws(DeliveryError) -> Receipt {
        guard let id = earlier.remote["message_id"].flatMap(Int.init) else { return try await deliver(message) }
        var payload = self.payload(message)
        // If the first message is gone, this one is sent without the reply.
        if !message.isPlain { payload["reply_parameters"] = ["message_id": .int(id), "allow_sending_without_reply": true] }
        if let moved = earlier.remote["chat"] { payload["chat_id"] = chatID(moved) }
        return try await call("sendMessage", payload, isEdit: false).keeping(earlier)
    }

    func preview(_ message: Message) -> String { String(decoding: JSONValue.object(payload(message)).bytes, as: UTF8.self) }

    func connect() async -> [Finding] {
        let request = HTTPRequest("GET", url("getMe"), network: network)
        return await JSONPost(tools: tools, network: network).ask(
            request, "the bot at \(api.origin)", takes: Telegram.takes, sharpen: Telegram.judge)
    }

    /// Calls a method of the Bot API. If the chat has moved, it repeats the call once in the new chat.
    ///
    /// - Returns: a receipt with the message id and, if the chat has moved, the new chat id.
    private func call(_ method: String, _ payload: [String: JSONValue], isEdit: Bool) async throws(DeliveryError) -> Receipt {
        let post = JSONPost(tools: tools, network: network)
        var payload = payload, moved: String?
        for _ in 0..<2 {
            var migrated: JSONValue?
            do throws(DeliveryError) {
                let request = post.request("POST", url(method), json: .object(payload))
                let accepted = try await post.send(request, isIdempotent: isEdit, takes: Telegram.takes) {
                    migrated = $2["parameters"]?["migrate_to_chat_id"]
                    return Telegram.judge($0, $1, $2)
                }
                var remote = accepted.json["result"]?["message_id"]?.int.map { ["message_id": String($0)] } ?? [:]
                remote["chat"] = moved
                return accepted.receipt(remote)
            } catch {
                // The group became a supergroup: the same call is made once more with the new chat id.
                guard let chat = migrated?.word, moved == nil else { throw error }
                moved = chat
                payload["chat_id"] = chatID(chat)
            }
        }
        throw DeliveryError(.gone, .notFound, "the chat moves on and on")
    }

    private func url(_ method: String) -> Secret { Secret("\(api.base)/bot\(token.reveal())/\(method)") }

    private func chatID(_ chat: String) -> JSONValue { Int64(chat) == nil ? .string(chat) : .number(chat) }

    /// The id of the topic; nil for the topic General, whose id is 1 and which Telegram does not find under it.
    private var thread: Int? { topic == 1 ? nil : topic }

    private func payload(_ message: Message) -> [String: JSONValue] {
        if message.isPlain { return plain(message) }
        var payload: [String: JSONValue] = [
            "chat_id": chatID(chat), "text": .string(Telegram.text(message)), "parse_mode": "HTML",
            "link_preview_options": ["is_disabled": true], "disable_notification": .bool(message.event.priority == .low),
        ]
        if let thread { payload["message_thread_id"] = .int(thread) }
        let buttons =
            message.label != nil
            ? []
            : message.buttons.map { button -> JSONValue in
                ["text": .string(button.label), "callback_data": .string(button.token)]
            }
        let links = message.links().map { ["text": .string($0.label), "url": .string($0.url)] as JSONValue }
        let rows = [buttons, links].filter { !$0.isEmpty }.map(JSONValue.array)
        if !rows.isEmpty { payload["reply_markup"] = ["inline_keyboard": .array(rows)] }
        return payload
    }

    /// Text without markup, buttons and topic. The text was HTML, so it is read back.
    private func plain(_ message: Message) -> [String: JSONValue] {
        var message = message
        message.title = Entities.html.read(message.title)
        message.body = Entities.html.read(message.body)
        let text = message.plainText(.plain, most: Limit(Telegram.mostText, .utf16))
        return ["chat_id": chatID(chat), "text": .string(text), "link_preview_options": ["is_disabled": true]]
    }
}

extension Receipt {
    /// The earlier receipt, with the new chat if this call found that the chat has moved.
    fileprivate func keeping(_ earlier: Receipt) -> Receipt {
        var kept = earlier
        kept.remote["chat"] = remote["chat"] ?? earlier.remote["chat"]
        kept.remark = remark
        return kept
    }
}
