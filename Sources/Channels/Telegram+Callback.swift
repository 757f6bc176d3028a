import Crypto
package import RelayCore
import RelaySupport
import Transport

/// Reads presses in a Telegram chat. Telegram keeps them until we ask, so no port has to be open.
/// Source: https://core.telegram.org/bots/api#getting-updates
package struct TelegramCallback: Sendable {
    /// One update that Telegram kept for us.
    package struct Update: Sendable {
        package var position: Int64
        /// The button press; nil if the update holds none.
        package var press: Press?
        /// The id of the callback query, which `answer` needs.
        package var query: String?
        /// The message under which a button was pressed; nil where nobody can be asked anything.
        package var place: Place?
        /// A message that replies to another one; nil if the update holds none.
        package var reply: Reply?
    }

    /// A message in a chat.
    package struct Place: Sendable, Equatable {
        package var chat: String
        package var message: Int64
        var topic: Int?
    }

    package struct Reply: Sendable, Equatable {
        /// The message that it replies to.
        package var to: Place
        /// The number of the reply itself.
        package var message: Int64
        package var userID: String
        package var userName: String?
        /// Empty if it holds no text.
        package var text: String
    }

    let api: HTTPAddress
    let token: Secret
    let chat: String
    let network: NetworkOptions

    /// How long Telegram holds the request open while nothing is pressed, in seconds.
    private static let patience = 25

    /// An id that is the same for every destination of one bot, because only one client may poll a bot's updates.
    package var bot: String { hexadecimal(SHA256.hash(data: Array((api.base + token.reveal()).utf8)).prefix(16)) }

    /// The user id of the only reader if the chat is with one person: such a chat has that person's id. Nil for groups and channels.
    package var onlyReader: String? { Int64(chat).flatMap { $0 > 0 ? chat : nil } }

    /// The updates after a position. Telegram deletes everything up to that position.
    ///
    /// - Throws: `.gone` if another program polls this bot (409) or its token is unknown.
    package func updates(after position: Int64?, tools: ChannelTools) async throws(DeliveryError) -> [Update] {
        var body: [String: JSONValue] = ["timeout": .int(Self.patience), "allowed_updates": ["callback_query", "message"]]
        if let position { body["offset"] = .int(position + 1) }
        let post = JSONPost(tools: tools, network: network)
        var request = post.request("POST", url("getUpdates"), json: .object(body))
        request.timeout = .seconds(Self.patience + 10)
        request.maximumAnswer = 2_000_000
        let accepted = try await post.send(request, isIdempotent: true, takes: Telegram.takes) { common, answer, json in
            if answer.status == 409 {
                return DeliveryError(.gone, .rejected, "another program asks for what this bot is told (409)", status: 409)
            }
            return Telegram.judge(common, answer, json)
        }
        // Unlike a message, a list of updates that is not understood is asked for again.
        guard accepted.remark == nil, !accepted.response.isCut else {
            let status = accepted.response.status
            throw DeliveryError(.retry(after: nil), .badAnswer, "answered \(status), but not with the 'ok' of Telegram", status: status)
        }
        return (accepted.json["result"]?.array ?? []).compactMap(Self.update)
    }

    static func update(_ json: JSONValue) -> Update? {
        // Telegram's update ids fit in 52 bits: https://core.telegram.org/bots/api#update
        guard let position = json["update_id"]?.int, (0..<1 << 52).contains(position) else { return nil }
        var update = Update(position: Int64(position))
        update.reply = json["message"].flatMap(reply)
        let query = json["callback_query"] ?? .null
        guard let token = query["data"]?.string, let user = query["from"]?["id"]?.word else { return update }
        update.press = Press(chats: chats(query["message"]?["chat"]), token: token, userID: user, userName: name(query["from"]))
        update.query = query["id"]?.string
        // In a channel nobody can reply to a bot.
        if query["message"]?["chat"]?["type"]?.string != "channel" { update.place = query["message"].flatMap(place) }
        return update
    }

    private static func reply(_ message: JSONValue) -> Reply? {
        guard let to = message["reply_to_message"].flatMap(place), let own = place(message), let user = message["from"]?["id"]?.word else {
            return nil
        }
        var reply = Reply(to: to, message: own.message, userID: user, userName: name(message["from"]), text: message["text"]?.string ?? "")
        reply.to.chat = own.chat
        return reply
    }

    private static func place(_ message: JSONValue) -> Place? {
        guard let chat = message["chat"]?["id"]?.word, let number = message["message_id"]?.int else { return nil }
        let topic = message["is_topic_message"]?.bool == true ? message["message_thread_id"]?.int : nil
        return Place(chat: chat, message: Int64(number), topic: topic)
    }

    private static func chats(_ chat: JSONValue?) -> [String] {
        [chat?["id"]?.word, chat?["username"]?.string.map { "@" + $0 }].compactMap(\.self)
    }

    private static func name(_ person: JSONValue?) -> String {
        person?["username"]?.string ?? ["first_name", "last_name"].compactMap { person?[$0]?.string }.joined(separator: " ")
    }

    /// Replies to a press; without a reply the button keeps showing progress. Only the person who pressed sees the text, of at most 200
    /// characters.
    ///
    /// - Parameter isLoud: the person must close the text; else it goes away by itself.
    package func answer(_ query: String, _ text: String, isLoud: Bool = true, tools: ChannelTools) async {
        let post = JSONPost(tools: tools, network: network)
        let body: JSONValue = [
            "callback_query_id": .string(query), "text": .string(Dialect.plain.cut(text, to: Limit(200, .utf16))),
            "show_alert": .bool(isLoud),
        ]
        let request = post.request("POST", url("answerCallbackQuery"), json: body)
        _ = try? await post.send(request, isIdempotent: true, takes: Telegram.takes, sharpen: Telegram.judge)
    }

    func url(_ method: String) -> Secret { Secret("\(api.base)/bot\(token.reveal())/\(method)") }
}
