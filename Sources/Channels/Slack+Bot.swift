import RelayCore
import RelaySupport
import Transport

extension Slack {
    /// The abilities with a bot token: a message can be found again, so it can be edited.
    static let botAbilities = Abilities(
        edit: true, thread: true, buttons: true, mention: true, limit: Limit(Blocks.mostBody, .utf16))

    /// The keys for the Web API. The initialiser returns nil if one is wrong.
    struct BotKeys {
        let token: Secret
        let channel: String
        let api: HTTPAddress

        static func isUsed(_ section: ConfigSection) -> Bool { section.textNode("token") != nil || section.textNode("channel") != nil }

        init?(_ section: ConfigSection, _ basics: DestinationBasics) {
            let token = section.secret("token", required: true, expected: "a bot's token, best as \"${NAME}\"")
            let channel = section.required("channel", "the ID of a channel, such as C0123456789")
            let api = section.base("api_url", basics, vendor: "https://slack.com/api")
            guard let token, let channel, let api else { return nil }
            guard Self.isID(channel) else {
                section.wrong("channel", "the ID of a channel, such as C0123456789: a name cannot be edited in")
                return nil
            }
            guard token.fitsHeader else {
                section.note("token", "\(section.path).token is no token", expected: "a bot's token: xoxb-…")
                return nil
            }
            self.token = token
            self.channel = channel
            self.api = api
        }

        private static func isID(_ text: String) -> Bool {
            ["C", "G", "D"].contains(text.prefix(1)) && text.utf8.count >= 2
                && text.utf8.allSatisfy { $0.isDigit || (65...90).contains($0) }
        }
    }

    /// Refines the common verdict by the error word of a response with `"ok": false`, which comes with status 200.
    /// Sources: https://docs.slack.dev/reference/methods/chat.postMessage, https://docs.slack.dev/reference/methods/chat.update
    static func judgeBot(_ common: DeliveryError?, _ response: HTTPResponse, _ json: JSONValue, isEdit: Bool) -> DeliveryError? {
        let status = response.status
        guard let isTaken = json["ok"]?.bool else {
            return common ?? response.errorInBody(json, own: words)
        }
        if isTaken { return common }
        // Slack's error words have only lower-case letters and underscores; any other text is not repeated.
        let word = json["error"]?.string.flatMap { $0.utf8.allSatisfy { (97...122).contains($0) || $0 == 95 } ? $0 : nil } ?? ""
        func error(_ verdict: DeliveryError.Verdict, _ reason: DeliveryError.Reason) -> DeliveryError {
            DeliveryError(verdict, reason, DeliveryError.said(status, word), status: status)
        }
        switch word {
        case "ratelimited", "rate_limited": return error(.throttled(after: common?.wish), .rateLimited)
        // These may have partly succeeded, but Slack itself says that they failed.
        case "internal_error", "fatal_error": return error(.retry(after: nil), .serverError)
        case "service_unavailable", "request_timeout", "team_added_to_org": return error(.retry(after: nil), .serverError)
        case _ where isEdit && unchangeable.contains(word): return error(.vanished, .notFound)
        case _ where trimmingsForBot.contains(word): return error(.trimmings, .rejected)
        case _ where refusedByBot.contains(word): return error(.refused, .rejected)
        case _ where goneForBot.contains(word) || word.hasPrefix("restricted_action"): return error(.gone, .unauthorized)
        default: return common ?? error(.refused, .rejected)
        }
    }

    /// Errors that mean that the earlier message no longer exists or can no longer be edited.
    private static let unchangeable: Set<String> = [
        "message_not_found", "cant_update_message", "edit_window_closed", "is_inactive", "block_mismatch",
    ]

    private static let trimmingsForBot: Set<String> = [
        "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "too_many_attachments", "invalid_attachments",
        "invalid_arguments", "metadata_too_large", "cannot_reply_to_message", "thread_not_found",
    ]

    private static let refusedByBot: Set<String> = ["no_text"]

    private static let goneForBot: Set<String> = [
        "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope", "no_permission",
        "org_login_required", "ekm_access_denied", "team_access_not_granted", "access_denied", "channel_not_found", "not_in_channel",
        "is_archived", "messages_tab_disabled", "message_limit_exceeded",
    ]
}

/// Slack by bot: `chat.postMessage`, and `chat.update` to edit the same message.
struct SlackBotChannel: Channel {
    let keys: Slack.BotKeys
    let network: NetworkOptions
    let tools: ChannelTools

    func deliver(_ message: Message) async throws(DeliveryError) -> Receipt {
        let accepted = try await call("chat.postMessage", payload(message), isEdit: false)
        let json = accepted.json
        // `ts` is kept as text, because it would lose digits as a number.
        let remote = ["channel": json["channel"]?.string ?? keys.channel, "ts": json["ts"]?.string]
        return accepted.receipt(json["ts"]?.string == nil ? [:] : remote.compactMapValues { $0 })
    }

    func update(_ earlier: Receipt, with message: Message) async throws(DeliveryError) -> Receipt {
        guard let ts = earlier.remote["ts"] else { return try await deliver(message) }
        var payload = payload(message)
        payload["ts"] = .string(ts)
        payload["channel"] = .string(earlier.remote["channel"] ?? keys.channel)
        return try await call("chat.update", payload, isEdit: true).keeping(earlier)
    }

    func follow(_ earlier: Receipt, with message: Message) async throws(DeliveryError) -> Receipt {
        guard let ts = earlier.remote["ts"] else { return try await deliver(message) }
        var payload = payload(message)
        if !message.isPlain { payload["thread_ts"] = .string(ts) }
        payload["channel"] = .string(earlier.remote["channel"] ?? keys.channel)
        return try await call("chat.postMessage", payload, isEdit: false).keeping(earlier)
    }

    func preview(_ message: Message) -> String { String(decoding: JSONValue.object(payload(message)).bytes, as: UTF8.self) }

    func connect() async -> [Finding] {
        let request = HTTPRequest("POST", url("auth.test"), headers: [keys.token.asBearer], body: [], network: network)
        return await JSONPost(tools: tools, network: network).ask(request, "the bot at \(keys.api.origin)", takes: Slack.takes) {
            Slack.judgeBot($0, $1, $2, isEdit: false)
        }
    }

    private func call(_ method: String, _ payload: [String: JSONValue], isEdit: Bool) async throws(DeliveryError) -> JSONPost.Accepted {
        let post = JSONPost(tools: tools, network: network)
        let request = post.request("POST", url(method), json: .object(payload), headers: [keys.token.asBearer])
        return try await post.send(request, isIdempotent: isEdit, takes: Slack.takes) { Slack.judgeBot($0, $1, $2, isEdit: isEdit) }
    }

    private func url(_ method: String) -> Secret { Secret("\(keys.api.base)/\(method)") }

    private func payload(_ message: Message) -> [String: JSONValue] {
        var payload = Slack.payload(message).object ?? [:]
        payload["channel"] = .string(keys.channel)
        return payload
    }
}
