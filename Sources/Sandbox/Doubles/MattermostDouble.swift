import Pages
import RelayCore
import RelaySupport

/// A double of a Mattermost incoming webhook: `POST /hooks/mattermost/<key>`.
/// Source: https://github.com/mattermost/mattermost/blob/master/server/channels/app/webhook.go
enum MattermostDouble: ServiceDouble {
    static let kind = InboxMessage.Kind.mattermost
    static let title = "Mattermost"

    /// The maximum length of one post in Unicode scalars.
    /// The real server would split a longer text into several posts.
    private static let mostPost = 16_383

    static func judge(_ request: ServiceRequest) -> ServiceVerdict {
        guard request.method == "POST" else { return .refused(WebResponse(405)) }
        guard let message = request.object else { return .refused(error(400, "web.incoming_webhook.parse.app_error")) }
        if request.segments == ["dialogs"] { return dialog(message) }
        if let problem = problem(of: message) { return .refused(error(400, problem)) }
        // As in Mattermost, an unknown key is reported only for a valid message, and not as 404.
        guard request.segments.count == 1 else { return .refused(error(400, "web.incoming_webhook.invalid.app_error")) }
        return .posted { _ in WebResponse(200, type: "text/plain", "ok") }
    }

    /// Opens a dialog. As at the real server, the press's own id is the right to open one; here it is `t1`.
    private static func dialog(_ message: JSONValue) -> ServiceVerdict {
        let dialog = message["dialog"], elements = dialog?["elements"]?.array ?? []
        guard message["trigger_id"]?.string == "t1", message["url"]?.string?.hasPrefix("http") == true else {
            return .refused(error(400, "interactive_message.decode_trigger_id.expired"))
        }
        let isGood =
            (1...24).contains(dialog?["title"]?.string?.count ?? 0)
            && elements.allSatisfy { (1...24).contains($0["display_name"]?.string?.count ?? 0) && $0["name"]?.string != nil }
        guard isGood else { return .refused(error(400, "app.open_interactive_dialog")) }
        return .posted { _ in .json(200, ["status": "OK"]) }
    }

    private static func problem(of message: JSONValue) -> String? {
        let text = message["text"]?.string ?? "", attachments = message["attachments"]?.array
        if text.isEmpty && attachments == nil { return "web.incoming_webhook.text.app_error" }
        if let priority = message["priority"], !["important", "urgent"].contains(priority["priority"]?.string ?? "") {
            return "api.context.invalid_param.app_error"
        }
        if text.unicodeScalars.count > mostPost { return "this.double.wants.one.post" }
        let isGood = (attachments ?? []).allSatisfy { attachment in
            (attachment["text"]?.string ?? "").unicodeScalars.count <= mostPost
                && (attachment["fields"]?.array ?? []).allSatisfy { $0["title"]?.string != nil && $0["value"]?.string != nil }
        }
        return isGood ? nil : "web.incoming_webhook.split_props_length.app_error"
    }

    private static func error(_ status: Int, _ id: String) -> WebResponse {
        .json(
            status,
            [
                "id": .string(id), "message": "It was not taken.", "detailed_error": "", "request_id": "1",
                "status_code": .int(status),
            ])
    }

    /// The wait is in whole seconds from now, in both headers.
    static func tooMany(seconds: Double, now: Timestamp) -> WebResponse {
        let wait = "\(max(1, Int(seconds.rounded(.up))))"
        var answer = WebResponse(429, type: "text/plain", "limit exceeded")
        answer.headers += [
            ("X-RateLimit-Limit", "100"), ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", wait), ("Retry-After", wait),
        ]
        return answer
    }

    static func card(_ payload: JSONValue) -> Markup {
        let text: Markup? = payload["text"]?.string.map { "<p>\(Backslashed.markup($0))</p>" }
        let priority: Markup? = payload["priority"]?["priority"]?.string.map { "<p class=\"context\">\($0)</p>" }
        return "\(priority)\(text)\((payload["attachments"]?.array ?? []).map { AttachmentCard.markup($0, Backslashed.text) })"
    }
}
