import Channels
import Pages
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Sandbox

struct MatrixDoubleTests {
    private static let keys = ["server": "http://127.0.0.1:9/hooks/matrix", "token": "syt_x", "room": "!abc:example.com"]

    @Test(arguments: Event.Kind.allCases)
    func `every kind is taken and drawn`(kind: Event.Kind) async throws {
        let rig = try DoubleRig("matrix", Self.keys)
        #expect(try await rig.channel.deliver(.sample(kind)).remote == ["event_id": "$event1"])
        let cards = await rig.cards()
        #expect(cards.count == 1)
        for words in ["<b>Refund batch 17</b><br>Requested by Kim.", "Refunds &amp; co", "https://relay.example/r/1"] {
            #expect(cards.first?.contains(words) == true, "\(words)")
        }
    }

    @Test func `a repeat under the same transaction is no second message, and an edit is none either`() async throws {
        let rig = try DoubleRig("matrix", Self.keys)
        let first = try await rig.channel.deliver(.sample(.approval))
        #expect(try await rig.channel.deliver(.sample(.approval)) == first)
        #expect(try await rig.channel.update(first, with: .sample(.decision, body: "Approved by Kim.")) == first)
        #expect(try await rig.channel.update(first, with: .sample(.run, body: "And done.")) == first)
        let cards = await rig.cards()
        #expect(cards.count == 1)
        #expect(cards.first?.contains("And done.") == true && cards.first?.contains("Requested") == false)
    }

    @Test func `a message that is gone cannot be edited`() async throws {
        let rig = try DoubleRig("matrix", Self.keys)
        let receipt = try await rig.channel.deliver(.sample(.approval))
        await rig.inbox.delete(1)
        let error = await #expect(throws: DeliveryError.self) { try await rig.channel.update(receipt, with: .sample(.decision)) }
        #expect(error?.verdict == .vanished)
    }

    @Test func `when there is too much it says so in whole seconds and in milliseconds`() async throws {
        #expect(try await DoubleRig("matrix", Self.keys).verdictWhenBusy() == .throttled(after: .seconds(1)))
        let answer = MatrixDouble.tooMany(seconds: 1.25, now: Timestamp(seconds: 0))
        #expect(answer.header("Retry-After") == "2")
        #expect(String(decoding: answer.body, as: UTF8.self).contains(#""retry_after_ms":1250"#))
    }

    @Test func `it knows who asks`() async throws {
        #expect(await (try DoubleRig("matrix", Self.keys)).channel.connect().map(\.ok) == [true, nil])
    }

    private static func body(_ length: Int) -> LongText {
        #"{"msgtype":"m.text","body":"\#(String(repeating: "x", count: length))","m.mentions":{}}"#
    }
    private static let path = "/hooks/matrix/_matrix/client/v3/rooms/%21abc%3Aexample.com/send/m.room.message/t1"
    /// The size of the event in bytes without the text of its body.
    private static let frame = 177

    @Test(
        arguments: [
            ("PUT", path, body(1), 200, "$event1"), ("PUT", path, body(65_536 - frame), 200, "$event1"),
            ("PUT", path, body(65_537 - frame), 413, "M_TOO_LARGE"), ("PUT", path, "nonsense", 400, "M_NOT_JSON"),
            ("PUT", path, "{}", 400, "M_BAD_JSON"), ("PUT", path, #"{"msgtype":"m.text","body":"x"}"#, 400, "m.mentions"),
            ("POST", path, body(1), 404, "M_UNRECOGNIZED"), ("PUT", "/hooks/matrix/x", body(1), 404, "M_UNRECOGNIZED"),
            ("PUT", path.replacing("%21abc", with: "%23abc"), body(1), 400, "M_INVALID_PARAM"),
            (
                "PUT", path,
                #"{"msgtype":"m.text","body":"* x","m.mentions":{},"m.new_content":{"msgtype":"m.text","body":"x","m.mentions":{}},"m.relates_to":{"rel_type":"m.replace","event_id":"$event9"}}"#,
                400, "unknown event"
            ),
        ] as [(String, String, LongText, Int, String)])
    func `it refuses what a homeserver would`(method: String, path: String, body: LongText, status: Int, words: String) async {
        let body = body.text
        let request = WebRequest(method, path, headers: [("Authorization", "Bearer syt_x")], body: Array(body.utf8))
        let answer = await Inbox(clock: ManualClock()).receive(request)
        #expect(answer.status == status)
        #expect(String(decoding: answer.body, as: UTF8.self).contains(words))
    }

    @Test func `it knows nobody without a token`() async {
        let answer = await Inbox(clock: ManualClock()).receive(WebRequest("PUT", Self.path, body: Array(Self.body(1).text.utf8)))
        #expect(answer.status == 401)
    }

    @Test(arguments: [
        ("<strong>a</strong><br>&lt;b&gt;", "<b>a</b><br>&lt;b&gt;"), ("<script>x</script>", "x"), ("<em>a", "<i>a</i>"),
        ("<a href=\"javascript:x\">a</a>", "<a href=\"#\" rel=\"noreferrer\">a</a>"), ("</em>a &amp;lt;", "a &amp;lt;"),
    ])
    func `HTML is cleaned before it is drawn`(html: String, drawn: String) {
        #expect(MatrixHTML.markup(html).html == drawn)
    }
}
