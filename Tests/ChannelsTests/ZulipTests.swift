import Channels
import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

struct ZulipTests {
    private static let sent = Receipt(["id": "42"])

    private func form(_ request: HTTPRequest) -> [String: String] {
        let pairs = String(decoding: request.body ?? [], as: UTF8.self).split(separator: "&").map { $0.split(separator: "=", maxSplits: 1) }
        return Dictionary(uniqueKeysWithValues: pairs.map { (String($0[0]), String($0[1]).percentDecoded) })
    }

    @Test func `a message is a form with the bot's login in a header, and is not sent twice unseen`() async throws {
        let request = try await request(of: "zulip", .of())
        #expect(request.method == "POST")
        #expect(request.url.reveal() == "https://org.zulipchat.com/api/v1/messages")
        #expect(request.header("Authorization") == "Basic cmVsYXktYm90QG9yZy56dWxpcGNoYXQuY29tOmh1c2gtaHVzaA==")
        #expect(request.header("Content-Type") == "application/x-www-form-urlencoded")
        #expect(request.guardsAgainstResend)
        let form = form(request)
        #expect(form.filter { $0.key != "content" } == ["type": "stream", "to": "alerts", "topic": "RevKeen"])
        #expect(form["content"]?.hasPrefix("**Invoice sync has finished**\n\n42 invoices were sent.\nNothing is left.\n\n") == true)
    }

    @Test func `an edit patches the message that was sent`() async throws {
        let request = try await request(of: "zulip", .of(.decision, title: "Approved"), editing: Self.sent)
        #expect(request.method == "PATCH")
        #expect(request.url.reveal() == "https://org.zulipchat.com/api/v1/messages/42")
        #expect(form(request).keys.sorted() == ["content"])
        #expect(form(request)["content"]?.hasPrefix("**Approved**") == true)
    }

    @Test(arguments: [
        ("@**all** (@*ops*) ops@example.com", "@\u{200B}*\u{200B}*all*\u{200B}* (@\u{200B}*ops*) ops@example.com"),
        ("```\n~~~", "`\u{200B}`\u{200B}`\n~\u{200B}~\u{200B}~"), ("[bank](https://evil.example)", "[bank]\u{200B}(https://evil.example)"),
        ("# big\n  > said", "\u{200B}# big\n  \u{200B}> said"), ("a # b > c $5", "a # b > c $5"), ("$$x$$", "$\u{200B}$x$\u{200B}$"),
        ("@_**Ann|7**", "@\u{200B}_*\u{200B}*Ann|7*\u{200B}*"),
    ])
    func `what would call, hide or swallow is broken`(text: String, broken: String) throws {
        let dialect = try #require(Catalogue.type(named: "zulip")).dialect
        #expect(Array(dialect.escape(text).utf8) == Array(broken.utf8))
    }

    @Test(arguments: CatalogueTests.hostile)
    func `whatever the data, it is one text within the limit and calls nobody`(text: LongText) async throws {
        let text = text.text
        let dialect = try #require(Catalogue.type(named: "zulip")).dialect
        let origin = Origin(automation: text, automationID: "1", risk: text, trigger: text, runID: "2", runStatus: text)
        let message = Message.of(title: "T", body: dialect.escape(text), origin: origin, label: "Sample")
        let content = try #require(form(try await request(of: "zulip", message))["content"])
        #expect(content.unicodeScalars.count <= 10_000)
        #expect(!content.contains("@**") && !content.contains("@*") && !content.contains("```"))
    }

    @Test(arguments: [-1, 0, 1])
    func `the whole is cut at 10,000 code points, and the small print stays`(over: Int) async throws {
        let frame = try #require(form(try await request(of: "zulip", .of(body: "")))["content"]).unicodeScalars.count
        let body = String(repeating: "👍", count: 10_000 - frame + over)
        let content = try #require(form(try await request(of: "zulip", .of(body: body)))["content"])
        #expect(content.unicodeScalars.count == min(10_000 + over, 10_000))
        #expect(content.contains("…") == (over > 0))
        #expect(content.hasSuffix("live · live/notification/5b1e"))
    }

    @Test(arguments: [59, 60, 61])
    func `a topic is cut at 60 code points, with a warning`(length: Int) async throws {
        var values = try #require(configurations.first { $0.type == "zulip" }).values
        values["topic"] = .text(String(repeating: "é", count: length))
        let reading = try Reading("zulip", values)
        #expect(reading.problems.map(\.isWarning) == (length > 60 ? [true] : []))
        let preview = try channel("zulip", values).preview(.of())
        let topic = preview.split(separator: "&").first { $0.hasPrefix("topic=") }.map { String($0.dropFirst(6)).percentDecoded }
        #expect(topic?.unicodeScalars.count == min(length, 60))
    }

    @Test(
        arguments: [
            (400, "STREAM_DOES_NOT_EXIST", "Channel 'x' does not exist", .gone),
            (400, "BAD_REQUEST", "Not authorized to send to channel 'x'", .gone),
            (400, "BAD_REQUEST", "You do not have permission to post in this channel.", .gone),
            (400, "BAD_REQUEST", "Invalid type", .refused),
            (400, "REQUEST_VARIABLE_MISSING", "Missing 'to' argument", .refused), (401, "UNAUTHORIZED", "Not logged in", .gone),
            (401, "INVALID_API_KEY", "Invalid API key", .gone), (401, "USER_DEACTIVATED", "Account is deactivated", .gone),
            (403, "USER_DEACTIVATED", "Account is deactivated", .gone),
            (403, "REALM_DEACTIVATED", "This organization has been deactivated", .gone),
            (404, "", "", .suspect), (429, "RATE_LIMIT_HIT", "", .throttled(after: .milliseconds(28_707))),
            (500, "", "", .retry(after: nil)),
        ] as [(Int, String, String, DeliveryError.Verdict)])
    func `each code has its meaning`(status: Int, code: String, words: String, meaning: DeliveryError.Verdict) async throws {
        let body = #"{"result": "error", "code": "\#(code)", "msg": "\#(words)", "retry-after": 28.706807374954224}"#
        #expect(try await verdict(of: "zulip", status, code.isEmpty ? "<html>" : body) == meaning)
    }

    @Test func `without the body the header says how long`() async throws {
        #expect(try await verdict(of: "zulip", 429, "<html>", headers: [("retry-after", "2.5")]) == .throttled(after: .milliseconds(2_500)))
    }

    @Test func `a message that is deleted or too old has vanished, and 200 without success is none`() async throws {
        let invalid = #"{"result": "error", "code": "BAD_REQUEST", "msg": "Invalid message(s)"}"#
        #expect(try await verdict(of: "zulip", 400, invalid, editing: Self.sent) == .vanished)
        #expect(try await verdict(of: "zulip", 400, invalid) == .refused)
        #expect(try await verdict(of: "zulip", 200, "<html>login") == nil)
    }

    @Test func `a budget that is used up is waited for, until a second since 1970`() async throws {
        let now = ManualClock().now
        let headers = [(name: "x-ratelimit-remaining", value: "0"), ("x-ratelimit-reset", "\(now.seconds + 12)")]
        let http = ScriptedTransport(status: 200, headers: headers, body: try #require(accepted["zulip"]).body)
        let values = try #require(configurations.first { $0.type == "zulip" }).values
        let receipt = try await channel("zulip", values, tools: tools(http: http)).deliver(.of())
        #expect(receipt == Receipt(["id": "42"], pause: now.duration(to: Timestamp(seconds: now.seconds + 12))))
    }
}

extension String {
    fileprivate var percentDecoded: String {
        var out: [UInt8] = [], rest = utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                out.append(code)
                rest = rest.dropFirst(2)
            } else {
                out.append(byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
