import RelayCore
import RelaySupport
import Transport

extension Zulip {
    /// The title in bold, the body, the facts, the links and the small print. Each is a separate paragraph, so that formatting in one
    /// cannot affect another.
    static func content(_ message: Message) -> String {
        if message.isPlain { return message.plainText(dialect, most: Limit(6_000, .codePoints)) }
        let label = message.label.map { dialect.escape($0) }
        let facts = message.facts.map { name, value in
            "**\(name):** \(Dialect.plain.cut(dialect.escape(value), to: Limit(200, .codePoints)))"
        }
        let head = ([message.mention, label, "**\(message.title)**"] as [String?]).compactMap { $0 }
        let links = message.links(within: Limit(1_000, .bytes)).map { "[\($0.label)](\($0.url))" }.joined(separator: " · ")
        let smallPrint = dialect.cut(dialect.escape(message.smallPrint), to: Limit(300, .codePoints))
        let tail = "\n\n" + facts.joined(separator: "\n") + (links.isEmpty ? "" : "\n\n" + links) + "\n\n" + smallPrint
        let start = head.joined(separator: "\n") + "\n\n"
        let room = mostText - Limit(0, .codePoints).size(of: start + tail)
        return start + message.cutBody(dialect, to: Limit(max(0, room), .codePoints)) + tail
    }

    /// Encodes fields as `application/x-www-form-urlencoded`.
    static func form(_ fields: [(name: String, value: String)]) -> String {
        fields.map { "\($0.name.percentEncoded)=\($0.value.percentEncoded)" }.joined(separator: "&")
    }

    /// Refines the common verdict by Zulip's error code. Its messages are in the bot's language, so they count only if no code decides.
    static func judge(_ common: DeliveryError?, _ response: HTTPResponse, _ json: JSONValue, isEdit: Bool) -> DeliveryError? {
        let status = response.status, code = json["code"]?.string ?? "", words = json["msg"]?.string?.lowercased() ?? ""
        func error(_ verdict: DeliveryError.Verdict, _ reason: DeliveryError.Reason) -> DeliveryError {
            DeliveryError(verdict, reason, DeliveryError.said(status, code), status: status)
        }
        guard let common else {
            return response.errorInBody(json)
        }
        func says(_ parts: String...) -> Bool { parts.contains { words.contains($0) } }
        switch (status, code) {
        case (429, _):
            return error(.throttled(after: DeliveryError.wait(seconds: json["retry-after"]) ?? common.wish), .rateLimited)
        case (400, "STREAM_DOES_NOT_EXIST"): return error(.gone, .notFound)
        case (400, _) where says("not authorized", "permission to post", "not subscribed"): return error(.gone, .unauthorized)
        // Only administrators or members of small channels may call everybody.
        case (400, "STREAM_WILDCARD_MENTION_NOT_ALLOWED"), (400, "TOPIC_WILDCARD_MENTION_NOT_ALLOWED"): return error(.trimmings, .rejected)
        case (400, _) where says("wildcard mention", "message too long"): return error(.trimmings, .rejected)
        // The message was deleted, or is too old to be edited under the organisation's rules.
        case (400, "BAD_REQUEST") where isEdit: return error(.vanished, .notFound)
        case (401, "UNAUTHORIZED"), (401, "INVALID_API_KEY"): return error(.gone, .unauthorized)
        case (401...403, "USER_DEACTIVATED"), (401...403, "REALM_DEACTIVATED"): return error(.gone, .unauthorized)
        default: return code.isEmpty ? common : error(common.verdict, common.reason)
        }
    }

    /// How long to pause when the response's headers say that no requests are left this minute; nil if some are. The reset header is in
    /// seconds since 1970.
    static func pause(after response: HTTPResponse, now: Timestamp) -> Duration? {
        guard response.header("x-ratelimit-remaining") == "0", let reset = response.header("x-ratelimit-reset").flatMap(Double.init),
            (0..<1e11).contains(reset)
        else { return nil }
        let wait = now.duration(to: Timestamp(milliseconds: Int64((reset * 1_000).rounded(.up))))
        return RetryAfter.limited(wait)
    }
}
