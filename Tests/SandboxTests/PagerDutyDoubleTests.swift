import Channels
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Sandbox

struct PagerDutyDoubleTests {
    private static let key = "0123456789abcdef0123456789abcdef"
    private static let keys = ["routing_key": key, "api_url": "http://127.0.0.1:9/hooks/pagerduty"]

    @Test(arguments: Event.Kind.allCases)
    func `every kind is taken and drawn`(kind: Event.Kind) async throws {
        let rig = try DoubleRig("pagerduty", Self.keys)
        #expect(try await rig.channel.deliver(.sample(kind)).remote["dedup_key"]?.isEmpty == false)
        let cards = await rig.cards()
        #expect(cards.count == 1)
        for words in ["Refund batch 17", "Requested by Kim.", "Refunds &amp; co", "error", "https://relay.example/r/1"] {
            #expect(cards.first?.contains(words) == true, "\(words)")
        }
    }

    @Test func `a decision resolves the alert of its request, and a repeat is merged`() async throws {
        let rig = try DoubleRig("pagerduty", Self.keys)
        let first = try await rig.channel.deliver(.sample(.approval))
        #expect(try await rig.channel.deliver(.sample(.approval)) == first)
        #expect(await rig.cards().first?.contains("Resolved") == false)
        var decision = Message.sample(.decision)
        decision.event.payload.detail = .approval(ApprovalDetail(id: "1", version: 2, state: .approved))
        #expect(try await rig.channel.update(first, with: decision) == first)
        let cards = await rig.cards()
        #expect(cards.count == 1)
        #expect(cards.first?.contains("Resolved: Refund batch 17") == true)
    }

    @Test func `when there is too much it names no wait, and gets half a minute`() async throws {
        #expect(try await DoubleRig("pagerduty", Self.keys).verdictWhenBusy() == .throttled(after: .seconds(30)))
    }

    private static func event(
        _ summary: String = "x", severity: String = "error", key: String = key, action: String = "trigger", more: String = ""
    ) -> LongText {
        """
        {"routing_key":"\(key)","event_action":"\(action)","dedup_key":"\(String(repeating: "d", count: 255))"\(more),
        "payload":{"summary":"\(summary)","source":"x","severity":"\(severity)"}}
        """
    }

    @Test(
        arguments: [
            (event(), 202), (event(String(repeating: "x", count: 1_024)), 202), (event(String(repeating: "x", count: 1_025)), 400),
            (event(""), 400), (event(severity: "urgent"), 400), (event(key: "short"), 400), (event(action: "open"), 400),
            (event(action: "resolve"), 202), (#"{"routing_key":"\#(key)","event_action":"resolve"}"#, 400), ("nonsense", 400),
            (event(more: #","client":"\#(String(repeating: "x", count: 512_000))""#), 413),
        ] as [(LongText, Int)])
    func `it refuses what PagerDuty would`(body: LongText, status: Int) async {
        let body = body.text
        let answer = await Inbox(clock: ManualClock()).receive(WebRequest("POST", "/hooks/pagerduty/v2/enqueue", body: Array(body.utf8)))
        #expect(answer.status == status)
    }

    @Test func `events without a key are alerts of their own`() async throws {
        let inbox = Inbox(clock: ManualClock())
        let body = #"{"routing_key":"\#(Self.key)","event_action":"trigger","payload":{"summary":"x","source":"x","severity":"info"}}"#
        var keys: Set<String> = []
        for _ in 0..<2 {
            let answer = await inbox.receive(WebRequest("POST", "/hooks/pagerduty/v2/enqueue", body: Array(body.utf8)))
            keys.insert(try JSONValue(parsing: answer.body)["dedup_key"]?.string ?? "")
        }
        #expect(keys.count == 2)
    }
}
