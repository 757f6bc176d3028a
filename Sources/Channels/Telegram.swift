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
        link: Entities.html.escape)

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
        do throws(DeliveryError) {
            return try await call("sendMessage", payload(message), isEdit: false)
        } catch {
            guard error.reason == .protocolError else { throw error }
        }
        // Telegram did not understand the markup: the text is sent without any, so that it is not lost.
        return try await call("sendMessage", plain(message), isEdit: false)
    }

    func update(_ earlier: Receipt, with message: Message) async throws(DeliveryError) -> Receipt {
        guard let id = earlier.remote["message_id"].flatMap(Int.init) else { return try await deliver(message) }
        var payload = self.payload(message)
        payload["message_id"] = .int(id)
        if let moved = earlier.remote["chat"] { payload["chat_id"] = chatID(moved) }
        _ = try await call("editMessageText", payload, isEdit: true)
        return earlier
    }

    func follow(_ earlier: Receipt, with message: Message) async throws(DeliveryError) -> Receipt {
        guard let id = earlier.remote["message_id"].flatMap(Int.init) else { return try await deliver(message) }
        var payload = self.payload(message)
        // If the first message is gone, this one is sent without the reply.
        payload["reply_parameters"] = ["message_id": .int(id), "allow_sending_without_reply": true]
        if let moved = earlier.remote["chat"] { payload["chat_id"] = chatID(moved) }
        _ = try await call("sendMessage", payload, isEdit: false)
        return earlier
    }

    func preview(_ message: Message) -> String { String(decoding: JSONValue.object(payload(message)).bytes, as: UTF8.self) }

    func connect() async -> [Finding] {
        let request = HTTPRequest("GET", url("getMe"), network: network)
        return await JSONPost(tools: tools, network: network).ask(request, "the bot at \(api.origin)", sharpen: Telegram.judge)
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
                let (_, json) = try await post.send(post.request("POST", url(method), json: .object(payload)), isIdempotent: isEdit) {
                    migrated = $2["parameters"]?["migrate_to_chat_id"]
                    return Telegram.judge($0, $1, $2)
                }
                var remote = json["result"]?["message_id"]?.int.map { ["message_id": String($0)] } ?? [:]
                remote["chat"] = moved
                return Receipt(remote)
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

    private func payload(_ message: Message) -> [String: JSONValue] {
        var payload: [String: JSONValue] = [
            "chat_id": chatID(chat), "text": .string(Telegram.text(message)), "parse_mode": "HTML",
            "link_preview_options": ["is_disabled": true], "disable_notification": .bool(message.event.priority == .low),
        ]
        if let topic { payload["message_thread_id"] = .int(topic) }
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

    private func plain(_ message: Message) -> [String: JSONValue] {
        var payload = payload(message)
        payload["parse_mode"] = nil
        payload["text"] = .string(
            Dialect.plain.cut(Entities.html.read(message.title + "\n" + message.body), to: Limit(Telegram.mostText, .utf16)))
        return payload
    }
}
