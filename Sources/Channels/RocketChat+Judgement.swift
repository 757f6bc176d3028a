import RelayCore
import RelaySupport
import Transport

extension RocketChat {
    /// Refines the common verdict by the server's words, which are not a stable interface. Only words from the list below are repeated.
    static func judge(_ common: DeliveryError?, _ response: HTTPResponse, _ json: JSONValue, now: Timestamp) -> DeliveryError? {
        let status = response.status
        guard let common else {
            if json["success"]?.bool == false { return meaning(of: json, status: status) }
            return response.errorInBody(json, own: known)
        }
        switch status {
        case 429:
            return DeliveryError(
                .throttled(after: wait(response, now: now) ?? common.wish), .rateLimited, "answered 429: too many requests", status: status)
        // A disabled integration returns a bare 503, and so does a server that is starting.
        case 503 where common.wish == nil:
            return DeliveryError(.suspect, .serverError, "answered 503: unavailable, or the integration is switched off", status: status)
        case 400 where json["success"]?.bool == false: return meaning(of: json, status: status)
        case 401 where json.object != nil: return DeliveryError(.gone, .unauthorized, "answered 401: its user is no more", status: status)
        case 404 where words(json).contains("invalid integration"): return meaning(of: json, status: status)
        default: return common
        }
    }

    /// The wait until `X-RateLimit-Reset`, a point in time in milliseconds since 1970.
    private static func wait(_ response: HTTPResponse, now: Timestamp) -> Duration? {
        guard let reset = response.header("x-ratelimit-reset").flatMap({ Int64($0) }), (0...(1 << 50)).contains(reset) else { return nil }
        let wait = now.duration(to: Timestamp(milliseconds: reset))
        return RetryAfter.limited(wait)
    }

    @Sendable static func takes(_ response: HTTPResponse, _ json: JSONValue) -> Bool { json["success"]?.bool == true }

    private static let known = [
        ErrorWord("size-exceeded", .trimmings, .tooLarge), ErrorWord("match error", .trimmings, .rejected),
        ErrorWord("too many requests", .throttled(after: nil), .rateLimited),
        ErrorWord("invalid integration", .gone, .notFound), ErrorWord("invalid-channel", .gone, .notFound),
        ErrorWord("invalid-room", .gone, .notFound), ErrorWord("overriding destination", .gone, .rejected),
        ErrorWord("not-allowed", .gone, .unauthorized), ErrorWord("not allowed", .gone, .unauthorized),
        ErrorWord("you_are_readonly", .gone, .unauthorized), ErrorWord("room_is_blocked", .gone, .unauthorized),
        ErrorWord("room_is_archived", .gone, .notFound),
    ]

    /// The verdict for a response that says the message was not accepted. An integration script can return any text, so unknown words are
    /// *suspect*: the delivery is tried again for a while.
    private static func meaning(of json: JSONValue, status: Int) -> DeliveryError {
        let words = words(json)
        guard let known = known.first(where: { words.contains($0.part) }) else {
            return DeliveryError(.suspect, .rejected, "answered \(status): it refuses, in words of its own", status: status)
        }
        return DeliveryError(known.verdict, known.reason, "answered \(status): \(known.part)", status: status)
    }

    private static func words(_ json: JSONValue) -> String {
        [json["error"]?.word, json["message"]?.word, json["errorType"]?.word].compactMap { $0 }.joined(separator: " ").lowercased()
    }
}
