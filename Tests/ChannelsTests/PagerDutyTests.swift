import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

@testable import Channels

struct PagerDutyTests {
    private static let key = "0123456789abcdef0123456789abcdef"
    private static let taken = #"{"status": "success", "message": "Event processed", "dedup_key": "k"}"#

    private func pager(_ http: ScriptedTransport = ScriptedTransport(status: 202, body: taken)) throws -> any Channel {
        try channel("pagerduty", ["routing_key": .text(Self.key), "api_url": "https://proxy.example/pd/"], tools: tools(http: http))
    }

    private func sent(_ message: Message) throws -> JSONValue { try JSONValue(parsing: Array(pager().preview(message).utf8)) }

    @Test func `an event goes below the path of the server, and its repeat is harmless`() async throws {
        let http = ScriptedTransport(status: 202, body: Self.taken)
        let message = Message.of()
        #expect(try await pager(http).deliver(message).remote == ["dedup_key": message.idempotencyKey])
        let request = try #require(http.requests.first)
        #expect(request.url.reveal() == "https://proxy.example/pd/v2/enqueue")
        #expect(!request.guardsAgainstResend)
        #expect(try JSONValue(parsing: request.body ?? [])["routing_key"]?.string == Self.key)
        #expect(try sent(message)["routing_key"] == "<secret>")
    }

    @Test(arguments: [(Priority.low, "info"), (.normal, "warning"), (.high, "error"), (.urgent, "critical")])
    func `each priority has its severity`(priority: Priority, severity: String) throws {
        #expect(try sent(.of(.notification, priority))["payload"]?["severity"]?.string == severity)
    }

    @Test(arguments: Event.Kind.allCases)
    func `what is about one subject is one alert`(kind: Event.Kind) throws {
        let message = Message.of(kind)
        let isOne = [.approval, .decision, .reminder, .run, .relay, .absence].contains(kind)
        #expect(try sent(message)["dedup_key"]?.string == (isOne ? message.subjectKey : message.idempotencyKey))
    }

    @Test(arguments: ApprovalDetail.State.allCases)
    func `an approval that was decided needs nobody any more`(state: ApprovalDetail.State) throws {
        for kind in [Event.Kind.approval, .decision] {
            let event = try sent(.of(kind, detail: .approval(ApprovalDetail(id: "c0de", state: state))))
            #expect(event["event_action"]?.string == (state == .open ? "trigger" : "resolve"))
        }
    }

    @Test(arguments: [true, false])
    func `a trouble of the relay that is over is resolved`(isOver: Bool) throws {
        let detail = Detail.relay(RelayDetail(topic: "unreachable", about: "live", detail: "no answer", over: isOver))
        #expect(try sent(.of(.relay, detail: detail))["event_action"]?.string == (isOver ? "resolve" : "trigger"))
    }

    @Test func `a decision resolves the alert that there is, under whatever name the destination was`() async throws {
        let http = ScriptedTransport(status: 202, body: Self.taken)
        let earlier = Receipt(["dedup_key": "made under another name"])
        #expect(try await pager(http).update(earlier, with: .of(.decision)) == earlier)
        let event = try JSONValue(parsing: try #require(http.requests.first?.body))
        #expect(event["dedup_key"] == "made under another name")
        #expect(event["event_action"] == "resolve")
    }

    @Test(arguments: [1_023, 1_024, 1_025, 5_000], ["x", "é", "😀"])
    func `a summary is cut where PagerDuty would refuse it`(length: Int, unit: String) throws {
        let title = String(repeating: unit, count: length)
        let summary = try #require(try sent(.of(title: title))["payload"]?["summary"]?.string)
        #expect(summary.utf16.count <= 1_024)
        #expect(summary == title || summary.hasSuffix("…"))
        #expect((title.utf16.count <= 1_024) == (summary == title))
    }

    @Test(arguments: ["", " ", "\n\n"])
    func `no summary is blank`(title: String) throws {
        #expect(try sent(.of(title: title))["payload"]?["summary"] == "notification")
    }

    @Test(arguments: CatalogueTests.hostile)
    func `whatever the data, an event is one that PagerDuty takes`(text: LongText) throws {
        let text = text.text
        let origin = Origin(automation: text, risk: text, trigger: text, runStatus: text)
        let event = try sent(.of(title: text, body: text, origin: origin, label: "Sample"))
        let summary = try #require(event["payload"]?["summary"]?.string)
        #expect((1...1_024).contains(summary.utf16.count))
        #expect(!summary.utf8.contains(10))
        #expect(event.bytes.count < 512_000)
        #expect(event["links"] == [])
    }

    @Test func `what is not known is left out and not null`() throws {
        #expect(try sent(.of(origin: Origin()))["payload"]?.object?.keys.contains("component") == false)
    }

    @Test(
        arguments: [
            (400, #"{"status": "invalid event", "errors": ["Length of 'routing_key' is incorrect (should be 32 characters)"]}"#, .gone),
            (400, #"{"status": "invalid key", "message": "Invalid routing key"}"#, .gone),
            (400, #"{"status": "invalid event", "errors": ["'payload.severity' is invalid"]}"#, .refused), (400, "<html>", .refused),
            (404, "", .gone), (413, "", .trimmings), (403, "", .suspect), (410, "", .gone), (302, "", .gone),
            (500, "", .retry(after: nil)), (502, "<html>", .retry(after: nil)), (504, "", .retry(after: nil)),
            (200, #"{"status": "success"}"#, nil), (204, "", nil), (200, #"{"status": "error"}"#, .refused),
        ] as [(Int, String, DeliveryError.Verdict?)])
    func `every response has its meaning`(status: Int, body: String, verdict: DeliveryError.Verdict?) async throws {
        #expect(try await error(status, body)?.verdict == verdict)
    }

    @Test func `202 is taken, whatever its body`() async throws {
        for body in [Self.taken, "", "<html>"] { #expect(try await error(202, body) == nil) }
    }

    @Test(arguments: [(nil, Duration.seconds(30)), ("90", .seconds(90)), ("0", .seconds(1))] as [(String?, Duration)])
    func `too many events wait half a minute, or what the response asks`(header: String?, wait: Duration) async throws {
        let headers = header.map { [(name: "retry-after", value: $0)] } ?? []
        #expect(try await error(429, "Too many requests", headers)?.verdict == .throttled(after: wait))
    }

    @Test(arguments: ["", "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcdef0", "0123456789abcdef_123456789abcdef"])
    func `a key that cannot be one is refused, and not shown`(key: String) throws {
        let reading = try Reading("pagerduty", ["routing_key": .text(key)])
        #expect(
            reading.errors.map(\.problem) == [
                key.isEmpty ? "destinations.ops.routing_key is missing" : "destinations.ops.routing_key is no integration key"
            ])
        #expect(reading.plan == nil)
    }

    private func error(_ status: Int, _ body: String, _ headers: [(name: String, value: String)] = []) async throws -> DeliveryError? {
        let pager = try pager(ScriptedTransport(status: status, headers: headers, body: body))
        do throws(DeliveryError) {
            _ = try await pager.deliver(.of())
            return nil
        } catch {
            return error
        }
    }
}
