import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

@testable import Channels

struct MattermostTests {
    @Test(arguments: [
        (400, "web.incoming_webhook.invalid.app_error", DeliveryError.Verdict.gone),
        (400, "web.incoming_webhook.user.app_error", .gone), (400, "app.team.get.find.app_error", .gone),
        (400, "web.incoming_webhook.text.app_error", .trimmings), (400, "web.incoming_webhook.parse.app_error", .trimmings),
        (400, "web.incoming_webhook.split_props_length.app_error", .trimmings), (400, "api.context.invalid_param.app_error", .trimmings),
        (400, "model.post.is_valid.props.app_error", .trimmings), (400, "interactive", .trimmings),
        (403, "web.incoming_webhook.channel_locked.app_error", .gone), (404, "web.incoming_webhook.channel.app_error", .gone),
        (500, "api.post.create_webhook_post.creating.app_error", .retry(after: nil)),
        (501, "web.incoming_webhook.disabled.app_error", .gone),
        (502, "", .retry(after: nil)), (503, "", .retry(after: nil)), (504, "", .retry(after: nil)), (413, "", .trimmings),
        (410, "", .gone),
        (302, "", .gone),
    ])
    func `every refusal has its meaning`(status: Int, id: String, meaning: DeliveryError.Verdict) async throws {
        let error = try await verdict("mattermost", status, #"{"id": "\#(id)", "message": "hush", "status_code": \#(status)}"#)
        #expect(error?.verdict == meaning)
        #expect(error?.status == status)
        #expect(error?.detail.contains("hush") == false)
    }

    @Test(arguments: [(400, DeliveryError.Verdict.refused), (403, .suspect), (404, .suspect)])
    func `what does not speak as Mattermost stays with the common judgement`(status: Int, meaning: DeliveryError.Verdict) async throws {
        #expect(try await verdict("mattermost", status, "<html>nginx</html>")?.verdict == meaning)
        #expect(try await verdict("mattermost", status, #"{"id": "hush-hush"}"#)?.detail.contains("hush") == false)
    }

    @Test(arguments: [
        (200, "ok"), (200, "ok\n"), (200, ""), (200, "<html>"), (204, ""), (202, "ok"), (200, #"{"success":true}"#),
    ])
    func `a good status without a word of error is delivered`(status: Int, body: String) async throws {
        #expect(try await verdict("mattermost", status, body) == nil)
    }

    @Test(
        arguments: [
            ([("Retry-After", "7")], Duration.seconds(7)), ([("X-RateLimit-Reset", "9")], .seconds(9)),
            ([("X-RateLimit-Reset", "9"), ("Retry-After", "7")], .seconds(7)), ([("X-RateLimit-Reset", "1795510900")], .seconds(3_600)),
            ([], nil),
        ] as [([(name: String, value: String)], Duration?)])
    func `both headers are seconds from now`(headers: [(name: String, value: String)], wait: Duration?) async throws {
        let error = try await verdict("mattermost", 429, "limit exceeded", headers)
        #expect(error?.verdict == .throttled(after: wait))
    }

    @Test(arguments: [11_999, 12_000, 12_001])
    func `the words are counted in code points`(length: Int) throws {
        let body = String(repeating: "\u{1F600}", count: length)
        let text = try payload("mattermost", .of(body: body))["attachments"]?.array?.first?["text"]?.string
        #expect(text?.unicodeScalars.count == min(length, 12_000))
        #expect(text?.hasSuffix("…") == (length > 12_000))
    }

    @Test(arguments: [
        ("<!channel> <@u1> <https://evil.example|your bank>", "‹!channel\\> ‹@\u{200B}u1\\> ‹https://evil.example\\|your bank\\>"),
        ("@here mail@example.com", "@\u{200B}here mail@example.com"),
        ("[bank](https://evil.example)", "\\[bank\\]\\(https://evil.example\\)"),
        ("<\u{338}!all>", "‹\u{338}!all\\>"), ("# a\n```\n| b |", "\\# a\n\\`\\`\\`\n\\| b \\|"),
        ("**b** _i_ \\*", "\\*\\*b\\*\\* \\_i\\_ \\\\\\*"),
    ])
    func `nobody is called, no label lies about its link, and no mark is read`(text: String, escaped: String) {
        #expect(Array(Mattermost.dialect.escape(text).utf8) == Array(escaped.utf8))
    }

    @Test(arguments: 3...12)
    func `a cut splits no pair and leaves no mention whole`(most: Int) {
        let cut = Mattermost.dialect.cut(Mattermost.dialect.escape("*@here*@all"), to: Limit(most, .codePoints))
        #expect(cut.unicodeScalars.count <= most)
        #expect(!cut.hasSuffix("\\") && !cut.hasSuffix("\\…"))
        #expect(!cut.contains("@here") && !cut.contains("@all"))
    }

    @Test(arguments: CatalogueTests.hostile)
    func `whatever the data, no angle and no bare mention is sent`(text: LongText) throws {
        let text = text.text
        let escaped = Mattermost.dialect.escape(text)
        let origin = Origin(automation: text, automationID: "1", risk: text, trigger: text, runID: "2", runStatus: text)
        let json = try payload("mattermost", .of(title: escaped, body: escaped, origin: origin, account: "@here", label: text))
        #expect(!json.text.utf8.contains(UInt8(ascii: "<")))
        for mention in ["@here", "@everyone"] { #expect(!json.text.contains(mention)) }
        #expect((json["text"]?.string ?? "").unicodeScalars.count <= 16_383)
        #expect(json["text"]?.string?.isEmpty == false)
    }

    @Test(arguments: [(Priority.low, nil), (.normal, nil), (.high, "important"), (.urgent, "urgent")] as [(Priority, String?)])
    func `only what is loud bears a label of its own`(priority: Priority, word: String?) throws {
        let json = try payload("mattermost", .of(.notification, priority))
        #expect(json["priority"]?["priority"]?.string == word)
        #expect((json["priority"] == nil) == (word == nil))
    }

    @Test func `one that follows is a message of its own, and neither is sent twice unseen`() async throws {
        let http = ScriptedTransport(status: 200, body: "ok")
        let channel = try channel("mattermost", over: http)
        let receipt = try await channel.deliver(.of(.approval))
        _ = try await channel.update(receipt, with: .of(.decision))
        #expect(http.requests.map { $0.url.reveal() } == Array(repeating: "https://chat.example.com/team/hooks/hush-hush", count: 2))
        #expect(http.requests.allSatisfy { $0.method == "POST" && $0.guardsAgainstResend })
    }

    @Test func `an address that names no hook is warned of`() throws {
        let reading = try Reading("mattermost", ["url": "https://chat.example.com/services/x"])
        #expect(reading.problems.map(\.isWarning) == [true])
        #expect(reading.plan != nil)
    }
}
