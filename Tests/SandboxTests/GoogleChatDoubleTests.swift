import Channels
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Sandbox

struct GoogleChatDoubleTests {
    private static let path = "/hooks/google_chat/v1/spaces/A/messages"
    private static let url = ["url": "http://127.0.0.1:9\(path)?key=k&token=t%3D"]

    @Test(arguments: Event.Kind.allCases)
    func `every kind is taken and drawn`(kind: Event.Kind) async throws {
        let rig = try DoubleRig("google_chat", Self.url)
        let receipt = try await rig.channel.deliver(.sample(kind))
        #expect(receipt.remote["name"] == "spaces/A/messages/1")
        let cards = await rig.cards()
        #expect(cards.count == 1)
        for words in ["Refund batch 17", "Requested by Kim.", "Refunds &amp; co", "https://relay.example/r/1"] {
            #expect(cards.first?.contains(words) == true, "\(words)")
        }
    }

    @Test func `what follows an approval is a reply in its thread, and a repeat is none`() async throws {
        let rig = try DoubleRig("google_chat", Self.url)
        let first = try await rig.channel.deliver(.sample(.approval))
        #expect(try await rig.channel.deliver(.sample(.approval)) == first)
        let second = try await rig.channel.update(first, with: .sample(.decision))
        #expect(second.remote["thread"] == first.remote["thread"])
        #expect(second.remote["name"] != first.remote["name"])
        #expect(await rig.cards().count == 2)
    }

    @Test func `when there is too much it says so without a wait, and is obeyed`() async throws {
        #expect(try await DoubleRig("google_chat", Self.url).verdictWhenBusy() == .throttled(after: nil))
    }

    private static func text(_ size: Int) -> LongText { #"{"text":"\#(String(repeating: "x", count: size - 11))"}"# }

    private static func card(_ text: String) -> LongText {
        #"{"cardsV2":[{"card":{"sections":[{"widgets":[{"textParagraph":{"text":"\#(text)"}}]}]}}]}"#
    }

    @Test(
        arguments: [
            (text(32_000), "key=k&token=t", 200), (text(32_001), "key=k&token=t", 400), (text(20), "key=k", 401),
            (text(20), "token=t", 403),
            ("{}", "key=k&token=t", 400), ("nonsense", "key=k&token=t", 400), (card("<b>a</b><br>&lt;"), "key=k&token=t", 200),
            (card("a <users/all>"), "key=k&token=t", 400), (card("a < b"), "key=k&token=t", 400),
        ] as [(LongText, String, Int)])
    func `it refuses what Google would`(body: LongText, query: String, status: Int) async {
        let body = body.text
        let request = WebRequest("POST", "\(Self.path)?\(query)", body: Array(body.utf8))
        #expect(await Inbox(clock: ManualClock()).receive(request).status == status)
    }

    @Test func `without the option a thread is ignored`() async throws {
        let inbox = Inbox(clock: ManualClock())
        let body = Array(#"{"text":"x","thread":{"threadKey":"k"}}"#.utf8)
        var threads: [JSONValue?] = []
        for query in ["", "", "&messageReplyOption=REPLY_MESSAGE_OR_FAIL", "&messageReplyOption=REPLY_MESSAGE_OR_FAIL"] {
            let answer = await inbox.receive(WebRequest("POST", "\(Self.path)?key=k&token=t\(query)", body: body))
            threads.append(try JSONValue(parsing: answer.body)["thread"])
        }
        #expect(threads[0] != threads[1])
        #expect(threads[2] == threads[3])
    }
}
