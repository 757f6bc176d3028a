import RelayCore
import RelaySupport
import Transport

extension Slack {
    /// The words with which Slack and services that take its webhooks refuse. Only these words are repeated.
    /// Sources: https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks,
    /// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
    static let words: [ErrorWord] =
        [
            "user_not_found", "action_prohibited", "posting_to_general_channel_denied", "invalid_token", "channel_not_found",
            "no_service_id", "no_service", "no_active_hooks", "no_team", "team_disabled", "channel_is_archived", "is_archived",
        ].map { ErrorWord($0, .gone, .notFound) }
        + [
            "invalid_payload", "invalid_blocks_format", "invalid_blocks", "invalid_attachments", "too_many_attachments",
            "msg_blocks_too_long", "msg_too_long",
        ].map { ErrorWord($0, .trimmings, .rejected) }
        + [
            ErrorWord("no_text", .refused, .rejected), ErrorWord("missing_text_or_fallback_or_attachments", .refused, .rejected),
            ErrorWord("rollup_error", .retry(after: nil), .serverError),
        ]

    /// Slack itself answers `ok`; services that take its webhooks answer in other ways.
    @Sendable static func takes(_ response: HTTPResponse, _ json: JSONValue) -> Bool {
        json == .null && response.text == "ok" || json["ok"]?.bool == true
    }

    /// Refines the common verdict by the word in Slack's response body.
    static func judge(_ common: DeliveryError?, _ response: HTTPResponse, _ json: JSONValue) -> DeliveryError? {
        guard let common else { return response.errorInBody(json, own: words) }
        guard (400...499).contains(response.status), response.status != 429, !response.isPage,
            let word = ErrorWord.first(of: words, in: json.saidError ?? response.text)
        else { return common }
        return DeliveryError(word.verdict, word.reason, "answered \(response.status): \(word.part)", status: response.status)
    }
}
