import Pages
import RelayCore
import RelaySupport

/// A double of Pushover: `POST /hooks/pushover/1/messages.json`, and the request that cancels an emergency message.
/// Source: https://pushover.net/api
enum PushoverDouble: ServiceDouble {
    static let kind = InboxMessage.Kind.pushover
    static let title = "Pushover"
    private static let receipt = "receipt"

    static func judge(_ request: ServiceRequest) -> ServiceVerdict {
        guard request.method == "POST", let message = request.object else { return .refused(refusal(["message cannot be blank"])) }
        guard message["token"]?.string?.utf8.count == 30 else {
            return .refused(refusal(["application token is invalid"], ["token": "invalid"]))
        }
        if request.segments.first == "1", request.segments.count == 4, request.segments[1] == "receipts",
            request.segments[3] == "cancel.json"
        {
            let number = Int(request.segments[2].dropFirst(receipt.count))
            guard request.segments[2].hasPrefix(receipt), number.map(request.exists) == true else {
                return .refused(refusal(["receipt not found"], ["receipt": "not found"]))
            }
            return .answered(.json(200, ["status": 1, "request": "c"]))
        }
        guard request.segments == ["1", "messages.json"] else { return .refused(WebResponse(404, type: "text/plain", "")) }
        guard message["user"]?.string?.utf8.count == 30 else {
            return .refused(refusal(["user identifier is invalid"], ["user": "invalid"]))
        }
        if let problem = problem(of: message) { return .refused(refusal([problem])) }
        let isEmergency = message["priority"]?.int == 2
        return .posted { number in
            .json(
                200,
                isEmergency ? ["status": 1, "request": "r", "receipt": .string("\(receipt)\(number)")] : ["status": 1, "request": "r"])
        }
    }

    private static func problem(of message: JSONValue) -> String? {
        let text = message["message"]?.string ?? ""
        if text.allSatisfy(\.isWhitespace) { return "message cannot be blank" }
        if text.unicodeScalars.count > 1_024 { return "message is too long" }
        if (message["title"]?.string ?? "").unicodeScalars.count > 250 { return "title is too long" }
        if (message["url"]?.string ?? "").unicodeScalars.count > 512 { return "url is too long" }
        if (message["url_title"]?.string ?? "").unicodeScalars.count > 100 { return "url_title is too long" }
        guard let priority = message["priority"]?.int, (-2...2).contains(priority) else { return "priority is invalid" }
        guard priority == 2 else { return nil }
        guard let retry = message["retry"]?.int, retry >= 30 else { return "retry must be supplied and at least 30" }
        guard let expire = message["expire"]?.int, expire <= 10_800 else { return "expire must be supplied and at most 10800" }
        return expire / retry > 50 ? "more than 50 repeats" : nil
    }

    private static func refusal(_ errors: [String], _ more: [String: JSONValue] = [:]) -> WebResponse {
        .json(400, .object(["status": 0, "request": "r", "errors": .array(errors.map(JSONValue.string))].merging(more) { $1 }))
    }

    /// The response says that the monthly quota is used up, and when it resets, in epoch seconds.
    static func tooMany(seconds: Double, now: Timestamp) -> WebResponse {
        var answer = WebResponse.json(429, ["status": 0, "errors": ["application is over its monthly quota"]])
        answer.headers.append(("X-Limit-App-Reset", "\((now + .seconds(Int64(seconds.rounded(.up)))).seconds)"))
        return answer
    }

    static func card(_ payload: JSONValue) -> Markup {
        let priority = payload["priority"]?.int ?? 0
        let note = priority == 2 ? "emergency: repeats until it is acknowledged" : "priority \(priority)"
        return """
            <div class="\(priority > 0 ? "bar danger" : "bar")"><h3>\(payload["title"]?.string ?? "")</h3>\
            \(CardParts.plain(payload["message"]?.string ?? ""))\(CardParts.links(payload["url"].map { [(payload["url_title"], $0)] } ?? []))\
            <p class="context">\(note)</p></div>
            """
    }
}
