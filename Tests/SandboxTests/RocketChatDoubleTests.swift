import Channels
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Sandbox

struct RocketChatDoubleTests {
    private static let path = "/hooks/rocketchat/hooks/65a/t0ken"
    private static let url = ["url": "http://127.0.0.1:9\(path)"]

    @Test(arguments: Event.Kind.allCases)
    func `every kind is taken and drawn`(kind: Event.Kind) async throws {
        let rig = try DoubleRig("rocketchat", Self.url)
        _ = try await rig.channel.deliver(.sample(kind))
        let cards = await rig.cards()
        #expect(cards.count == 1)
        for words in ["<b>Refund batch 17</b>", "Requested by Kim.", "Refunds &amp; co", "https://relay.example/r/1"] {
            #expect(cards.first?.contains(words) == true, "\(words)")
        }
    }

    @Test func `when there is too much it names a moment in milliseconds, and is obeyed`() async throws {
        #expect(try await DoubleRig("rocketchat", Self.url).verdictWhenBusy() == .throttled(after: .seconds(1)))
    }

    @Test func `it is asked without harm`() async throws {
        let rig = try DoubleRig("rocketchat", Self.url)
        #expect(await rig.channel.connect().map(\.ok) == [true, nil])
        #expect(await rig.inbox.count == 0)
    }

    private static func text(_ length: Int) -> LongText { #"{"text":"\#(String(repeating: "x", count: length))"}"# }

    @Test(
        arguments: [
            (text(5_000), path, 200, true), (text(5_001), path, 400, false), ("{}", path, 200, false), ("nonsense", path, 400, false),
            (text(1), "/hooks/rocketchat/hooks/65a", 400, false), (#"{"text":"x","channel":"ops"}"#, path, 400, false),
            (#"{"attachments":[{"text":"x","fields":[{"title":"a","value":""}]}]}"#, path, 400, false),
        ] as [(LongText, String, Int, Bool)])
    func `it refuses what Rocket Chat would`(body: LongText, path: String, status: Int, isTaken: Bool) async {
        let body = body.text
        let inbox = Inbox(clock: ManualClock())
        #expect(await inbox.receive(WebRequest("POST", path, body: Array(body.utf8))).status == status)
        #expect(await inbox.count == (isTaken ? 1 : 0))
    }
}
