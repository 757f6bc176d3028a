import Pages
import RelayCore
import RelaySupport

/// A double of a Zulip server: `POST /hooks/zulip/api/v1/messages` and `PATCH …/messages/<id>`, form-encoded.
/// Sources: https://zulip.com/api/send-message, https://zulip.com/api/update-message, https://zulip.com/api/rest-error-handling
enum ZulipDouble: ServiceDouble {
    static let kind = InboxMessage.Kind.zulip
    static let title = "Zulip"

    static func judge(_ request: ServiceRequest) -> ServiceVerdict {
        guard request.segments.starts(with: ["api", "v1"]) else {
            return .refused(WebResponse(404, type: "text/html", "<h1>Page not found</h1>"))
        }
        guard isLogin(request.header("authorization")) else {
            return .refused(error(401, "UNAUTHORIZED", "Not logged in: API authentication or user session required"))
        }
        let path = Array(request.segments.dropFirst(2))
        if request.method == "GET", path == ["users", "me"] {
            return .answered(.json(200, ["result": "success", "msg": "", "user_id": 7, "is_bot": true]))
        }
        let form = form(request)
        switch (request.method, path.count, path.first) {
        case ("POST", 1, "messages"): return posted(form)
        case ("PATCH", 2, "messages"): return edited(form, path[1], request.exists)
        default: return .refused(error(404, "BAD_REQUEST", "API endpoint does not exist"))
        }
    }

    /// Whether the header is Basic authentication with an e-mail address and a key.
    private static func isLogin(_ header: String?) -> Bool {
        guard let header, header.hasPrefix("Basic ") else { return false }
        let parts = String(decoding: TransferEncoding.base64(header.dropFirst(6).utf8), as: UTF8.self).split(separator: ":")
        return parts.count == 2 && parts[0].contains("@")
    }

    /// The form's fields; empty if the body has another type, so that all fields are missing.
    private static func form(_ request: ServiceRequest) -> [String: String] {
        guard request.header("content-type")?.hasPrefix("application/x-www-form-urlencoded") == true else { return [:] }
        let fields = WebRequest("POST", "/?" + String(decoding: request.body, as: UTF8.self)).query
        return Dictionary(fields.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    }

    private static func posted(_ form: [String: String]) -> ServiceVerdict {
        for name in ["type", "to", "topic", "content"] where form[name] == nil { return .refused(missing(name)) }
        guard ["stream", "channel"].contains(form["type"]) else { return .refused(error(400, "BAD_REQUEST", "Invalid type")) }
        // The real Zulip truncates a long topic without an error.
        if (form["topic"] ?? "").unicodeScalars.count > 60 { return .refused(tooLong("topic", 60)) }
        if let problem = problem(of: form["content"]) { return .refused(problem) }
        return .posted(payload: shown(form)) { .json(200, ["result": "success", "msg": "", "id": .int($0)]) }
    }

    private static func edited(_ form: [String: String], _ id: String, _ exists: @Sendable (Int) -> Bool) -> ServiceVerdict {
        guard let number = Int(id), exists(number) else { return .refused(error(400, "BAD_REQUEST", "Invalid message(s)")) }
        guard form["content"] != nil else { return .refused(error(400, "BAD_REQUEST", "Nothing to change")) }
        if let problem = problem(of: form["content"]) { return .refused(problem) }
        return .edited(number, payload: shown(form), answer: .json(200, ["result": "success", "msg": "", "detached_uploads": []]))
    }

    private static func problem(of content: String?) -> WebResponse? {
        let content = content ?? ""
        if content.allSatisfy(\.isWhitespace) { return error(400, "BAD_REQUEST", "Message must not be empty") }
        if content.utf8.contains(0) { return error(400, "BAD_REQUEST", "Message must not contain null bytes") }
        return content.unicodeScalars.count > 10_000 ? tooLong("content", 10_000) : nil
    }

    private static func shown(_ form: [String: String]) -> JSONValue { .object(form.mapValues(JSONValue.string)) }

    private static func missing(_ name: String) -> WebResponse {
        .json(
            400,
            [
                "result": "error", "code": "REQUEST_VARIABLE_MISSING", "var_name": .string(name),
                "msg": .string("Missing '\(name)' argument"),
            ])
    }

    private static func tooLong(_ name: String, _ most: Int) -> WebResponse {
        error(400, "BAD_REQUEST", "\(name): Zulip would cut it to \(most) characters, this double refuses it")
    }

    private static func error(_ status: Int, _ code: String, _ message: String) -> WebResponse {
        .json(status, ["result": "error", "code": .string(code), "msg": .string(message)])
    }

    /// The wait is in seconds with a fraction, in the body under a hyphenated name and in the header.
    static func tooMany(seconds: Double, now: Timestamp) -> WebResponse {
        var answer = WebResponse.json(
            429,
            [
                "result": "error", "code": "RATE_LIMIT_HIT", "msg": .string("API usage exceeded rate limit"),
                "retry-after": .number("\(seconds)"),
            ])
        answer.headers += [
            ("Retry-After", "\(seconds)"), ("X-RateLimit-Limit", "200"), ("X-RateLimit-Remaining", "0"),
            ("X-RateLimit-Reset", "\(now.seconds + Int64(seconds.rounded(.up)))"),
        ]
        return answer
    }

    static func card(_ payload: JSONValue) -> Markup {
        let topic: Markup? = payload["topic"]?.string.map { "<p class=\"context\">\(payload["to"]?.string ?? "") › \($0)</p>" }
        var words = payload["content"]?.string ?? "", link: JSONValue?
        // This is the only link that the relay writes.
        if let start = words.firstRange(of: "\n\n[Open]("), let end = words[start.upperBound...].firstIndex(of: ")") {
            link = .string(String(words[start.upperBound..<end]))
            words.removeSubrange(start.lowerBound...end)
        }
        return "\(topic)\(Backslashed.markup(words))\(link.map { CardParts.links([("Open", $0)]) } ?? nil)"
    }
}
