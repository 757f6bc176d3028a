import Pages
import RelayCore
import RelaySupport

/// A double of the Events API v2: `POST /hooks/pagerduty/v2/enqueue`.
/// Source: https://developer.pagerduty.com/docs/send-alert-event
enum PagerDutyDouble: ServiceDouble {
    static let kind = InboxMessage.Kind.pagerduty
    static let title = "PagerDuty"

    static func judge(_ request: ServiceRequest) -> ServiceVerdict {
        guard request.method == "POST", request.segments == ["v2", "enqueue"] else {
            return .refused(WebResponse(404, type: "text/plain", ""))
        }
        if request.body.count > 512_000 { return .refused(WebResponse(413, type: "text/plain", "")) }
        guard let event = request.object else { return .refused(invalid("JSON could not be parsed")) }
        if let problem = problem(of: event) { return .refused(invalid(problem)) }
        guard let key = event["dedup_key"]?.string else { return .posted { processed("generated\($0)") } }
        return .replaced(key: key) { _ in processed(key) }
    }

    private static func processed(_ key: String) -> WebResponse {
        .json(202, ["status": "success", "message": "Event processed", "dedup_key": .string(key)])
    }

    private static func problem(of event: JSONValue) -> String? {
        guard event["routing_key"]?.string?.utf8.count == 32 else {
            return "Length of 'routing_key' is incorrect (should be 32 characters)"
        }
        guard ["trigger", "acknowledge", "resolve"].contains(event["event_action"]?.string ?? "") else {
            return "'event_action' is invalid"
        }
        if (event["dedup_key"]?.string ?? "").utf16.count > 255 { return "'dedup_key' is too long" }
        guard event["event_action"]?.string == "trigger" else {
            return event["dedup_key"] == nil ? "'dedup_key' is missing or blank" : nil
        }
        let payload = event["payload"] ?? .null
        guard let summary = payload["summary"]?.string, !summary.isEmpty else { return "'payload.summary' is missing or blank" }
        if summary.utf16.count > 1_024 { return "'payload.summary' is too long" }
        guard ["critical", "error", "warning", "info"].contains(payload["severity"]?.string ?? "") else {
            return "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')"
        }
        return payload["source"]?.string?.isEmpty == false ? nil : "'payload.source' is missing or blank"
    }

    private static func invalid(_ what: String) -> WebResponse {
        .json(400, ["status": "invalid event", "message": "Event object is invalid", "errors": [.string(what)]])
    }

    /// The response does not say how long to wait.
    static func tooMany(seconds: Double, now: Timestamp) -> WebResponse { WebResponse(429, type: "text/plain", "Too many requests") }

    static func card(_ payload: JSONValue) -> Markup {
        let alert = payload["payload"] ?? .null
        let isOver = payload["event_action"]?.string == "resolve"
        let facts = ["severity", "component", "class"].compactMap { name in alert[name]?.string.map { (name, $0) } }
        let links = (payload["links"]?.array ?? []).map { ($0["text"], $0["href"]) }
        return """
            <div class="\(isOver ? "bar good" : "bar danger")"><h3>\(isOver ? "Resolved: " : "")\(alert["summary"]?.string ?? "")</h3>\
            \(CardParts.plain(alert["custom_details"]?["text"]?.string ?? ""))\(CardParts.fields(facts))\(CardParts.links(links))</div>
            """
    }
}
