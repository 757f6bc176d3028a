import Channels
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Sandbox

struct MattermostDoubleTests {
    private static let url = ["url": "http://127.0.0.1:9/hooks/mattermost/k3y"]

    @Test(arguments: Event.Kind.allCases)
    func `every kind is taken and drawn`(kind: Event.Kind) async throws {
        let rig = try DoubleRig("mattermost", Self.url)
        _ = try await rig.channel.deliver(.sample(kind))
        let cards = await rig.cards()
        #expect(cards.count == 1)
        for words in ["<b>Refund batch 17</b>", "Requested by Kim.", "Refunds &amp; co", "important", "https://relay.example/r/1"] {
            #expect(cards.first?.contains(words) == true, "\(words)")
        }
    }

    @Test func `when there is too much it says so in seconds from now, and is obeyed`() async throws {
        #expect(try await DoubleRig("mattermost", Self.url).verdictWhenBusy() == .throttled(after: .seconds(1)))
    }

    private static func text(_ length: Int) -> LongText { #"{"text":"\#(String(repeating: "x", count: length))"}"# }

    @Test(
        arguments: [
            (text(16_383), "k3y", 200, "ok"), (text(16_384), "k3y", 400, "one.post"), ("{}", "k3y", 400, "webhook.text"),
            ("nonsense", "k3y", 400, "webhook.parse"), (text(1), "", 400, "webhook.invalid"),
            (#"{"text":"x","priority":{}}"#, "k3y", 400, "invalid_param"),
            (#"{"text":"x","priority":{"priority":"high"}}"#, "k3y", 400, "invalid"),
        ] as [(LongText, String, Int, String)])
    func `it refuses what Mattermost would`(body: LongText, key: String, status: Int, words: String) async {
        let body = body.text
        let answer = await Inbox(clock: ManualClock()).receive(WebRequest("POST", "/hooks/mattermost/\(key)", body: Array(body.utf8)))
        #expect(answer.status == status)
        #expect(String(decoding: answer.body, as: UTF8.self).contains(words))
    }
}
