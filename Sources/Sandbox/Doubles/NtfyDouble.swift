import Pages
import RelayCore
import RelaySupport

/// A double of an ntfy server: `POST /hooks/ntfy/` with a JSON document that names its topic.
/// Sources: https://docs.ntfy.sh/publish/#publish-as-json, https://github.com/binwiederhier/ntfy/blob/main/server/errors.go
enum NtfyDouble: ServiceDouble {
    static let kind = InboxMessage.Kind.ntfy
    static let title = "ntfy"

    static func judge(_ request: ServiceRequest) -> ServiceVerdict {
        if request.method == "GET" {
            switch request.segments {
            case ["v1", "health"]: return .answered(.json(200, ["healthy": true]))
            case ["v1", "account"]: return .answered(.json(200, ["username": "relay", "role": "user"]))
            default: return .refused(error(404, 40_401, "page not found"))
            }
        }
        // A longer path would be a topic, and the document would become its message.
        guard request.segments.isEmpty, request.method == "POST" else { return .refused(error(404, 40_401, "page not found")) }
        guard request.body.count <= 8_192 else { return .refused(error(413, 41_303, "JSON body too large")) }
        guard let message = request.object else { return .refused(error(400, 40_024, "invalid request: request body must be valid JSON")) }
        if let problem = problem(of: message) { return .refused(problem) }
        let topic = message["topic"]?.string ?? ""
        guard let sequence = message["sequence_id"]?.string else { return .posted { .json(200, answer($0, topic)) } }
        return .replaced(key: "\(topic)/\(sequence)") { .json(200, answer($0, topic)) }
    }

    private static func answer(_ number: Int, _ topic: String) -> JSONValue {
        ["id": .string("ntfy\(number)"), "time": 1_795_510_800, "event": "message", "topic": .string(topic)]
    }

    private static func problem(of message: JSONValue) -> WebResponse? {
        guard isName(message["topic"]?.string ?? "") else { return error(400, 40_009, "invalid request: topic invalid") }
        if let sequence = message["sequence_id"], !isName(sequence.string ?? "") {
            return error(400, 40_049, "invalid request: sequence ID invalid")
        }
        if let priority = message["priority"] {
            guard case .number = priority, (1...5).contains(priority.int ?? 0) else {
                return error(400, 40_007, "invalid priority parameter")
            }
        }
        let actions = message["actions"]?.array ?? []
        guard actions.count <= 3, actions.allSatisfy({ $0["action"]?.string != nil && !($0["label"]?.string ?? "").isEmpty }) else {
            return error(400, 40_018, "invalid request: actions invalid")
        }
        // A server that stores attachments would have turned the text into one.
        if (message["message"]?.string ?? "").utf8.count > 4_096 {
            return error(413, 41_301, "attachment too large, or bandwidth limit reached")
        }
        return nil
    }

    /// Whether the text is a valid name of a topic or of a sequence.
    private static func isName(_ text: String) -> Bool { text.wholeMatch(of: /[-_A-Za-z0-9]{1,64}/) != nil }

    private static func error(_ status: Int, _ code: Int, _ message: String) -> WebResponse {
        .json(status, ["code": .int(code), "http": .int(status), "error": .string(message), "link": "https://ntfy.sh/docs/publish/"])
    }

    /// The response does not say how long to wait.
    static func tooMany(seconds: Double, now: Timestamp) -> WebResponse {
        error(429, 42_901, "limit reached: too many requests, please be nice")
    }

    static func card(_ payload: JSONValue) -> Markup {
        let tags = (payload["tags"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
        let context = ["priority \(payload["priority"]?.int ?? 3)", tags].filter { !$0.isEmpty }.joined(separator: " · ")
        let buttons = (payload["actions"]?.array ?? []).map { ($0["label"], $0["url"]) }
        return """
            <h3>\(payload["title"]?.string ?? "")</h3>\(CardParts.plain(payload["message"]?.string ?? "triggered"))\
            \(CardParts.links(buttons))<p class="context">\(context)</p>
            """
    }
}
