import RelayCore

@testable import Channels

/// One row of a table in `docs/destinations.md`: a response of a service, and the verdict on it.
struct VerdictRow: Sendable {
    /// What comes, in the words of the page.
    var what: String
    var status: Int
    var body: String
    var headers: [(name: String, value: String)] = []
    /// Nil means delivered.
    var verdict: DeliveryError.Verdict?
    /// The response is to an edit of an earlier message.
    var isEdit = false

    init(
        _ what: String, _ status: Int, _ body: String = "", _ verdict: DeliveryError.Verdict?, headers: [(String, String)] = [],
        isEdit: Bool = false
    ) {
        self.what = what
        self.status = status
        self.body = body
        self.headers = headers
        self.verdict = verdict
        self.isEdit = isEdit
    }

    /// The verdict in the words of the page.
    var meaning: String { verdict.map(Self.meaning) ?? "delivered" }

    static func meaning(_ verdict: DeliveryError.Verdict) -> String {
        switch verdict {
        case .retry: "owed, tried again"
        case .throttled: "the lane waits, then sends one"
        case .unavailable: "the lane is down, everything stays owed"
        case .refused: "dead"
        case .doubtful: "owed, tried again after a minute; dead at the third time"
        case .trimmings: "sent once more, plain"
        case .gone: "the lane closes, everything stays owed"
        case .suspect: "tried for half an hour, then the lane closes"
        case .uncertain: "may have arrived; sent again"
        case .vanished: "the message to edit is gone; posted once more"
        }
    }
}

/// The tables, by type. Each row is tested through the type's channel.
enum VerdictTable {
    /// Responses that mean the same for every type with a verdict in the body.
    static let common: [VerdictRow] = [
        VerdictRow("2xx without a body", 200, "", nil), VerdictRow("2xx with a web page", 200, "<!DOCTYPE html><p>an error", nil),
        VerdictRow("2xx that is not understood", 200, #"{"strange":[1]}"#, nil),
        VerdictRow("2xx that says `error` or `fail`", 200, "an error occurred", .refused),
        VerdictRow("2xx that says `denied` or `expired`", 200, #"{"error":"token expired"}"#, .gone),
        VerdictRow("2xx that says `too many requests`, a rate limit, or HTTP error 429", 200, "too many requests", .throttled(after: nil)),
        VerdictRow("413, 414, 431", 413, "", .trimmings), VerdictRow("3xx, 410", 302, "", .gone),
    ]

    static let types: [(type: String, rows: [VerdictRow])] = [
        (
            "slack",
            [
                VerdictRow("200 `ok`, `{\"success\":true}`, `{\"result\":\"success\"}`, 204", 200, #"{"success":true}"#, nil),
                VerdictRow(
                    "`invalid_payload`, `invalid_blocks`, `msg_too_long`, `too_many_attachments`", 400, "invalid_blocks", .trimmings),
                VerdictRow("`no_text`", 400, "no_text", .refused),
                VerdictRow("`no_service`, `channel_not_found`, `channel_is_archived`, `invalid_token`", 404, "no_service", .gone),
                VerdictRow("other 403, 404", 403, "who_knows", .suspect),
                VerdictRow("429", 429, "", .throttled(after: .seconds(7)), headers: [("retry-after", "7")]),
                VerdictRow("5xx", 500, "rollup_error", .retry(after: nil)),
            ]
        ),
        (
            "discord",
            [
                VerdictRow("200 with the message, 204", 200, #"{"id":"7"}"#, nil),
                VerdictRow("400 with 50035 or 240000, 413 with 40005", 400, #"{"code":50035}"#, .trimmings),
                VerdictRow("400 with 160005, 50083 or 220001–220003", 400, #"{"code":50083}"#, .gone),
                VerdictRow("401 with 50027, 404 with 10003 or 10015", 404, #"{"code":10015}"#, .gone),
                VerdictRow("404 with 10008 to an edit", 404, #"{"code":10008}"#, .vanished, isEdit: true),
                VerdictRow("403 with 40333 or without a code (Cloudflare)", 403, #"{"code":40333}"#, .retry(after: .seconds(600))),
                VerdictRow("429", 429, #"{"retry_after":0.5}"#, .throttled(after: .milliseconds(500))),
                VerdictRow("5xx", 502, "", .retry(after: nil)),
            ]
        ),
        (
            "teams",
            [
                VerdictRow("200, 201, 202, 204", 202, "", nil),
                VerdictRow("2xx that says HTTP error 413", 200, "returned HTTP error 413", .trimmings),
                VerdictRow("2xx that says HTTP error 429", 200, "returned HTTP error 429", .throttled(after: nil)),
                VerdictRow("2xx that says HTTP error 404", 200, "returned HTTP error 404", .gone),
                VerdictRow("2xx that says HTTP error 5xx", 200, "returned HTTP error 503", .retry(after: nil)),
                VerdictRow(
                    "400 `TriggerInputSchemaMismatch`", 400, #"{"error":{"code":"TriggerInputSchemaMismatch"}}"#, .trimmings),
                VerdictRow("400 `WorkflowTriggerIsNotEnabled`", 400, #"{"error":{"code":"WorkflowTriggerIsNotEnabled"}}"#, .gone),
                VerdictRow("401, 403, 404 in Microsoft's words", 401, #"{"error":{"code":"Unauthorized"}}"#, .gone),
                VerdictRow("401, 403, 404 in other words", 404, "<html>", .suspect), VerdictRow("429", 429, "", .throttled(after: nil)),
                VerdictRow("5xx", 500, "", .retry(after: nil)),
            ]
        ),
        (
            "google_chat",
            [
                VerdictRow("200 with the message", 200, #"{"name":"spaces/A/messages/B"}"#, nil),
                VerdictRow("400 `INVALID_ARGUMENT`", 400, #"{"error":{"status":"INVALID_ARGUMENT"}}"#, .trimmings),
                VerdictRow("401, 403, 404 in Google's words", 404, #"{"error":{"status":"NOT_FOUND"}}"#, .gone),
                VerdictRow("429", 429, "", .throttled(after: nil)), VerdictRow("5xx", 500, "", .retry(after: nil)),
            ]
        ),
        (
            "mattermost",
            [
                VerdictRow("200 `ok`", 200, "ok", nil),
                VerdictRow(
                    "400 about length, priority, attachments or actions", 400,
                    #"{"id":"web.incoming_webhook.split_props_length.app_error"}"#, .trimmings),
                VerdictRow("400 about the webhook, its user or team", 400, #"{"id":"web.incoming_webhook.invalid.app_error"}"#, .gone),
                VerdictRow("other 400 in its words", 400, #"{"id":"web.incoming_webhook.text.app_error"}"#, .trimmings),
                VerdictRow("403, 404 in Mattermost's words, 501", 403, #"{"id":"api.context.permissions.app_error"}"#, .gone),
                VerdictRow("429", 429, "", .throttled(after: .seconds(9)), headers: [("x-ratelimit-reset", "9")]),
                VerdictRow("5xx", 500, "", .retry(after: nil)),
            ]
        ),
        (
            "rocketchat",
            [
                VerdictRow("200 `{\"success\":true}`, `ok`", 200, "ok", nil),
                VerdictRow("`error-message-size-exceeded`, `Match error`", 400, #"{"success":false,"error":"Match error"}"#, .trimmings),
                VerdictRow(
                    "`invalid-channel`, `not-allowed`, `room_is_archived`, invalid integration", 400,
                    #"{"success":false,"error":"invalid-channel"}"#, .gone),
                VerdictRow("`success: false` in other words", 400, #"{"success":false,"error":"script"}"#, .suspect),
                VerdictRow("503 without a wait (the integration is off)", 503, "", .suspect),
                VerdictRow("429", 429, "", .throttled(after: nil)), VerdictRow("other 5xx", 500, "", .retry(after: nil)),
            ]
        ),
        (
            "telegram",
            [
                VerdictRow("200 `ok: true`", 200, #"{"ok":true,"result":{"message_id":7}}"#, nil),
                VerdictRow(
                    "400 about entities, length, a URL, buttons or the topic", 400,
                    #"{"ok":false,"description":"Bad Request: message thread not found"}"#, .trimmings),
                VerdictRow(
                    "400 `message is not modified`", 400, #"{"ok":false,"description":"message is not modified"}"#, nil, isEdit: true),
                VerdictRow(
                    "400 `message to edit not found`", 400, #"{"ok":false,"description":"message to edit not found"}"#, .vanished,
                    isEdit: true),
                VerdictRow("400 `chat not found`", 400, #"{"ok":false,"description":"Bad Request: chat not found"}"#, .gone),
                VerdictRow("401, 403, 404", 403, #"{"ok":false,"description":"Forbidden: bot was kicked"}"#, .gone),
                VerdictRow("429", 429, #"{"ok":false,"parameters":{"retry_after":5}}"#, .throttled(after: .seconds(5))),
                VerdictRow("5xx", 502, "", .retry(after: nil)),
            ]
        ),
        (
            "matrix",
            [
                VerdictRow("200 with `event_id`", 200, #"{"event_id":"$a"}"#, nil),
                VerdictRow("`M_TOO_LARGE`, `M_BAD_JSON`, `M_INVALID_PARAM`", 413, #"{"errcode":"M_TOO_LARGE"}"#, .trimmings),
                VerdictRow("`M_UNKNOWN_TOKEN`, `M_FORBIDDEN`, `M_NOT_FOUND`", 403, #"{"errcode":"M_FORBIDDEN"}"#, .gone),
                VerdictRow(
                    "`M_LIMIT_EXCEEDED`", 429, #"{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":2000}"#, .throttled(after: .seconds(2))),
                VerdictRow("5xx", 502, "", .retry(after: nil)),
            ]
        ),
        (
            "zulip",
            [
                VerdictRow("200 `success`", 200, #"{"result":"success","id":42}"#, nil),
                VerdictRow(
                    "`STREAM_WILDCARD_MENTION_NOT_ALLOWED`, `TOPIC_WILDCARD_MENTION_NOT_ALLOWED`, message too long", 400,
                    #"{"result":"error","code":"STREAM_WILDCARD_MENTION_NOT_ALLOWED","msg":"no"}"#, .trimmings),
                VerdictRow("`STREAM_DOES_NOT_EXIST`, not authorized", 400, #"{"code":"STREAM_DOES_NOT_EXIST"}"#, .gone),
                VerdictRow("`BAD_REQUEST` to an edit", 400, #"{"code":"BAD_REQUEST"}"#, .vanished, isEdit: true),
                VerdictRow("other 400", 400, #"{"code":"BAD_REQUEST"}"#, .refused),
                VerdictRow("`UNAUTHORIZED`, `INVALID_API_KEY`, `USER_DEACTIVATED`", 401, #"{"code":"UNAUTHORIZED"}"#, .gone),
                VerdictRow("429", 429, #"{"retry-after":2.5}"#, .throttled(after: .milliseconds(2_500))),
                VerdictRow("5xx", 500, "", .retry(after: nil)),
            ]
        ),
        (
            "ntfy",
            [
                VerdictRow("200 with `id`", 200, #"{"id":"a"}"#, nil),
                VerdictRow("400 with a code 400xx, 413", 400, #"{"code":40041}"#, .trimmings),
                VerdictRow("401 with 40101, 403 with 40301, 404 with 40401", 403, #"{"code":40301}"#, .gone),
                VerdictRow("429", 429, #"{"code":42901}"#, .throttled(after: .seconds(5))),
                VerdictRow("429 with 42908 (the day's quota)", 429, #"{"code":42908}"#, .throttled(after: .seconds(3_600))),
                VerdictRow("5xx", 507, "", .retry(after: nil)),
            ]
        ),
        (
            "gotify",
            [
                VerdictRow("200 with `id`", 200, #"{"id":25}"#, nil),
                VerdictRow("400 in Gotify's words", 400, #"{"error":"Bad Request","errorCode":400}"#, .trimmings),
                VerdictRow("401, 403, 404 in Gotify's words", 401, #"{"error":"Unauthorized","errorCode":401}"#, .gone),
                VerdictRow("401, 403, 404 in other words", 401, "", .suspect), VerdictRow("5xx", 500, "", .retry(after: nil)),
            ]
        ),
        (
            "pushover",
            [
                VerdictRow("200 `status: 1`", 200, #"{"status":1}"#, nil),
                VerdictRow("200 with another `status`", 200, #"{"status":0}"#, .refused),
                VerdictRow(
                    "4xx about URL, title, priority or length", 400, #"{"status":0,"errors":["url is too long"]}"#, .trimmings),
                VerdictRow("4xx about `token` or `user`", 400, #"{"status":0,"token":"invalid"}"#, .gone),
                VerdictRow("other 4xx in Pushover's words", 400, #"{"status":0,"errors":["x"]}"#, .refused),
                VerdictRow("429 (the month's quota)", 429, "", .throttled(after: .seconds(3_600))),
                VerdictRow("5xx", 500, "", .retry(after: .seconds(5))),
            ]
        ),
        (
            "pagerduty",
            [
                VerdictRow("202, other 2xx", 202, #"{"status":"success"}"#, nil),
                VerdictRow("400 about links, images or details", 400, #"{"errors":["links is invalid"]}"#, .trimmings),
                VerdictRow("400 about the routing key, 404", 400, #"{"errors":["Invalid routing key"]}"#, .gone),
                VerdictRow("other 400", 400, #"{"errors":["x"]}"#, .refused), VerdictRow("429", 429, "", .throttled(after: .seconds(30))),
                VerdictRow("5xx", 500, "", .retry(after: nil)),
            ]
        ),
        (
            "webhook",
            [
                VerdictRow("2xx, whatever its body is or does", 200, "an error", nil), VerdictRow("3xx, 410, 501", 302, "", .gone),
                VerdictRow("401, 403, 404", 404, "", .suspect),
                VerdictRow("408, 409, 421, 423, 425", 409, "", .retry(after: nil)),
                VerdictRow("413, 414, 431", 413, "", .trimmings), VerdictRow("other 4xx", 422, "", .refused),
                VerdictRow("429, 503 with `Retry-After`", 503, "", .throttled(after: .seconds(7)), headers: [("retry-after", "7")]),
                VerdictRow("other 5xx", 500, "", .retry(after: nil)),
            ]
        ),
    ]

    /// The tables as they stand in `docs/destinations.md`.
    static var markdown: String {
        let tables = [("Every type but `webhook`", common)] + types.map { ("`\($0.type)`", $0.rows) }
        let all = tables.map { title, rows in
            let lines = rows.map { "| \($0.what) | \($0.meaning) |" }
            return (["**\(title)**", "", "| response | verdict |", "| --- | --- |"] + lines).joined(separator: "\n")
        }
        return (all + [mail]).joined(separator: "\n\n")
    }

    /// The table of `email`: the first row that fits decides.
    private static var mail: String {
        let lines = [(MailVerdict.lasting, "5xx"), (MailVerdict.passing, "4xx")].flatMap { rows, group in
            rows.map { "| \(group): \(shape($0)) | \($0.subject.rawValue) | \(VerdictRow.meaning($0.verdict)) | \($0.source) |" }
        }
        return
            (["**`email`** (the first row that fits decides)", "", "| reply | about | verdict | source |", "| --- | --- | --- | --- |"]
            + lines).joined(separator: "\n")
    }

    private static func shape(_ row: MailVerdict) -> String {
        var parts: [String] = []
        if !row.replies.isEmpty { parts.append(row.replies.map(String.init).joined(separator: ", ")) }
        if !row.codes.isEmpty { parts.append(row.codes.map { "`\($0)\($0.hasSuffix(".") ? "x" : "")`" }.joined(separator: ", ")) }
        if !row.words.isEmpty { parts.append("says " + row.words.map { "“\($0)”" }.joined(separator: ", ")) }
        if !row.stages.isEmpty { parts.append("to " + row.stages.map(\.command).joined(separator: ", ")) }
        return parts.isEmpty ? "any other" : parts.joined(separator: "; ")
    }
}
