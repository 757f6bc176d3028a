import Channels
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Sandbox

struct GotifyDoubleTests {
    private static let keys = ["server": "http://127.0.0.1:9/hooks/gotify", "token": "A-x"]

    @Test(arguments: Event.Kind.allCases)
    func `every kind is taken and drawn`(kind: Event.Kind) async throws {
        let rig = try DoubleRig("gotify", Self.keys)
        #expect(try await rig.channel.deliver(.sample(kind)).remote == ["id": "1"])
        let cards = await rig.cards()
        #expect(cards.count == 1)
        for words in ["<h3>Refund batch 17</h3>", "Requested by Kim.", "priority 8", "https://relay.example/r/1"] {
            #expect(cards.first?.contains(words) == true, "\(words)")
        }
    }

    @Test func `a proxy that has too much says so in whole seconds, and is obeyed`() async throws {
        #expect(try await DoubleRig("gotify", Self.keys).verdictWhenBusy() == .throttled(after: .seconds(1)))
    }

    @Test func `it says which version it is`() async throws {
        #expect(await (try DoubleRig("gotify", Self.keys)).channel.connect().map(\.ok) == [true, nil])
    }

    @Test(arguments: [
        ("message", "A-x", #"{"message":"x","priority":5}"#, 200, #""id":1"#), ("message", "A-x", "{}", 400, "required"),
        ("message", "A-x", "nonsense", 400, "no JSON"), ("message", "A-x", #"{"message":"x","priority":"high"}"#, 400, "priority"),
        ("message", "A-x", #"{"message":"x","extras":{}}"#, 400, "text/plain"), ("message", "", #"{"message":"x"}"#, 401, "Unauthorized"),
        ("other", "A-x", #"{"message":"x"}"#, 404, "page not found"),
    ])
    func `it refuses what Gotify would`(path: String, token: String, body: String, status: Int, words: String) async {
        let headers = [(name: "X-Gotify-Key", value: token), ("Content-Type", "application/json")]
        let request = WebRequest("POST", "/hooks/gotify/\(path)", headers: headers, body: Array(body.utf8))
        let answer = await Inbox(clock: ManualClock()).receive(request)
        #expect(answer.status == status)
        #expect(String(decoding: answer.body, as: UTF8.self).contains(words))
    }
}
