import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

@testable import Channels

struct RocketChatTests {
    @Test(arguments: [
        (400, "error-message-size-exceeded", DeliveryError.Verdict.trimmings),
        (400, "Match error: Expected string, got number", .trimmings),
        (400, "Invalid integration id or token provided.", .gone), (404, "Invalid integration id or token provided.", .gone),
        (400, "invalid-channel", .gone), (400, "error-invalid-room", .gone), (400, "error-not-allowed", .gone),
        (400, "overriding destination channel is disabled for this integration", .gone), (400, "room_is_blocked", .gone),
        (400, "error-running-script", .suspect), (400, "unknown-error", .suspect), (401, "unauthorized", .gone),
        (200, "error-message-size-exceeded", .trimmings), (200, "invalid-channel", .gone), (200, "anything", .suspect),
        (200, "Error, too many requests.", .throttled(after: nil)), (503, "Service Unavailable", .suspect),
        (500, "x", .retry(after: nil)), (502, "x", .retry(after: nil)), (504, "x", .retry(after: nil)), (413, "x", .trimmings),
        (410, "x", .gone),
        (302, "x", .gone),
    ])
    func `every refusal has its meaning`(status: Int, words: String, meaning: DeliveryError.Verdict) async throws {
        let error = try await verdict("rocketchat", status, #"{"success": false, "error": "\#(words)", "stack": "hush"}"#)
        #expect(error?.verdict == meaning)
        #expect(error?.status == status)
        #expect(error?.detail.contains("hush") == false)
    }

    @Test(arguments: [
        (400, DeliveryError.Verdict.refused), (401, .suspect), (404, .suspect), (503, .suspect),
    ])
    func `what does not speak as Rocket Chat is no proof`(status: Int, meaning: DeliveryError.Verdict) async throws {
        #expect(try await verdict("rocketchat", status, "Service Unavailable")?.verdict == meaning)
        #expect(try await verdict("rocketchat", 400, #"{"success": false, "error": "hush-hush"}"#)?.detail.contains("hush") == false)
    }

    @Test func `a server that says for how long it is unavailable is believed`() async throws {
        #expect(try await verdict("rocketchat", 503, "", [("Retry-After", "9")])?.verdict == .throttled(after: .seconds(9)))
    }

    @Test(arguments: [
        (200, #"{"success":true}"#), (200, #"{"responses":[]}"#), (200, ""), (200, "ok"), (200, #"{"success":"true"}"#), (204, ""),
        (201, #"{"success":true}"#),
    ])
    func `a good status without a word of error is delivered`(status: Int, body: String) async throws {
        #expect(try await verdict("rocketchat", status, body) == nil)
    }

    /// The clock of these tests stands at 1,795,510,800 s.
    @Test(
        arguments: [
            ("1795510832000", Duration.seconds(32)), ("1795510832500", .milliseconds(32_500)), ("1795510800000", .seconds(1)),
            ("1795510700000", .seconds(1)), ("1795599999000", .seconds(3_600)), ("1795510832", .seconds(1)), ("soon", nil), ("-1", nil),
            ("99999999999999999999999", nil),
        ] as [(String, Duration?)])
    func `the reset is a moment in milliseconds`(header: String, wait: Duration?) async throws {
        let error = try await verdict("rocketchat", 429, #"{"success":false}"#, [("X-RateLimit-Reset", header)])
        #expect(error?.verdict == .throttled(after: wait))
    }

    @Test(arguments: [3_999, 4_000, 4_001])
    func `the words are counted in UTF-16 units`(length: Int) throws {
        let words = String(repeating: "x", count: length - 2) + "\u{1F600}"
        let text = try payload("rocketchat", .of(body: words))["attachments"]?.array?.first?["text"]?.string
        #expect(text?.hasSuffix("…") == (length > 4_000))
        #expect((text?.utf16.count ?? 0) <= 4_000 && (text?.utf16.count ?? 0) >= 3_999)
    }

    @Test(arguments: [
        ("@all @here mail@example.com", "@\u{200B}all @\u{200B}here mail@example.com"),
        ("[bank](https://evil.example)", "[bank]\u{200B}(https://evil.example)"),
        ("<https://evil.example|bank>", "‹https://evil.example|bank>"),
        ("![x](https://evil.example)", "![x]\u{200B}(https://evil.example)"), ("a [b] (c) d(e)", "a [b] (c) d(e)"),
        ("<\u{338}x|y>", "‹\u{338}x|y>"), ("*b* `c`", "*b* `c`"),
    ])
    func `nobody is called and no label lies about its link`(text: String, escaped: String) {
        #expect(Array(RocketChat.dialect.escape(text).utf8) == Array(escaped.utf8))
    }

    @Test(arguments: CatalogueTests.hostile)
    func `whatever the data, its limits hold and nobody is called`(text: LongText) throws {
        let text = text.text
        let escaped = RocketChat.dialect.escape(text)
        let origin = Origin(automation: text, automationID: "1", risk: text, trigger: text, runID: "2", runStatus: text)
        let json = try payload("rocketchat", .of(title: escaped, body: escaped, origin: origin, account: "@here", label: text))
        for mention in ["@here", "@everyone", "<", "]("] { #expect(!json.text.contains(mention)) }
        let words = [json["text"], json["attachments"]?.array?.first?["text"]].map { $0?.string?.utf16.count ?? 0 }
        #expect(words.reduce(0, +) <= 5_000)
        #expect(json["parseUrls"] == false)
        for field in json["attachments"]?.array?.first?["fields"]?.array ?? [] { #expect(field["value"]?.string?.isEmpty == false) }
    }

    @Test func `a star in the title would end the bold, so there is none`() throws {
        #expect(try payload("rocketchat", .of(title: "2 * 3"))["text"] == "2 * 3")
        #expect(try payload("rocketchat", .of(title: "2 x 3", mention: "@all"))["text"] == "@all\n*2 x 3*")
    }

    @Test func `one that follows is a message of its own, and neither is sent twice unseen`() async throws {
        let http = ScriptedTransport(status: 200, body: #"{"success":true}"#)
        let channel = try channel("rocketchat", over: http)
        _ = try await channel.update(channel.deliver(.of(.approval)), with: .of(.decision))
        #expect(http.requests.map { $0.url.reveal() } == Array(repeating: "https://chat.example.com/rc/hooks/65a/hush-hush", count: 2))
        #expect(http.requests.allSatisfy { $0.method == "POST" && $0.guardsAgainstResend })
    }

    @Test(arguments: [(200, #"{"success":true}"#, true), (400, #"{"success":false,"error":"Invalid integration id"}"#, false)])
    func `the integration is asked for by a route that posts nothing`(status: Int, body: String, isGood: Bool) async throws {
        let http = ScriptedTransport(status: status, body: body)
        let findings = try await channel("rocketchat", over: http).connect()
        #expect(http.requests.map { $0.url.reveal() } == ["https://chat.example.com/rc/hooks/info/65a/hush-hush"])
        #expect(findings.map(\.ok) == [isGood, nil])
    }

    @Test func `an address that names no hook is warned of, and only its host is asked`() async throws {
        let reading = try Reading("rocketchat", ["url": "https://chat.example.com/x"])
        #expect(reading.problems.map(\.isWarning) == [true])
        let http = ScriptedTransport(status: 200)
        _ = try await #require(reading.plan).make(tools(http: http)).connect()
        #expect(http.requests.map { $0.url.reveal() } == ["https://chat.example.com/"])
    }
}
