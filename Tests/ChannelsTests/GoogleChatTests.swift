import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

@testable import Channels

struct GoogleChatTests {
    @Test(arguments: [
        (400, "INVALID_ARGUMENT", DeliveryError.Verdict.trimmings), (401, "UNAUTHENTICATED", .gone), (403, "PERMISSION_DENIED", .gone),
        (404, "NOT_FOUND", .gone), (429, "RESOURCE_EXHAUSTED", .throttled(after: nil)), (500, "INTERNAL", .retry(after: nil)),
        (503, "UNAVAILABLE", .retry(after: nil)), (504, "DEADLINE_EXCEEDED", .retry(after: nil)), (413, "", .trimmings), (302, "", .gone),
    ])
    func `every refusal has its meaning`(status: Int, word: String, meaning: DeliveryError.Verdict) async throws {
        let body = #"{"error": {"code": \#(status), "message": "hush", "status": "\#(word)", "details": []}}"#
        let error = try await verdict("google_chat", status, body)
        #expect(error?.verdict == meaning)
        #expect(error?.status == status)
        #expect(error?.detail.contains("hush") == false)
    }

    @Test func `a key that is no key is no fault of the message`() async throws {
        let details = #"[{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]"#
        let body = #"{"error": {"code": 400, "status": "INVALID_ARGUMENT", "details": \#(details)}}"#
        #expect(try await verdict("google_chat", 400, body)?.verdict == .gone)
    }

    @Test(arguments: [401, 403, 404])
    func `what does not speak as Google is tried again for a while`(status: Int) async throws {
        #expect(try await verdict("google_chat", status, "<html>proxy</html>")?.verdict == .suspect)
        #expect(try await verdict("google_chat", status, #"{"error": {"status": "hush-hush"}}"#)?.detail.contains("hush") == false)
    }

    @Test(arguments: [(200, #"{"name": "spaces/A/messages/B"}"#), (200, "{}"), (200, ""), (204, "")])
    func `a good status without a word of error is delivered`(status: Int, body: String) async throws {
        #expect(try await verdict("google_chat", status, body) == nil)
    }

    @Test func `a wait is honoured although none is documented`() async throws {
        #expect(try await verdict("google_chat", 429, "", [("Retry-After", "17")])?.verdict == .throttled(after: .seconds(17)))
    }

    private static let url = "https://chat.googleapis.com/v1/spaces/A/messages?key=k&token=hush-hush%3D"
    private static let id = "requestId=3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea"
    private static let reply = "messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"

    @Test(arguments: Event.Kind.allCases)
    func `what belongs to an approval is one thread, and the address stays byte for byte`(kind: Event.Kind) async throws {
        let http = ScriptedTransport(status: 200, body: #"{"name": "spaces/A/messages/B", "thread": {"name": "spaces/A/threads/C"}}"#)
        let receipt = try await channel("google_chat", ["url": .text(Self.url)], tools: tools(http: http)).deliver(.of(kind))
        let isThread = [.approval, .decision, .reminder].contains(kind)
        #expect(http.requests.first?.url.reveal() == "\(Self.url)&\(Self.id)" + (isThread ? "&\(Self.reply)" : ""))
        let sent = try JSONValue(parsing: http.requests.first?.body ?? [])
        #expect(sent["thread"]?["threadKey"]?.string == (isThread ? Message.of(kind).subjectKey : nil))
        #expect(receipt.remote == ["name": "spaces/A/messages/B", "thread": "spaces/A/threads/C"])
    }

    @Test func `what follows is a reply, and a repeat bears the same id`() async throws {
        let http = ScriptedTransport(status: 200, body: #"{"name": "spaces/A/messages/B"}"#)
        let channel = try channel("google_chat", over: http)
        let receipt = try await channel.deliver(.of(.approval))
        _ = try await channel.deliver(.of(.approval))
        _ = try await channel.update(receipt, with: .of(.decision))
        let threads = try http.requests.map { try JSONValue(parsing: $0.body ?? [])["thread"] }
        #expect(Set(threads) == [["threadKey": .string(Message.of().subjectKey)]])
        #expect(http.requests[0].url == http.requests[1].url)
        #expect(http.requests.allSatisfy { $0.guardsAgainstResend })
    }

    /// A body that makes the whole message exactly `size` bytes long.
    private func body(of size: Int) throws -> String {
        let short = try payload("google_chat", .of(body: "x")).bytes.count
        return String(repeating: "x", count: size - short + 1)
    }

    @Test(arguments: [31_999, 32_000, 32_001, 90_000])
    func `the whole message is measured as it is written`(size: Int) throws {
        let sent = try payload("google_chat", .of(body: body(of: size)))
        #expect(sent.bytes.count <= 32_000)
        #expect(sent.bytes.count >= min(size, 31_990))
        #expect(sent.text.contains("…") == (size > 32_000))
    }

    @Test(arguments: ["&", "👩‍👩‍👧‍👦", "a\n", "\""])
    func `no entity is split, and what is longer when it is written is cut sooner`(unit: String) throws {
        let sent = try payload("google_chat", .of(body: GoogleChat.dialect.escape(String(repeating: unit, count: 20_000))))
        let words = widgets(sent).first?["textParagraph"]?["text"]?.string ?? ""
        #expect((31_900...32_000).contains(sent.bytes.count))
        #expect(words.dropLast().replacing("<br>", with: "\n").utf8.count % GoogleChat.dialect.escape(unit).utf8.count <= 1)
        #expect(words.hasSuffix("…") && !words.contains("&am…") && !words.contains("&…"))
    }

    @Test(arguments: CatalogueTests.hostile + ["<users/all> <https://evil.example|bank> <\u{338}users/all>", "&lt;users/all&gt;"])
    func `nobody is called and no label lies about its link`(text: LongText) throws {
        let text = text.text
        let origin = Origin(automation: text, automationID: "1", risk: text, trigger: text, runID: "2", runStatus: text)
        let escaped = GoogleChat.dialect.escape(text)
        let sent = try payload("google_chat", .of(title: escaped, body: escaped, origin: origin, label: text))
        #expect(sent["text"]?.string?.utf8.contains(UInt8(ascii: "<")) == false)
        #expect((1...1_600).contains(sent["text"]?.string?.utf16.count ?? 0))
        for widget in widgets(sent) {
            let words = widget["textParagraph"]?["text"]?.string ?? widget["decoratedText"]?["text"]?.string ?? ""
            let bare = words.replacing("<br>", with: "").replacing("<i>", with: "").replacing("</i>", with: "")
            #expect(!bare.utf8.contains(UInt8(ascii: "<")) && !words.isEmpty)
        }
        #expect(sent.bytes.count <= 32_000)
    }

    @Test func `the title is plain where no entity is read, and the mention stands before it`() throws {
        let sent = try payload("google_chat", .of(title: "a &amp;lt; b &lt; &quot;c&quot;", mention: "<users/all>"))
        #expect(sent["text"]?.string == "<users/all>\na &lt; b ‹ \"c\"")
    }

    @Test(arguments: [
        ("https://chat.googleapis.com/v1/spaces/A/messages?key=k", false, "lacks key or token"),
        ("https://chat.googleapis.com/v1/media?key=k&token=t", false, "no webhook of a space"),
        ("https://proxy.example.com/x", true, "not on a host of the vendor"),
    ])
    func `an address that cannot work is refused with the reason`(url: String, works: Bool, words: String) throws {
        let reading = try Reading("google_chat", ["url": .text(url)])
        #expect(reading.problems.map(\.isWarning) == [works])
        #expect(reading.problems.first?.problem.contains(words) == true)
        #expect((reading.plan != nil) == works)
    }

    private func widgets(_ sent: JSONValue) -> [JSONValue] {
        sent["cardsV2"]?.array?.first?["card"]?["sections"]?.array?.first?["widgets"]?.array ?? []
    }
}
