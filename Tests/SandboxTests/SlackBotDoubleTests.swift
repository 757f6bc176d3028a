import Channels
import Pages
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Sandbox

struct SlackBotDoubleTests {
    private static let keys = [
        "token": "xoxb-1-2", "channel": "C0123456789", "api_url": "http://127.0.0.1:9/hooks/slackbot/api",
    ]

    @Test(arguments: Event.Kind.allCases)
    func `every kind is taken and drawn`(kind: Event.Kind) async throws {
        let rig = try DoubleRig("slack", Self.keys)
        let receipt = try await rig.channel.deliver(.sample(kind))
        #expect(receipt.remote["channel"] == "C0123456789")
        #expect(receipt.remote["ts"]?.contains(".") == true)
        let cards = await rig.inbox.messages(kind: .slackBot).map { ChatCard(message: $0).markup.html }
        #expect(cards.count == 1)
        for words in ["<b>Refund batch 17</b>", "Requested by Kim.", "Refunds &amp; co", "https://relay.example/r/1", "Slack bot"] {
            #expect(cards.first?.contains(words) == true, "\(words)")
        }
    }

    @Test func `an edit edits, and what was deleted by hand cannot be edited`() async throws {
        let rig = try DoubleRig("slack", Self.keys)
        let receipt = try await rig.channel.deliver(.sample(.approval))
        #expect(try await rig.channel.update(receipt, with: .sample(.decision, title: "Refused")) == receipt)
        let message = try #require(await rig.inbox.messages(kind: .slackBot).first)
        #expect(await rig.inbox.count == 1)
        #expect(message.edits == 1)
        #expect(ChatCard(message: message).markup.html.contains("Refused"))
        await rig.inbox.delete(message.id)
        let error = await #expect(throws: DeliveryError.self) { try await rig.channel.update(receipt, with: .sample(.decision)) }
        #expect(error?.verdict == .vanished)
    }

    @Test func `when there is too much it says so in whole seconds, and is obeyed`() async throws {
        #expect(try await DoubleRig("slack", Self.keys).verdictWhenBusy() == .throttled(after: .seconds(1)))
    }

    @Test func `it knows the bot by its token`() async throws {
        #expect(try await DoubleRig("slack", Self.keys).channel.connect().map(\.ok) == [true, nil])
        let stranger = try DoubleRig("slack", Self.keys.merging(["token": "xapp-1"]) { $1 })
        #expect(await stranger.channel.connect().first?.ok == false)
        let error = await #expect(throws: DeliveryError.self) { try await stranger.channel.deliver(.sample(.run)) }
        #expect(error?.verdict == .gone)
    }

    private static func section(_ length: Int) -> String {
        let text = String(repeating: "x", count: length)
        return #""blocks":[{"type":"section","text":{"type":"mrkdwn","text":"\#(text)"}}]"#
    }

    @Test(
        arguments: [
            ("chat.postMessage", #"{"channel":"C1",\#(section(3_000))}"#, nil),
            ("chat.postMessage", #"{"channel":"C1",\#(section(3_001))}"#, "invalid_blocks"),
            ("chat.postMessage", #"{"channel":"ops","text":"x"}"#, "channel_not_found"),
            ("chat.postMessage", #"{"channel":"C1"}"#, "no_text"),
            ("chat.postMessage", "nonsense", "invalid_json"),
            ("chat.update", #"{"channel":"C1","ts":"9.000200","text":"x"}"#, "message_not_found"),
            ("chat.update", #"{"channel":"C1","text":"x"}"#, "message_not_found"),
            ("chat.update", #"{"channel":"C1","text":"\#(String(repeating: "x", count: 4_001))"}"#, "msg_too_long"),
            ("chat.remove", #"{"channel":"C1","text":"x"}"#, "unknown_method"),
        ] as [(String, LongText, String?)])
    func `it refuses what Slack would, and says so with 200`(method: String, body: LongText, word: String?) async throws {
        let body = body.text
        let request = WebRequest(
            "POST", "/hooks/slackbot/api/\(method)", headers: [("Authorization", "Bearer xoxb-1-2")], body: Array(body.utf8))
        let answer = await Inbox(clock: ManualClock()).receive(request)
        let json = try JSONValue(parsing: answer.body)
        #expect(answer.status == 200)
        #expect(json["ok"]?.bool == (word == nil))
        #expect(json["error"]?.string == word)
    }
}
