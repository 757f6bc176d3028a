import Channels
import RelayCore
import RelayTesting
import Testing
import Transport

struct JudgementTests {
    private let now = Timestamp(seconds: 1_795_510_800)

    static let refused = [400, 402, 405, 406, 411, 412, 413, 414, 415, 416, 417, 418, 422, 424, 426, 428, 431, 499]
    static let suspect = [401, 403, 404, 407, 451]
    static let gone = [300, 301, 302, 303, 304, 307, 308, 410, 501, 505, 511]
    static let retried = [408, 409, 421, 423, 425, 500, 502, 503, 504, 506, 507, 508, 510, 520, 521, 599]

    @Test(arguments: 200...299)
    func `every 2xx is accepted`(status: Int) { #expect(judge(HTTPResponse(status: status), now: now) == nil) }

    @Test(arguments: [
        (refused, DeliveryError.Verdict.refused), (suspect, .suspect), (gone, .gone), (retried, .retry(after: nil)),
        ([429], .throttled(after: nil)), ([0, 100, 199, 600, 999, -1], .retry(after: nil)),
    ])
    func `every status has its verdict`(statuses: [Int], verdict: DeliveryError.Verdict) {
        for status in statuses {
            let error = judge(HTTPResponse(status: status), now: now)
            #expect(error?.verdict == verdict, "\(status)")
            #expect(error?.status == status)
        }
    }

    @Test(arguments: [
        (429, DeliveryError.Verdict.throttled(after: .seconds(7))), (503, .throttled(after: .seconds(7))),
        (500, .retry(after: .seconds(7))), (502, .retry(after: .seconds(7))), (408, .retry(after: .seconds(7))),
        (404, .suspect), (400, .refused), (410, .gone),
    ])
    func `the wish to wait is heard where waiting helps`(status: Int, verdict: DeliveryError.Verdict) {
        #expect(judge(HTTPResponse(status: status, headers: [("retry-after", "7")]), now: now)?.verdict == verdict)
    }

    @Test func `a redirect is told by its host alone`() {
        let response = HTTPResponse(status: 302, headers: [("location", "https://login.example/?next=/services/hush")])
        #expect(judge(response, now: now)?.detail == "answered 302: a redirect to login.example, which is never followed")
        let relative = HTTPResponse(status: 302, headers: [("location", "/hush")])
        #expect(judge(relative, now: now)?.detail == "answered 302: a redirect, which is never followed")
    }

    @Test(arguments: TransportError.Reason.allCases, [true, false])
    func `without an response it depends on whether something left`(reason: TransportError.Reason, isIdempotent: Bool) {
        let sent = judge(TransportError(reason, sent: true, "it broke"), idempotent: isIdempotent)
        let unsent = judge(TransportError(reason, sent: false, "it broke"), idempotent: isIdempotent)
        switch reason {
        case .badRequest:
            #expect(sent.verdict == .refused)
            #expect(unsent.verdict == .refused)
        case .forbiddenAddress:
            #expect(sent.verdict == .uncertain)
            #expect(unsent.verdict == .suspect)
        default:
            #expect(sent.verdict == .uncertain)
            #expect(unsent.verdict == .retry(after: nil))
            #expect(sent.detail.hasSuffix(isIdempotent ? "a resend bears the same id" : "a resend may show twice"))
        }
        #expect(sent.reason == unsent.reason)
    }

    @Test(
        arguments: [
            ("ok", 200, nil), ("ok\n", 200, nil), ("", 200, nil), ("<html>an error</html>", 200, nil),
            ("ok", 202, nil), (#"{"success":true}"#, 200, nil), (#"{"result":"success"}"#, 200, nil), ("", 204, nil),
            (#"{"ok":true,"error":null}"#, 200, nil), ("no error", 200, nil), ("done", 200, nil),
            ("an error occurred", 200, DeliveryError.Verdict.refused), (#"{"success":false}"#, 200, .refused),
            (#"{"ok":false,"error":"channel_not_found"}"#, 200, .gone),
            (#"{"ok":false,"error":"invalid_blocks"}"#, 200, .trimmings),
            (#"{"ok":false,"error":"ratelimited"}"#, 200, .throttled(after: nil)),
            (#"{"ok":false,"error":"surprise"}"#, 200, .refused),
            ("invalid_payload", 400, .trimmings), ("invalid_blocks", 400, .trimmings), ("no_text", 400, .refused),
            ("too_many_attachments", 400, .trimmings), ("missing_text_or_fallback_or_attachments", 400, .refused),
            ("user_not_found", 400, .gone), ("action_prohibited", 403, .gone), ("posting_to_general_channel_denied", 403, .gone),
            ("invalid_token", 403, .gone), ("who_knows", 403, .suspect), ("channel_not_found", 404, .gone),
            ("no_service", 404, .gone),
            ("no_service_id", 404, .gone), ("no_active_hooks", 404, .gone), ("no_team", 404, .gone), ("team_disabled", 404, .gone),
            ("<html>not here</html>", 404, .suspect), ("channel_is_archived", 410, .gone),
            ("rate_limited", 429, .throttled(after: nil)),
            ("no_service", 429, .throttled(after: nil)), ("rollup_error", 500, .retry(after: nil)),
            ("no_service", 503, .retry(after: nil)),
            ("what", 402, .refused),
        ] as [(String, Int, DeliveryError.Verdict?)])
    func `Slack says in its body what the status does not`(body: String, status: Int, meaning: DeliveryError.Verdict?) async throws {
        #expect(try await verdict(of: "slack", status, body) == meaning)
    }
}

struct MailJudgementTests {
    @Test(
        arguments: [
            (.accepted, 250, nil), (.accepted, 251, nil), (.startTLS, 250, .gone), (.data, 354, .uncertain),
            (.recipient, 0, .retry(after: nil)),
        ] as [(MailResponse.Stage, Int, DeliveryError.Verdict?)])
    func `only a 2xx to the mail is accepted`(stage: MailResponse.Stage, code: Int, verdict: DeliveryError.Verdict?) {
        #expect(judge(MailResponse(stage: stage, code: code))?.verdict == verdict)
    }

    @Test func `the words of the server are told on one line, but never those about a password`() {
        let refusal = MailResponse(stage: .recipient, code: 550, enhanced: "5.1.1", text: "no such user\r\nX: y\u{1B}[0m")
        #expect(judge(refusal)?.detail == "550 5.1.1 to RCPT TO: no such user X: y[0m")
        let login = MailResponse(stage: .login, code: 535, enhanced: "5.7.8", text: "AGFubgBzZXNhbWU= is wrong")
        #expect(judge(login)?.detail == "535 5.7.8 to AUTH")
    }
}
