import RelayCore
import RelaySupport
import Transport

/// Asks in Telegram why somebody rejects. Telegram has no forms, so the person replies to a question.
/// Source: https://core.telegram.org/bots/api#forcereply
extension TelegramCallback {
    /// Asks the person who pressed, as a reply to the message with the button. Their program then opens a reply by itself.
    ///
    /// - Parameter within: how long a reply counts.
    /// - Returns: the number of the question in the chat; nil if nothing was asked.
    package func ask(_ press: Press, at place: Place, isNeeded: Bool, within: Duration, tools: ChannelTools) async -> Int64? {
        let name = Telegram.dialect.escape((press.userName ?? "").isEmpty ? press.userID : press.userName ?? "")
        let dash = isNeeded ? "" : " Reply with a dash (-) to reject without a reason."
        let text = """
            <a href="tg://user?id=\(press.userID)">\(name)</a>, why do you reject this? Reply to this message within \(within.spoken); \
            until then nothing is decided.\(dash)
            """
        return await send(
            text, at: place,
            markup: ["force_reply": true, "selective": true, "input_field_placeholder": "Reason"], tools: tools)
    }

    /// Tells what came of a question, as a reply to a message.
    package func say(_ text: String, to place: Place, tools: ChannelTools) async {
        _ = await send(Telegram.dialect.escape(text), at: place, markup: nil, tools: tools)
    }

    /// The place of a question whose chat and number are known.
    package static func place(chat: String, message: Int64) -> Place { Place(chat: chat, message: message) }

    /// The text of a reply that stands for no reason.
    package static func isDash(_ text: String) -> Bool { ["-", "–", "—"].contains(text.trimmed) }

    private func send(_ html: String, at place: Place, markup: JSONValue?, tools: ChannelTools) async -> Int64? {
        var body: [String: JSONValue] = [
            "chat_id": Int64(place.chat) == nil ? .string(place.chat) : .number(place.chat), "text": .string(html), "parse_mode": "HTML",
            "reply_parameters": ["message_id": .int(Int(place.message)), "allow_sending_without_reply": true],
        ]
        if let topic = place.topic { body["message_thread_id"] = .int(topic) }
        if let markup { body["reply_markup"] = markup }
        let post = JSONPost(tools: tools, network: network)
        let request = post.request("POST", url("sendMessage"), json: .object(body))
        let sent = try? await post.send(request, isIdempotent: false, takes: Telegram.takes, sharpen: Telegram.judge)
        return sent?.json["result"]?["message_id"]?.int.map(Int64.init)
    }
}
