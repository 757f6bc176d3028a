import Channels
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Sandbox

struct NtfyDoubleTests {
    private static let keys = ["server": "http://127.0.0.1:9/hooks/ntfy", "topic": "alerts", "token": "tk_x"]

    /// A message whose key is a valid sequence id, as the relay's keys are.
    private func message(_ kind: Event.Kind, body: String = "Requested by Kim.") -> Message {
        var message = Message.sample(kind, body: body)
        message.idempotencyKey = "key-\(kind.rawValue)"
        return message
    }

    @Test(arguments: Event.Kind.allCases)
    func `every kind is taken and drawn`(kind: Event.Kind) async throws {
        let rig = try DoubleRig("ntfy", Self.keys)
        _ = try await rig.channel.deliver(message(kind))
        let cards = await rig.cards()
        #expect(cards.count == 1)
        for words in ["<h3>Refund batch 17</h3>", "Requested by Kim.", "priority 4", "https://relay.example/r/1"] {
            #expect(cards.first?.contains(words) == true, "\(words)")
        }
    }

    @Test func `a repeat and a decision take the place of what they repeat and decide`() async throws {
        let rig = try DoubleRig("ntfy", Self.keys)
        let receipt = try await rig.channel.deliver(message(.approval))
        _ = try await rig.channel.deliver(message(.approval))
        _ = try await rig.channel.update(receipt, with: message(.decision, body: "Approved by Kim."))
        #expect(await rig.cards().count == 1)
        #expect(await rig.cards().first?.contains("Approved by Kim.") == true)
        _ = try await rig.channel.deliver(message(.run))
        _ = try await rig.channel.deliver(message(.run))
        #expect(await rig.cards().count == 2)
    }

    @Test func `when there is too much it does not say for how long, and gets five seconds`() async throws {
        #expect(try await DoubleRig("ntfy", Self.keys).verdictWhenBusy() == .throttled(after: .seconds(5)))
        #expect(NtfyDouble.tooMany(seconds: 9, now: Timestamp(seconds: 0)).header("Retry-After") == nil)
    }

    @Test func `it knows who asks, and says how it is`() async throws {
        #expect(await (try DoubleRig("ntfy", Self.keys)).channel.connect().map(\.ok) == [true, nil])
        #expect(await (try DoubleRig("ntfy", Self.keys.filter { $0.key != "token" })).channel.connect().map(\.ok) == [true, nil])
    }

    private static func body(_ length: Int, _ more: String = "") -> LongText {
        #"{"topic":"alerts","message":"\#(String(repeating: "x", count: length))"\#(more)}"#
    }

    @Test(
        arguments: [
            ("", body(4_096), 200, "ntfy1"), ("", body(4_097), 413, "41301"), ("", body(8_192), 413, "41303"),
            ("", "nonsense", 400, "40024"),
            ("", #"{"topic":"a b","message":"x"}"#, 400, "40009"), ("", body(1, #","priority":"high""#), 400, "40007"),
            ("", body(1, #","priority":6"#), 400, "40007"), ("", body(1, #","sequence_id":"a b""#), 400, "40049"),
            ("", body(1, #","sequence_id":"\#(String(repeating: "x", count: 65))""#), 400, "40049"),
            ("", body(1, #","actions":[{},{},{},{}]"#), 400, "40018"), ("alerts", body(1), 404, "40401"),
        ] as [(String, LongText, Int, String)])
    func `it refuses what ntfy would`(path: String, body: LongText, status: Int, words: String) async {
        let body = body.text
        let answer = await Inbox(clock: ManualClock()).receive(WebRequest("POST", "/hooks/ntfy/\(path)", body: Array(body.utf8)))
        #expect(answer.status == status)
        #expect(String(decoding: answer.body, as: UTF8.self).contains(words))
    }
}
