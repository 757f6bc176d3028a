import Pages
import RelayCore
import RelaySupport

/// A double of Slack's Web API: `POST /hooks/slackbot/api/chat.postMessage` and `chat.update`.
/// Sources: https://docs.slack.dev/reference/methods/chat.postMessage, https://docs.slack.dev/reference/methods/chat.update
enum SlackBotDouble: ServiceDouble {
    static let kind = InboxMessage.Kind.slackBot
    static let title = "Slack bot"
    private static let suffix = ".000200"

    static func judge(_ request: ServiceRequest) -> ServiceVerdict {
        guard request.segments.count == 2, request.segments[0] == "api" else { return .refused(error("unknown_method")) }
        guard request.header("authorization")?.hasPrefix("Bearer xoxb-") == true else { return .refused(error("invalid_auth")) }
        if request.segments[1] == "auth.test" { return .answered(.json(200, ["ok": true, "user": "relay"])) }
        guard let message = request.object else { return .refused(error("invalid_json")) }
        if request.segments[1] == "views.open" {
            guard message["trigger_id"]?.string == "t1", message["view"]?["type"]?.string == "modal" else {
                return .refused(error("invalid_trigger"))
            }
            return .posted { _ in .json(200, ["ok": true]) }
        }
        guard message["channel"]?.string?.hasPrefix("C") == true else { return .refused(error("channel_not_found")) }
        if let problem = SlackCheck.problem(in: request.body) { return .refused(error(problem)) }
        switch request.segments[1] {
        case "chat.postMessage":
            return .posted { .json(200, ["ok": true, "channel": message["channel"] ?? .null, "ts": .string("\($0)\(suffix)")]) }
        case "chat.update":
            if (message["text"]?.string ?? "").utf16.count > 4_000 { return .refused(error("msg_too_long")) }
            let ts = message["ts"]?.string ?? ""
            guard ts.hasSuffix(suffix), let number = Int(ts.dropLast(suffix.count)), request.exists(number) else {
                return .refused(error("message_not_found"))
            }
            return .edited(number, answer: .json(200, ["ok": true, "channel": message["channel"] ?? .null, "ts": .string(ts)]))
        default: return .refused(error("unknown_method"))
        }
    }

    /// An error response.
    /// It has status 200, as in Slack.
    private static func error(_ word: String) -> WebResponse { .json(200, ["ok": false, "error": .string(word)]) }

    static func tooMany(seconds: Double, now: Timestamp) -> WebResponse {
        var answer = WebResponse.json(429, ["ok": false, "error": "ratelimited"])
        answer.headers.append(("Retry-After", "\(max(1, Int(seconds.rounded(.up))))"))
        return answer
    }

    static func card(_ payload: JSONValue) -> Markup { ChatCard.content(payload) }
}
