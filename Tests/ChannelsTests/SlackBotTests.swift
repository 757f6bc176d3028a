import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

@testable import Channels

struct SlackBotTests {
    private let keys: [String: Value] = [
        "token": "xoxb-hush-hush", "channel": "C0123456789", "api_url": "https://proxy.example/slack/api/",
    ]

    private func bot(_ http: ScriptedTransport = ScriptedTransport(status: 200, body: taken)) throws -> any Channel {
        try channel("slack", keys, tools: tools(http: http))
    }

    private static let taken = #"{"ok": true, "channel": "C0123456789", "ts": "1503435956.000247", "warning": "missing_charset"}"#

    @Test func `a message is a webhook's with its channel`() throws {
        let sent = try bot().preview(.of(.approval, .high, link: "https://relay.example/r/77aa"))
        expectGolden(json: sent, "slack/bot.approval.high.json")
    }

    @Test func `it is posted with the token in a header, below the path of the server`() async throws {
        let http = ScriptedTransport(status: 200, body: Self.taken)
        let receipt = try await bot(http).deliver(.of())
        #expect(receipt.remote == ["channel": "C0123456789", "ts": "1503435956.000247"])
        let request = try #require(http.requests.first)
        #expect(request.method == "POST")
        #expect(request.url.reveal() == "https://proxy.example/slack/api/chat.postMessage")
        #expect(request.guardsAgainstResend)
        #expect(request.headers.first { $0.name == "Authorization" }?.value.reveal() == "Bearer xoxb-hush-hush")
        #expect(request.headers.first { $0.name == "Content-Type" }?.value.reveal() == "application/json; charset=utf-8")
    }

    @Test func `an update changes the message where it stands, with its blocks and what guards it`() async throws {
        let http = ScriptedTransport(status: 200, body: Self.taken)
        let earlier = Receipt(["channel": "C0EARLIER", "ts": "1503435956.000200"])
        #expect(try await bot(http).update(earlier, with: .of(.decision)) == earlier)
        let request = try #require(http.requests.first)
        #expect(request.url.reveal() == "https://proxy.example/slack/api/chat.update")
        // Repeating the same edit changes nothing.
        #expect(!request.guardsAgainstResend)
        let body = try JSONValue(parsing: request.body ?? [])
        #expect(body["ts"] == "1503435956.000200")
        #expect(body["channel"] == "C0EARLIER")
        #expect(body["parse"] == "none")
        #expect(body["blocks"]?.array?.isEmpty == false)
        #expect(body["text"]?.string?.isEmpty == false)
    }

    @Test func `what cannot be found again is a message of its own`() async throws {
        let http = ScriptedTransport(status: 200, body: Self.taken)
        #expect(try await bot(http).update(Receipt(), with: .of()).remote["ts"] == "1503435956.000247")
        #expect(http.requests.first?.url.reveal().hasSuffix("chat.postMessage") == true)
    }

    @Test(arguments: [3_999, 4_000, 4_001, 40_000])
    func `the words beside the blocks stay below what an edit takes`(length: Int) throws {
        let sent = try JSONValue(parsing: Array(bot().preview(.of(body: String(repeating: "😀", count: length))).utf8))
        #expect((1...4_000).contains(sent["text"]?.string?.utf16.count ?? 0))
    }

    static let words: [(words: [String], verdict: DeliveryError.Verdict)] = [
        (["ratelimited", "rate_limited"], .throttled(after: nil)), (["internal_error", "fatal_error"], .retry(after: nil)),
        (["service_unavailable", "request_timeout", "team_added_to_org"], .retry(after: nil)),
        (
            [
                "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope", "no_permission",
                "org_login_required", "ekm_access_denied", "team_access_not_granted", "access_denied", "channel_not_found",
                "not_in_channel", "is_archived", "restricted_action", "restricted_action_read_only_channel", "messages_tab_disabled",
                "message_limit_exceeded",
            ], .gone
        ),
        (
            [
                "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "too_many_attachments",
                "invalid_arguments", "metadata_too_large", "cannot_reply_to_message",
            ], .trimmings
        ), (["no_text", "an_error_of_next_year"], .refused),
    ]

    @Test(arguments: words.indices)
    func `every word of an error has its meaning, although it comes with 200`(row: Int) async throws {
        for word in Self.words[row].words {
            let error = try await error(200, #"{"ok": false, "error": "\#(word)"}"#)
            #expect(error?.verdict == Self.words[row].verdict, "\(word)")
            #expect(error?.detail == "answered 200: \(word)")
        }
    }

    @Test(arguments: ["message_not_found", "cant_update_message", "edit_window_closed", "is_inactive", "block_mismatch"])
    func `a message that cannot be changed has vanished, and one that is sent cannot vanish`(word: String) async throws {
        let http = ScriptedTransport(status: 200, body: #"{"ok": false, "error": "\#(word)"}"#)
        let error = await #expect(throws: DeliveryError.self) {
            try await bot(http).update(Receipt(["channel": "C1", "ts": "1.2"]), with: .of())
        }
        #expect(error?.verdict == .vanished)
        #expect(try await self.error(200, #"{"ok": false, "error": "\#(word)"}"#)?.verdict == .refused)
    }

    @Test(arguments: [
        (200, "ok", DeliveryError.Verdict?.none), (200, "{}", nil), (500, "<html>", .retry(after: nil)), (404, "", .suspect),
        (403, "<html>", .suspect), (302, "", .gone), (503, #"{"ok": false, "error": "service_unavailable"}"#, .retry(after: nil)),
    ])
    func `an response that is not Slack's keeps its common meaning`(status: Int, body: String, verdict: DeliveryError.Verdict?) async throws
    {
        #expect(try await error(status, body)?.verdict == verdict)
    }

    @Test(arguments: [("7", Duration.seconds(7)), ("0", .seconds(1)), ("86400", .seconds(3_600))])
    func `the wait is in whole seconds`(header: String, wait: Duration) async throws {
        let body = #"{"ok": false, "error": "ratelimited"}"#
        #expect(try await error(429, body, headers: [("retry-after", header)])?.verdict == .throttled(after: wait))
    }

    @Test func `to connect asks who it is, and says what Slack says`() async throws {
        let http = ScriptedTransport(status: 200, body: #"{"ok": true, "user": "relay"}"#)
        #expect(try await bot(http).connect().map(\.ok) == [true, nil])
        #expect(http.requests.map { $0.url.reveal() } == ["https://proxy.example/slack/api/auth.test"])
        let refused = ScriptedTransport(status: 200, body: #"{"ok": false, "error": "invalid_auth"}"#)
        let findings = try await bot(refused).connect()
        #expect(findings.map(\.ok) == [false, nil])
        #expect(findings.first?.text == "the bot at https://proxy.example answered 200: invalid_auth")
    }

    @Test(arguments: [200, 400, 401, 403, 404, 429, 500])
    func `the token is in no error, no finding and no description`(status: Int) async throws {
        let http = ScriptedTransport(status: status, body: #"{"ok": false, "error": "xoxb-hush-hush"}"#)
        let bot = try bot(http)
        var told = ""
        dump(bot, to: &told)
        told += "\(bot) \(String(reflecting: bot)) \(await bot.connect()) \(bot.preview(.of()))"
        told += "\(String(describing: try await error(status, #"{"ok": false, "error": "xoxb-hush-hush"}"#)))"
        #expect(!told.contains("hush"))
        let failing = ScriptedTransport { _ in .failure(TransportError(.noAnswer, sent: true, "the connection ended")) }
        let lost = await #expect(throws: DeliveryError.self) { try await self.bot(failing).deliver(.of()) }
        #expect(lost?.verdict == .uncertain)
        #expect(lost?.detail.contains("hush") == false)
    }

    @Test(arguments: [
        (["token": "xoxb-1"], "destinations.ops.channel is missing"), (["channel": "C1"], "destinations.ops.token is missing"),
        (["token": "xoxb 1", "channel": "C1"], "destinations.ops.token is no token"),
        (["token": "xoxb-1", "channel": "#ops"], "destinations.ops.channel is a value from ${…}"),
        (["token": "xoxb-1", "channel": "C"], "destinations.ops.channel is a value from ${…}"),
        (["token": "xoxb-1", "channel": "C1", "api_url": "http://slack.com/api"], "destinations.ops.api_url would be sent in the clear"),
        (
            ["token": "xoxb-1", "channel": "C1", "url": "https://hooks.slack.com/services/T0/B0/x"],
            "destinations.ops.url stands beside a token"
        ),
        (
            ["url": "https://hooks.slack.com/services/T0/B0/x", "api_url": "https://slack.com/api"],
            "destinations.ops.api_url stands without a token"
        ),
    ])
    func `one way or the other, and each of them whole`(values: [String: String], problem: String) throws {
        let reading = try Reading("slack", values.mapValues(Value.text))
        #expect(reading.errors.map(\.problem) == [problem])
        #expect(reading.plan == nil)
    }

    private func error(_ status: Int, _ body: String, headers: [(name: String, value: String)] = []) async throws -> DeliveryError? {
        let bot = try bot(ScriptedTransport(status: status, headers: headers, body: body))
        do throws(DeliveryError) {
            _ = try await bot.deliver(.of())
            return nil
        } catch {
            return error
        }
    }
}
