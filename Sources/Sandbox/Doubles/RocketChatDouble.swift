import Pages
import RelayCore
import RelaySupport

/// A double of a Rocket.Chat incoming webhook: `POST /hooks/rocketchat/hooks/<integration>/<token>`.
/// Source: https://github.com/RocketChat/Rocket.Chat/blob/develop/apps/meteor/app/integrations/server/api/api.ts
enum RocketChatDouble: ServiceDouble {
    static let kind = InboxMessage.Kind.rocketchat
    static let title = "Rocket.Chat"

    /// The default of `Message_MaxAllowedSize`, in UTF-16 units, as JavaScript counts.
    private static let most = 5_000

    static func judge(_ request: ServiceRequest) -> ServiceVerdict {
        let path = request.segments
        if request.method == "GET", path.count == 4, path[0] == "hooks", path[1] == "info" {
            return .answered(.json(200, ["success": true]))
        }
        guard path.count == 3, path[0] == "hooks" else { return .refused(failure("Invalid integration id or token provided.")) }
        guard request.method == "POST" else { return .refused(WebResponse(405)) }
        guard let message = request.object else { return .refused(failure("Unexpected token in JSON")) }
        // As in Rocket.Chat, an empty body posts nothing and still gets a success response.
        if message.object?.isEmpty ?? true { return .answered(.json(200, ["success": true])) }
        if message["channel"] != nil || message["roomId"] != nil {
            return .refused(failure("overriding destination channel is disabled for this integration"))
        }
        if let problem = problem(of: message) { return .refused(failure(problem)) }
        return .posted { _ in .json(200, ["success": true]) }
    }

    private static func problem(of message: JSONValue) -> String? {
        let attachments = message["attachments"]?.array ?? []
        let texts = [message["text"] ?? message["msg"]] + attachments.map { $0["text"] }
        if texts.contains(where: { ($0?.string ?? "").utf16.count > most }) { return "error-message-size-exceeded" }
        let isGood = attachments.flatMap { $0["fields"]?.array ?? [] }.allSatisfy { field in
            [field["title"], field["value"]].allSatisfy { $0?.string?.isEmpty == false }
        }
        return isGood ? nil : "Match error: Expected string"
    }

    private static func failure(_ words: String) -> WebResponse { .json(400, ["success": false, "error": .string(words)]) }

    /// The header is a point in time, in milliseconds since 1970.
    static func tooMany(seconds: Double, now: Timestamp) -> WebResponse {
        let wait = max(1, Int(seconds.rounded(.up)))
        let words = "Error, too many requests. Please slow down. You must wait \(wait) seconds before trying this endpoint again."
        var answer = WebResponse.json(429, ["success": false, "error": .string(words)])
        answer.headers += [
            ("X-RateLimit-Limit", "10"), ("X-RateLimit-Remaining", "0"),
            ("X-RateLimit-Reset", "\((now + .seconds(wait)).milliseconds)"),
        ]
        return answer
    }

    static func card(_ payload: JSONValue) -> Markup {
        let text = payload["text"]?.string ?? payload["msg"]?.string ?? ""
        let lines = text.split(separator: "\n").map { line -> Markup in
            let isBold = line.count > 2 && line.hasPrefix("*") && line.hasSuffix("*")
            return isBold ? "<b>\(String(line.dropFirst().dropLast()))</b><br>" : "\(String(line))<br>"
        }
        return "<p>\(lines)</p>\((payload["attachments"]?.array ?? []).map { AttachmentCard.markup($0) { $0 } })"
    }
}
