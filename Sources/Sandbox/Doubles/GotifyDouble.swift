import Pages
import RelayCore
import RelaySupport

/// A double of a Gotify server: `POST /hooks/gotify/message`.
/// Source: https://gotify.net/api-docs
enum GotifyDouble: ServiceDouble {
    static let kind = InboxMessage.Kind.gotify
    static let title = "Gotify"

    static func judge(_ request: ServiceRequest) -> ServiceVerdict {
        if request.method == "GET", request.segments == ["version"] {
            return .answered(.json(200, ["version": "2.6.3", "commit": "0", "buildDate": "2025-01-01"]))
        }
        guard request.method == "POST", request.segments == ["message"] else { return .refused(error(404, "Not Found", "page not found")) }
        guard request.header("x-gotify-key")?.isEmpty == false else {
            return .refused(error(401, "Unauthorized", "you need to provide a valid access token or user credentials to access this api"))
        }
        guard request.header("content-type")?.hasPrefix("application/json") == true, let message = request.object else {
            return .refused(error(400, "Bad Request", "the body is no JSON"))
        }
        if let problem = problem(of: message) { return .refused(error(400, "Bad Request", problem)) }
        return .posted { number in
            .json(
                200,
                [
                    "id": .int(number), "appid": 1, "message": message["message"] ?? "", "title": message["title"] ?? "",
                    "priority": message["priority"] ?? 0, "date": "2026-11-24T09:00:00Z",
                ])
        }
    }

    private static func problem(of message: JSONValue) -> String? {
        guard !(message["message"]?.string ?? "").isEmpty else { return "Field 'message' is required" }
        if let priority = message["priority"] {
            guard case .number(let text) = priority, Int(text) != nil else { return "priority: cannot unmarshal into int" }
        }
        guard let extras = message["extras"]?.object else { return message["extras"] == nil ? nil : "extras: cannot unmarshal" }
        // This rule is not Gotify's own: Markdown would load images on the reader's device.
        return extras["client::display"]?["contentType"] == "text/plain" ? nil : "extras: this double wants text/plain"
    }

    private static func error(_ status: Int, _ name: String, _ description: String) -> WebResponse {
        .json(status, ["error": .string(name), "errorCode": .int(status), "errorDescription": .string(description)])
    }

    /// Gotify itself has no rate limit.
    /// A proxy in front of it may have one, with a wait in whole seconds.
    static func tooMany(seconds: Double, now: Timestamp) -> WebResponse {
        var answer = WebResponse(429, type: "text/html", "<html><h1>429 Too Many Requests</h1></html>")
        answer.headers.append(("Retry-After", "\(Int(seconds.rounded(.up)))"))
        return answer
    }

    static func card(_ payload: JSONValue) -> Markup {
        let link = payload["extras"]?["client::notification"]?["click"]?["url"]
        return """
            <h3>\(payload["title"]?.string ?? "")</h3>\(CardParts.plain(payload["message"]?.string ?? ""))\
            \(link.map { CardParts.links([("Open", $0)]) } ?? nil)<p class="context">priority \(payload["priority"]?.int ?? 0)</p>
            """
    }
}
