import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

@testable import Channels

struct WebhookTests {
    private let url: Value = "https://hooks.example.com/in"

    @Test func `the signature is that of the standard's test vector`() throws {
        let key = try #require(WebhookKey(Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")))
        let signature = key.signature(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: Array(#"{"test": 2432232314}"#.utf8))
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        #expect(key.length == 24)
    }

    @Test func `a key without prefix stands for its own bytes`() throws {
        // The expected value is the HMAC-SHA256 of "a.1." under "key", computed with OpenSSL.
        let key = try #require(WebhookKey(Secret("key")))
        #expect(key.signature(id: "a", timestamp: 1, body: []) == "v1,yW8+rvcafoW/SUGoPddbOT1gdW6Tk1OXEYlWBQLiHao=")
    }

    @Test(arguments: Event.Kind.allCases, Priority.allCases)
    func `every kind and priority looks as agreed`(kind: Event.Kind, priority: Priority) throws {
        guard kind == .notification || priority == .high else { return }
        let sent = try channel("webhook", ["url": url]).preview(.of(kind, priority, link: "https://app.example/runs/77aa"))
        expectGolden(json: sent, "webhook/\(kind.rawValue).\(priority.word).json")
    }

    @Test func `a cloud event looks as agreed`() throws {
        let sent = try channel("webhook", ["url": url, "format": "cloudevents"]).preview(.of(.approval, .high, label: "Sample"))
        expectGolden(json: sent, "webhook/cloudevents.json")
    }

    @Test func `a change of keys is signed by both, the new one first, over the bytes that are sent`() async throws {
        let http = ScriptedTransport(status: 204)
        let channel = try channel("webhook", try #require(configurations.first { $0.type == "webhook" }).values, tools: tools(http: http))
        let receipt = try await channel.deliver(.of())
        let request = try #require(http.requests.first)
        let headers = Dictionary(uniqueKeysWithValues: request.headers.map { ($0.name, $0.value.reveal()) })
        let id = Message.of().idempotencyKey
        let body = try #require(request.body)
        let keys = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "an older key of theirs, kept quiet"].compactMap {
            WebhookKey(Secret($0))
        }
        let signatures = keys.map { $0.signature(id: id, timestamp: 1_795_510_800, body: body) }
        #expect(headers["webhook-signature"] == signatures.joined(separator: " "))
        #expect(headers["webhook-id"] == id)
        #expect(headers["webhook-timestamp"] == "1795510800")
        #expect(headers["Authorization"] == "Bearer sesame")
        #expect(headers["Content-Type"] == "application/json")
        #expect(String(decoding: body, as: UTF8.self) == channel.preview(.of()))
        #expect(!request.guardsAgainstResend)
        #expect(receipt.remote.isEmpty)
    }

    @Test func `what must not arrive twice is not sent again by libcurl itself, although a resend bears the same id`() async throws {
        let http = ScriptedTransport(status: 204)
        let channel = try channel("webhook", ["url": url], tools: tools(http: http))
        var message = Message.of()
        message.isAtMostOnce = true
        _ = try await channel.deliver(message)
        #expect(http.requests.first?.guardsAgainstResend == true)
    }

    @Test func `without a key nothing is signed, and a header of the user's replaces ours`() async throws {
        let http = ScriptedTransport(status: 200)
        let values: [String: Value] = ["url": url, "format": "cloudevents", "headers": ["user-agent": "theirs", "X-Room": "7"]]
        _ = try await channel("webhook", values, tools: tools(http: http)).deliver(.of())
        #expect(
            http.requests.first?.headers.map(\.name) == ["Content-Type", "webhook-id", "webhook-timestamp", "X-Room", "user-agent"])
        #expect(http.requests.first?.headers.first?.value.reveal() == "application/cloudevents+json; charset=UTF-8")
    }

    @Test(
        arguments: [
            (["secret": "whsec_not base64!"], "destinations.ops.secret is no key"),
            (["secret": "whsec_"], "destinations.ops.secret is no key"),
            (["old_secret": "an older key of theirs, kept quiet"], "destinations.ops.secret is missing"),
            (["headers": ["Webhook-Id": "1"]], "destinations.ops.headers cannot hold 'Webhook-Id'"),
            (["headers": ["Content-Type": "1"]], "destinations.ops.headers cannot hold 'Content-Type'"),
            (["headers": ["a b": "1"]], "destinations.ops.headers cannot hold 'a b'"),
            (["headers": ["X-A": "1\r\nX-B: 2"]], "destinations.ops.headers.X-A holds a line break or a control character"),
            (["headers": "X-A: 1"], "destinations.ops.headers is no mapping"),
            (["format": "xml"], "destinations.ops.format is a value from ${…}"),
        ] as [([String: Value], String)])
    func `what cannot work is refused with the reason`(values: [String: Value], problem: String) throws {
        let reading = try Reading("webhook", values.merging(["url": url]) { $1 })
        #expect(reading.errors.map(\.problem).contains(problem), "\(reading.errors)")
        #expect(reading.plan == nil)
    }

    @Test func `a short key is accepted with a warning`() throws {
        let reading = try Reading("webhook", ["url": url, "secret": "short"])
        #expect(reading.plan != nil)
        #expect(
            reading.problems.map(\.description) == [
                "relay.yaml:1:1: warning: destinations.ops.secret has 5 bytes; expected 24 to 64 bytes (Standard Webhooks)"
            ])
    }
}

struct EventDocumentTests {
    /// A document with a text that makes it exactly `bytes` long.
    private func document(sized bytes: Int) -> EventDocument {
        let bare = EventDocument(message: .of(body: "")).standard.count
        return EventDocument(message: .of(body: String(repeating: "x", count: bytes - bare)))
    }

    @Test(arguments: [(19_999, false), (20_000, false), (20_001, true)])
    func `only what is over the limit is cut`(bytes: Int, isCut: Bool) throws {
        let written = document(sized: bytes).standard, json = try JSONValue(parsing: written)
        #expect(json["data"]?["cut"] == (isCut ? true : nil))
        #expect(written.count <= 20_000)
        #expect(isCut || written.count == bytes)
    }

    @Test func `payload and actions go first, and the words stay`() throws {
        let big = JSONValue.array(Array(repeating: .string(String(repeating: "x", count: 100)), count: 300))
        let details: [(Detail, String)] = [
            (.notification(NotificationDetail(type: "t", message: "m", payload: big)), "payload"),
            (.approval(ApprovalDetail(id: "c0de", action: "Refund", actions: big)), "actions"),
        ]
        for (detail, name) in details {
            let kind: Event.Kind = name == "actions" ? .approval : .notification
            let written = EventDocument(message: .of(kind, body: "the words", detail: detail)).standard
            let data = try JSONValue(parsing: written)["data"]
            #expect(data?["cut"] == true)
            #expect(data?[kind.rawValue]?.object?[name] == .null)
            #expect(data?["text"] == "the words")
        }
    }

    @Test(arguments: Event.Kind.allCases)
    func `nothing makes it larger than the limit, and its ids stay whole`(kind: Event.Kind) throws {
        let text = String(repeating: "\u{1}👩‍👩‍👧‍👦", count: 1_500)
        let item = DigestDetail.Item(
            id: "live/notification/1", kind: .run, priority: .low, automation: text, message: text, occurredAt: .distantPast,
            runID: "1")
        let detail: Detail =
            switch kind {
            case .notification: .notification(NotificationDetail(type: text, message: text, payload: .string(text)))
            case .run: .run(RunDetail(outcome: .failed, summary: text, error: text, failedStep: text, milliseconds: .max))
            case .approval, .decision, .reminder:
                .approval(ApprovalDetail(id: text, action: text, actions: .string(text), actor: text, reason: text))
            case .digest:
                .digest(
                    DigestDetail(
                        name: "m", from: .distantPast, until: .distantFuture, headline: text,
                        events: Array(repeating: item, count: 12)))
            case .absence: .absence(AbsenceDetail(expected: .start, due: .distantPast, countedFrom: .distantPast))
            case .relay: .relay(RelayDetail(topic: text, about: text, detail: text))
            }
        let origin = Origin(automation: text, risk: text, trigger: text, runStatus: text)
        let document = EventDocument(
            message: .of(kind, title: text, body: text, link: "https://app.example/1", detail: detail, origin: origin))
        for written in [document.standard, document.cloudEvent] {
            let json = try JSONValue(parsing: written)
            #expect(written.count <= 20_000)
            #expect(json["data"]?["id"]?.string == kind.exampleID)
            #expect(json["data"]?["link"] == "https://app.example/1")
            #expect(json["data"]?["cut"] == true)
        }
    }

    @Test func `every attempt says the same bytes`() {
        #expect(EventDocument(message: .of(.approval)).standard == EventDocument(message: .of(.approval)).standard)
    }
}
