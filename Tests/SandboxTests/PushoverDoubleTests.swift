import Channels
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Sandbox

struct PushoverDoubleTests {
    private static let token = "azGDORePK8gMaC0QOYAMyEEuzJnyUi", user = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"
    private static let keys = ["token": token, "user": user, "api_url": "http://127.0.0.1:9/hooks/pushover"]

    @Test(arguments: Event.Kind.allCases)
    func `every kind is taken and drawn`(kind: Event.Kind) async throws {
        let rig = try DoubleRig("pushover", Self.keys)
        #expect(try await rig.channel.deliver(.sample(kind)).remote.isEmpty)
        let cards = await rig.cards()
        #expect(cards.count == 1)
        for words in ["Refund batch 17", "Requested by Kim.", "priority 1", "https://relay.example/r/1"] {
            #expect(cards.first?.contains(words) == true, "\(words)")
        }
    }

    @Test func `a decision cancels the emergency of its request`() async throws {
        let rig = try DoubleRig("pushover", Self.keys)
        var request = Message.sample(.approval), decision = Message.sample(.decision)
        request.event.priority = .urgent
        decision.event.payload.detail = .approval(ApprovalDetail(id: "1", version: 2, state: .approved))
        let receipt = try await rig.channel.deliver(request)
        #expect(receipt.remote["receipt"]?.isEmpty == false)
        #expect(await rig.cards().first?.contains("emergency") == true)
        #expect(try await rig.channel.update(receipt, with: decision).remote.isEmpty)
        #expect(await rig.cards().count == 2)
        #expect(await rig.inbox.refused == 0)
    }

    @Test(arguments: [("receipt1", 200), ("receipt2", 400), ("other", 400)])
    func `only an emergency that there is can be cancelled`(receipt: String, status: Int) async throws {
        let rig = try DoubleRig("pushover", Self.keys)
        var request = Message.sample(.approval)
        request.event.priority = .urgent
        _ = try await rig.channel.deliver(request)
        let path = "/hooks/pushover/1/receipts/\(receipt)/cancel.json"
        let answer = await rig.inbox.receive(WebRequest("POST", path, body: Array(#"{"token":"\#(Self.token)"}"#.utf8)))
        #expect(answer.status == status)
    }

    @Test func `when the quota is used up it says until when in epoch seconds, and is obeyed`() async throws {
        #expect(try await DoubleRig("pushover", Self.keys).verdictWhenBusy() == .throttled(after: .seconds(1)))
    }

    private static func message(
        _ length: Int = 1, title: Int = 1, url: Int = 1, token: String = token, user: String = user, more: String = #""priority":0"#
    ) -> LongText {
        func text(_ length: Int) -> String { String(repeating: "😀", count: length) }
        return """
            {"token":"\(token)","user":"\(user)","message":"\(text(length))","title":"\(text(title))","url":"\(text(url))",\(more)}
            """
    }

    @Test(
        arguments: [
            (message(1_024, title: 250, url: 512), 200), (message(1_025), 400), (message(title: 251), 400), (message(url: 513), 400),
            (message(0), 400), (message(token: "x"), 400), (message(user: "x"), 400), ("nonsense", 400),
            (message(more: #""priority":3"#), 400), (message(more: #""priority":2"#), 400),
            (message(more: #""priority":2,"retry":75,"expire":3600"#), 200), (message(more: #""priority":2,"retry":29,"expire":60"#), 400),
            (message(more: #""priority":2,"retry":300,"expire":10801"#), 400),
            (message(more: #""priority":2,"retry":30,"expire":3600"#), 400),
        ] as [(LongText, Int)])
    func `it refuses what Pushover would`(body: LongText, status: Int) async throws {
        let body = body.text
        let answer = await Inbox(clock: ManualClock()).receive(
            WebRequest("POST", "/hooks/pushover/1/messages.json", body: Array(body.utf8)))
        #expect(answer.status == status)
        #expect(try JSONValue(parsing: answer.body)["status"]?.int == (status == 200 ? 1 : 0))
    }
}
