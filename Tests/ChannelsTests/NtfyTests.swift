import Channels
import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

struct NtfyTests {
    @Test func `a message goes to the root, where its topic is named in the document`() async throws {
        let request = try await request(of: "ntfy", .of())
        #expect(request.method == "POST")
        #expect(request.url.reveal() == "https://ntfy.sh/")
        #expect(request.header("Authorization") == "Bearer tk_hush-hush")
        #expect(!request.guardsAgainstResend)
        #expect(request.json["topic"] == "alerts-7f3k")
    }

    @Test(arguments: Event.Kind.allCases)
    func `an approval and what follows it are one sequence, and everything else is its own`(kind: Event.Kind) async throws {
        let message = Message.of(kind)
        let isApproval = [.approval, .decision, .reminder].contains(kind)
        let sequence = try await request(of: "ntfy", message).json["sequence_id"]
        #expect(sequence == .string(isApproval ? message.subjectKey : message.idempotencyKey))
    }

    @Test func `an update bears the sequence of what it replaces`() async throws {
        let request = try await request(of: "ntfy", .of(.run), editing: Receipt(["sequence_id": "earlier"]))
        #expect(request.json["sequence_id"] == "earlier")
    }

    @Test(arguments: [(Priority.low, 2), (.normal, 3), (.high, 4), (.urgent, 5)])
    func `priorities are ntfy's own numbers`(priority: Priority, number: Int) async throws {
        #expect(try await request(of: "ntfy", .of(.notification, priority)).json["priority"] == .int(number))
    }

    @Test(arguments: [-1, 0, 1])
    func `a message is cut at 4,096 bytes, and the small print stays`(over: Int) async throws {
        let frame = try #require(try await request(of: "ntfy", .of(body: "x")).json["message"]?.string).utf8.count - 1
        let body = String(repeating: "x", count: 4_096 - frame + over)
        let text = try #require(try await request(of: "ntfy", .of(body: body)).json["message"]?.string)
        #expect(text.utf8.count == min(4_096 + over, 4_096))
        #expect(text.hasSuffix("\nlive · live/notification/5b1e"))
    }

    @Test(arguments: CatalogueTests.hostile + [LongText(String(repeating: "\"\\", count: 4_000))])
    func `whatever the words, message and document fit`(text: LongText) async throws {
        let text = text.text
        let request = try await request(of: "ntfy", .of(title: text, body: text, link: "https://relay.example/r/1"))
        #expect((request.body ?? []).count <= 8_192)
        #expect((request.json["message"]?.string ?? "").utf8.count <= 4_096)
    }

    @Test(
        arguments: [
            (400, 40_007, .trimmings), (400, 40_024, .trimmings), (400, 40_041, .trimmings), (401, 40_101, .gone), (403, 40_301, .gone),
            (404, 40_401, .gone), (413, 41_301, .trimmings), (413, 41_303, .trimmings), (429, 42_901, .throttled(after: .seconds(5))),
            (429, 42_909, .throttled(after: .seconds(5))), (429, 42_908, .throttled(after: .seconds(3_600))),
            (500, 50_001, .retry(after: nil)),
            (507, 50_701, .retry(after: nil)), (401, 0, .suspect), (404, 0, .suspect), (502, 0, .retry(after: nil)),
        ] as [(Int, Int, DeliveryError.Verdict)])
    func `each code has its meaning`(status: Int, code: Int, meaning: DeliveryError.Verdict) async throws {
        let body = #"{"code": \#(code), "http": \#(status), "error": "no"}"#
        #expect(try await verdict(of: "ntfy", status, code == 0 ? "<html>" : body) == meaning)
    }

    @Test(arguments: [("2", Duration.seconds(5)), ("90", .seconds(90))])
    func `a proxy that wants longer than five seconds gets it`(header: String, wait: Duration) async throws {
        #expect(try await verdict(of: "ntfy", 429, "<html>", headers: [("retry-after", header)]) == .throttled(after: wait))
    }

    @Test func `200 without an id is no success`() async throws {
        #expect(try await verdict(of: "ntfy", 200, "<html>ntfy") == nil)
    }

    @Test(arguments: ["docs", "v1", "a b", "é", "", String(repeating: "x", count: 65)])
    func `a topic that ntfy refuses is refused here, and not shown`(topic: String) throws {
        let reading = try Reading("ntfy", ["server": "https://ntfy.sh", "topic": .text(topic)])
        #expect(reading.errors.count == 1)
        if topic.utf8.count > 4 { #expect(!reading.problems.map(\.description).joined().contains("'\(topic)'")) }
    }

    @Test func `without a token the topic is the secret, and only the server's health is asked`() async throws {
        let http = ScriptedTransport(status: 200, body: #"{"healthy": true}"#)
        let channel = try channel("ntfy", ["server": "https://push.example.com/ntfy/", "topic": "alerts-7f3k"], tools: tools(http: http))
        #expect(!channel.preview(.of()).contains("7f3k") && channel.preview(.of()).contains("<secret>"))
        _ = await channel.connect()
        _ = try? await channel.deliver(.of())
        #expect(http.requests.map { $0.url.reveal() } == ["https://push.example.com/ntfy/v1/health", "https://push.example.com/ntfy/"])
        #expect(http.requests.last?.header("Authorization") == nil)
        #expect(http.requests.last?.json["topic"] == "alerts-7f3k")
    }

    @Test(arguments: [("https://ntfy.sh", 60), ("https://push.example.com", nil)] as [(String, Int?)])
    func `only ntfy.sh has a pace that is known`(server: String, burst: Int?) throws {
        #expect(try Reading("ntfy", ["server": .text(server), "topic": "x"]).plan?.pace?.burst == burst)
    }
}
