import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Sandbox

struct InboxTests {
    private let clock = ManualClock()

    private func post(
        _ inbox: Inbox, _ path: String = "/hooks/web/billing", _ body: String = #"{"a":1}"#, id: String? = nil
    ) async -> WebResponse {
        let headers = id.map { [(name: "webhook-id", value: $0)] } ?? []
        return await inbox.receive(WebRequest("POST", path, headers: headers, body: Array(body.utf8)))
    }

    private static func section(_ text: String) -> LongText {
        #"{"blocks":[{"type":"section","text":{"type":"mrkdwn","text":"\#(text)"}}]}"#
    }

    @Test(
        arguments: [
            (#"{"text":"hello"}"#, 200, "ok"),
            (section("hello"), 200, "ok"),
            (section(String(repeating: "x", count: 3_000)), 200, "ok"),
            (section(String(repeating: "x", count: 3_001)), 400, "invalid_blocks"),
            (section(""), 400, "invalid_blocks"),
            (#"{"blocks":[{"type":"header","text":{"type":"mrkdwn","text":"x"}}]}"#, 400, "invalid_blocks"),
            (#"{"blocks":[{"type":"actions","elements":[]}]}"#, 400, "invalid_blocks"),
            (#"{"blocks":[\#([String](repeating: #"{"type":"divider"}"#, count: 51).joined(separator: ","))]}"#, 400, "invalid_blocks"),
            ("{}", 400, "no_text"),
            ("nonsense", 400, "invalid_payload"),
        ] as [(LongText, Int, String)])
    func `a chat hook takes and refuses what Slack would`(body: LongText, status: Int, words: String) async {
        let body = body.text
        let inbox = Inbox(clock: clock)
        let answer = await post(inbox, "/hooks/slack/T/B/x", body)
        #expect(answer.status == status)
        #expect(String(decoding: answer.body, as: UTF8.self) == words)
        #expect(await inbox.count == (status == 200 ? 1 : 0))
        #expect(await inbox.refused == (status == 200 ? 0 : 1))
    }

    @Test func `a webhook is kept with its headers, and repeats are shown as such`() async {
        let inbox = Inbox(clock: clock)
        #expect(await post(inbox, id: "m1").status == 204)
        _ = await post(inbox, id: "m1")
        let messages = await inbox.messages(kind: .webhook)
        #expect(messages.map(\.time) == [1, 2])
        #expect(messages.first?.header("webhook-id") == "m1")
        #expect(messages.first?.json == ["a": 1])
        #expect(messages.first?.place == "billing")
        #expect(await inbox.times("m1") == 2)
    }

    @Test func `what is no JSON, no post or no hook is refused`() async {
        let inbox = Inbox(clock: clock)
        #expect(await post(inbox, "/hooks/web/x", "<xml>").status == 400)
        #expect(await post(inbox, "/hooks/other/x").status == 404)
        #expect(await inbox.receive(WebRequest("GET", "/hooks/web/x")).status == 405)
    }

    @Test func `faults come first, one for each post, and pass`() async {
        let inbox = Inbox(clock: clock)
        await inbox.arrange { $0.next = [.init(503), .init(429, retryAfter: "9")] }
        #expect(await post(inbox).status == 503)
        #expect(await post(inbox).header("Retry-After") == "9")
        #expect(await post(inbox).status == 204)
        #expect(await inbox.count == 1)
    }

    @Test func `above its capacity a receiver asks for a second's patience`() async {
        let inbox = Inbox(clock: clock)
        await inbox.arrange { $0.capacityPerSecond = 2 }
        var statuses: [Int] = []
        for _ in 0..<3 { statuses.append(await post(inbox).status) }
        #expect(statuses == [204, 204, 429])
        clock.advance(by: .seconds(1))
        #expect(await post(inbox).status == 204)
    }

    @Test func `a lost answer leaves the message taken`() async {
        let inbox = Inbox(clock: clock)
        await inbox.arrange { $0.lostAnswers = 1 }
        #expect(await post(inbox).dropsConnection)
        #expect(await inbox.count == 1)
    }

    @Test func `counting keeps nothing but the identities`() async {
        let inbox = Inbox(clock: clock, mode: .counting)
        for id in ["a", "b", "a"] { _ = await post(inbox, "/hooks/web/bench", "no JSON at all", id: id) }
        #expect(await inbox.count == 3)
        #expect(await inbox.identities == ["a": 2, "b": 1])
        #expect(await inbox.messages().isEmpty)
    }

    @Test func `the newest are kept, within a number and a size`() async {
        let few = Inbox(clock: clock, mostMessages: 8)
        for _ in 0..<100 { _ = await post(few) }
        #expect(await few.messages().count <= 9)
        #expect(await few.messages().last?.id == 100)
        #expect(await few.message(100)?.id == 100)
        #expect(await few.message(1) == nil)

        let small = Inbox(clock: clock, mostBytes: 100)
        for _ in 0..<100 { _ = await post(small) }
        #expect(await small.messages().reduce(0) { $0 + $1.raw.count } <= 100)
        #expect(await small.count == 100)
    }

    @Test func `who waits is woken by the message, or by being cancelled`() async {
        let inbox = Inbox(clock: clock)
        async let reached = inbox.waitForCount(2)
        _ = await post(inbox)
        _ = await post(inbox)
        #expect(await reached)
        let waiting = Task { await inbox.waitForCount(3) }
        waiting.cancel()
        #expect(await waiting.value == false)
    }
}
