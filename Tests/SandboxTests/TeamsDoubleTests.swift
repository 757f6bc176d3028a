import Channels
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Sandbox

struct TeamsDoubleTests {
    private static let path = "/hooks/teams/workflows/1/triggers/manual/paths/invoke"
    private static let url = ["url": "http://127.0.0.1:9\(path)?api-version=1&sp=%2Ftriggers&sig=hush"]

    @Test(arguments: Event.Kind.allCases)
    func `every kind is taken and drawn`(kind: Event.Kind) async throws {
        let rig = try DoubleRig("teams", Self.url)
        _ = try await rig.channel.deliver(.sample(kind))
        let cards = await rig.cards()
        #expect(cards.count == 1)
        for words in ["<b>Refund batch 17</b>", "Requested by Kim.", "Refunds &amp; co", "https://relay.example/r/1"] {
            #expect(cards.first?.contains(words) == true, "\(words)")
        }
    }

    @Test func `when there is too much it says so in seconds, and is obeyed`() async throws {
        #expect(try await DoubleRig("teams", Self.url).verdictWhenBusy() == .throttled(after: .seconds(1)))
    }

    private static func card(_ body: String, version: String = "1.4", actions: String = "") -> LongText {
        LongText(
            #"{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","content":{"type":"AdaptiveCard","#
                + #""version":"\#(version)","body":[\#(body)],"actions":[\#(actions)]}}]}"#)
    }

    private static let line = #"{"type":"RichTextBlock","inlines":[{"type":"TextRun","text":"x"}]}"#

    @Test(
        arguments: [
            (card(line), "api-version=1&sig=x", 202), (card(line), "api-version=1", 401), (card(line), "sig=x", 400),
            (#"{"text":"hello"}"#, "api-version=1&sig=x", 400), ("nonsense", "api-version=1&sig=x", 400),
            (card(#"{"type":"TextBlock","text":"x"}"#), "api-version=1&sig=x", 400),
            (card(line, version: "2.0"), "api-version=1&sig=x", 400),
            (card(line, actions: #"{"type":"Action.Submit"}"#), "api-version=1&sig=x", 400),
            (card(#"{"type":"TextBlock","wrap":true,"text":"\#(String(repeating: "x", count: 28_500))"}"#), "api-version=1&sig=x", 413),
        ] as [(LongText, String, Int)])
    func `it refuses what would be lost within the workflow`(body: LongText, query: String, status: Int) async {
        let body = body.text
        let request = WebRequest("POST", "\(Self.path)?\(query)", body: Array(body.utf8))
        #expect(await Inbox(clock: ManualClock()).receive(request).status == status)
    }
}
