package import RelayCore
import RelaySupport
package import Transport

extension Slack {
    /// Refines the common verdict by the word in Slack's response body; only words from the lists below are repeated.
    /// Sources: https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks,
    /// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
    package static func judge(_ response: HTTPResponse, now: Timestamp) -> DeliveryError? {
        let word = word(of: response)
        let common = Channels.judge(response, now: now)
        guard let common else { return response.status == 200 && word == "ok" ? nil : notTaken(word, status: response.status) }
        guard (400...499).contains(response.status), let word, response.status != 429 else { return common }
        return sharpened(word, status: response.status) ?? common
    }

    private static let gone: Set<String> = [
        "user_not_found", "action_prohibited", "posting_to_general_channel_denied", "invalid_token", "channel_not_found",
        "no_service", "no_service_id", "no_active_hooks", "no_team", "team_disabled", "channel_is_archived", "is_archived",
    ]

    private static let refused: Set<String> = [
        "invalid_payload", "invalid_blocks", "invalid_blocks_format", "no_text", "too_many_attachments", "msg_too_long",
        "msg_blocks_too_long", "missing_text_or_fallback_or_attachments",
    ]

    private static func sharpened(_ word: String, status: Int) -> DeliveryError? {
        let detail = "answered \(status): \(word)"
        if gone.contains(word) { return DeliveryError(.gone, .notFound, detail, status: status) }
        if refused.contains(word) { return DeliveryError(.refused, .rejected, detail, status: status) }
        return nil
    }

    /// The verdict for a good status without `ok`: something else responded in Slack's place, or Slack refused in the style of its Web API.
    /// If the body is not understood, the message may have been posted.
    private static func notTaken(_ word: String?, status: Int) -> DeliveryError {
        if let word, let error = sharpened(word, status: status) { return error }
        if let word, ["ratelimited", "rate_limited"].contains(word) {
            return DeliveryError(.throttled(after: nil), .rateLimited, "answered \(status): \(word)", status: status)
        }
        return DeliveryError(.uncertain, .badAnswer, "answered \(status), but not with the 'ok' of Slack", status: status)
    }

    /// The body as a word, or its `error` if the body is JSON with `"ok": false`.
    private static func word(of response: HTTPResponse) -> String? {
        guard response.body.count <= 4_096 else { return nil }
        if let json = try? JSONValue(parsing: response.body), json["ok"]?.bool == false { return json["error"]?.string }
        return String(decoding: response.body, as: UTF8.self).trimmed
    }
}
