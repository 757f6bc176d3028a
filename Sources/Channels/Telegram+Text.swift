import RelayCore
import RelaySupport
import Transport

extension Telegram {
    /// The title in bold, the body and the small print, within the limit of one message.
    static func text(_ message: Message) -> String {
        let mention = message.mention.map { $0 + "\n" } ?? ""
        let label = message.label.map { dialect.escape($0) + "\n" } ?? ""
        let head = "\(mention)\(label)<b>\(message.title)</b>\n"
        let tail = "\n<i>\(dialect.cut(dialect.escape(message.smallPrint), to: Limit(300, .utf16)))</i>"
        // Sizes include the markup, so they are never less than what Telegram counts.
        let room = mostText - head.utf16.count - tail.utf16.count
        return head + message.cutBody(dialect, to: Limit(max(0, room), .utf16)) + tail
    }

    @Sendable static func takes(_ response: HTTPResponse, _ json: JSONValue) -> Bool { json["ok"]?.bool == true }

    /// Refines the common verdict. Descriptions are not a stable interface: the status decides first, then known phrases.
    /// Source: https://core.telegram.org/bots/api#making-requests
    static func judge(_ common: DeliveryError?, _ response: HTTPResponse, _ json: JSONValue) -> DeliveryError? {
        let status = response.status
        let words = json["description"]?.string?.lowercased() ?? ""
        func error(_ verdict: DeliveryError.Verdict, _ reason: DeliveryError.Reason) -> DeliveryError {
            DeliveryError(verdict, reason, DeliveryError.said(status, json["description"]?.string), status: status)
        }
        guard let common else {
            return response.errorInBody(json)
        }
        func says(_ parts: String...) -> Bool { parts.contains { words.contains($0) } }
        switch status {
        case 400 where says("message is not modified"): return nil
        case 400 where says("message to edit not found", "message can't be edited"): return error(.vanished, .notFound)
        case 400
        where says(
            "can't parse entities", "message is too long", "wrong http url", "reply markup is too long", "button_", "inline keyboard",
            "thread not found", "message to be replied not found", "reply message not found", "can't parse"):
            return error(.trimmings, .rejected)
        case 400 where says("upgraded to a supergroup"): return error(.gone, .notFound)
        case 400 where says("chat not found", "topic_closed", "topic_deleted", "not enough rights"):
            return error(.gone, .notFound)
        case 401, 403, 404: return error(.gone, .unauthorized)
        case 429:
            return error(.throttled(after: DeliveryError.wait(seconds: json["parameters"]?["retry_after"]) ?? common.wish), .rateLimited)
        default: return common
        }
    }
}

extension DeliveryError {
    /// How long the response asks us to wait; nil if it states no wait.
    var wish: Duration? {
        switch verdict {
        case .retry(let after), .throttled(let after), .unavailable(let after): after
        case .refused, .doubtful, .trimmings, .gone, .suspect, .uncertain, .vanished: nil
        }
    }
}
