import Channels
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Sandbox

struct ZulipDoubleTests {
    private static let keys = [
        "server": "http://127.0.0.1:9/hooks/zulip", "email": "relay@example.com", "api_key": "k3y", "stream": "alerts", "topic": "RevKeen",
    ]

    @Test(arguments: Event.Kind.allCases)
    func `every kind is taken and drawn`(kind: Event.Kind) async throws {
        let rig = try DoubleRig("zulip", Self.keys)
        #expect(try await rig.channel.deliver(.sample(kind)).remote == ["id": "1"])
        let cards = await rig.cards()
        #expect(cards.count == 1)
        for words in ["<b>Refund batch 17</b>", "Requested by Kim.", "Refunds &amp; co", "alerts › RevKeen", "https://relay.example/r/1"] {
            #expect(cards.first?.contains(words) == true, "\(words)")
        }
    }

    @Test func `an edit edits, and a message that is gone cannot be edited`() async throws {
        let rig = try DoubleRig("zulip", Self.keys)
        let receipt = try await rig.channel.deliver(.sample(.approval))
        #expect(try await rig.channel.update(receipt, with: .sample(.decision, body: "Approved by Kim.")) == receipt)
        let cards = await rig.cards()
        #expect(cards.count == 1)
        #expect(cards.first?.contains("Approved by Kim.") == true)
        await rig.inbox.delete(1)
        let error = await #expect(throws: DeliveryError.self) { try await rig.channel.update(receipt, with: .sample(.decision)) }
        #expect(error?.verdict == .vanished)
    }

    @Test func `when there is too much it says so in seconds with a fraction`() async throws {
        #expect(try await DoubleRig("zulip", Self.keys).verdictWhenBusy() == .throttled(after: .seconds(1)))
        let answer = ZulipDouble.tooMany(seconds: 28.7, now: Timestamp(seconds: 0))
        #expect(String(decoding: answer.body, as: UTF8.self).contains(#""retry-after":28.7"#))
    }

    @Test func `it knows who asks`() async throws {
        #expect(await (try DoubleRig("zulip", Self.keys)).channel.connect().map(\.ok) == [true, nil])
    }

    private static let form = "application/x-www-form-urlencoded"
    private static func body(_ length: Int, topic: Int = 1) -> LongText {
        "type=stream&to=alerts&topic=\(String(repeating: "t", count: topic))&content=\(String(repeating: "%C3%A9", count: length))"
    }

    @Test(
        arguments: [
            ("POST", "messages", body(1), form, 200, "success"), ("POST", "messages", body(10_000, topic: 60), form, 200, "success"),
            ("POST", "messages", body(10_001), form, 400, "10000"), ("POST", "messages", body(1, topic: 61), form, 400, "60"),
            ("POST", "messages", body(0), form, 400, "empty"), ("POST", "messages", "\(body(1).text)%00", form, 400, "null"),
            ("POST", "messages", body(1), "application/json", 400, "REQUEST_VARIABLE_MISSING"),
            ("POST", "messages", "type=stream&to=a&content=x", form, 400, "REQUEST_VARIABLE_MISSING"),
            ("PATCH", "messages/9", "content=x", form, 400, "Invalid message"), ("DELETE", "messages/1", "", form, 404, "BAD_REQUEST"),
        ] as [(String, String, LongText, String, Int, String)])
    func `it refuses what Zulip would`(
        method: String, path: String, body: LongText, type: String, status: Int, words: String
    ) async {
        let body = body.text
        let headers = [(name: "Authorization", value: "Basic YUBiOms="), ("Content-Type", type)]
        let request = WebRequest(method, "/hooks/zulip/api/v1/" + path, headers: headers, body: Array(body.utf8))
        let answer = await Inbox(clock: ManualClock()).receive(request)
        #expect(answer.status == status)
        #expect(String(decoding: answer.body, as: UTF8.self).contains(words))
    }

    @Test func `it knows nobody without a login`() async {
        let answer = await Inbox(clock: ManualClock()).receive(WebRequest("POST", "/hooks/zulip/api/v1/messages"))
        #expect(answer.status == 401)
    }
}
