import RelayCore
import RelaySupport
import RelayTesting
import Testing
import Transport

@testable import Channels

struct PushoverTests {
    private static let token = "azGDORePK8gMaC0QOYAMyEEuzJnyUi", user = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"
    private let keys: [String: Value] = [
        "token": .text(Self.token), "user": .text(Self.user), "api_url": "https://proxy.example/po",
    ]
    private static let taken = #"{"status": 1, "request": "r"}"#, ringing = #"{"status": 1, "request": "r", "receipt": "R3c31pt"}"#

    private func phone(_ http: ScriptedTransport = ScriptedTransport(status: 200, body: taken)) throws -> any Channel {
        try channel("pushover", keys, tools: tools(http: http))
    }

    private func sent(_ message: Message) throws -> JSONValue { try JSONValue(parsing: Array(phone().preview(message).utf8)) }

    @Test func `both keys are in the body and nowhere else`() async throws {
        let http = ScriptedTransport(status: 200, body: Self.taken)
        _ = try await phone(http).deliver(.of())
        let request = try #require(http.requests.first)
        #expect(request.url.reveal() == "https://proxy.example/po/1/messages.json")
        #expect(request.guardsAgainstResend)
        let body = try JSONValue(parsing: request.body ?? [])
        #expect(body["token"]?.string == Self.token)
        #expect(body["user"]?.string == Self.user)
        let shown = try sent(.of())
        #expect(shown["token"] == "<secret>")
        #expect(shown["user"] == "<secret>")
    }

    @Test(arguments: [(Priority.low, -1), (.normal, 0), (.high, 1), (.urgent, 2)])
    func `each priority has its own, and only an emergency repeats`(priority: Priority, number: Int) throws {
        let payload = try sent(.of(.notification, priority))
        #expect(payload["priority"]?.int == number)
        let retry = payload["retry"]?.int, expire = payload["expire"]?.int
        guard number == 2 else {
            #expect(retry == nil && expire == nil)
            return
        }
        let pause = try #require(retry), end = try #require(expire)
        #expect(pause >= 30 && end <= 10_800)
        // At most fifty repeats are allowed.
        #expect(end / pause <= 50)
    }

    @Test func `a sample rings nobody out of bed again and again, and leads nowhere`() throws {
        let payload = try sent(.of(.approval, .urgent, link: "https://relay.example/r/1", label: "Sample"))
        #expect(payload["priority"]?.int == 1)
        #expect(payload["url"] == nil)
        #expect(payload["message"]?.string?.hasPrefix("Sample\n") == true)
    }

    @Test(arguments: [1_023, 1_024, 1_025, 9_000], ["x", "é", "😀"])
    func `a message is counted in code points`(length: Int, unit: String) throws {
        let body = String(repeating: unit, count: length)
        let message = try #require(try sent(.of(body: body))["message"]?.string)
        #expect(message == (length <= 1_024 ? body : String(repeating: unit, count: 1_023) + "…"))
    }

    @Test(arguments: [249, 250, 251])
    func `and so is a title`(length: Int) throws {
        let title = try #require(try sent(.of(title: String(repeating: "😀", count: length)))["title"]?.string)
        #expect(title.unicodeScalars.count == min(length, 250))
    }

    @Test(arguments: [(512, true), (513, false)])
    func `a link that is too long is left out`(length: Int, isThere: Bool) throws {
        let start = "https://relay.example/"
        let link = start + String(repeating: "x", count: length - start.utf8.count)
        #expect(try sent(.of(link: link))["url"]?.string == (isThere ? link : nil))
    }

    @Test(arguments: CatalogueTests.hostile)
    func `whatever the data, a message is one that Pushover takes, and it is plain text`(text: LongText) throws {
        let text = text.text
        let payload = try sent(.of(title: text, body: text))
        let message = try #require(payload["message"]?.string)
        #expect((1...1_024).contains(message.unicodeScalars.count))
        #expect(!message.trimmed.isEmpty)
        #expect(payload["html"] == nil && payload["monospace"] == nil)
    }

    @Test func `an emergency is remembered by its receipt`() async throws {
        #expect(try await phone(ScriptedTransport(status: 200, body: Self.ringing)).deliver(.of()).remote == ["receipt": "R3c31pt"])
        #expect(try await phone().deliver(.of()).remote.isEmpty)
    }

    @Test func `a decision cancels the emergency and is told as a message of its own`() async throws {
        let http = ScriptedTransport(status: 200, body: Self.taken)
        let receipt = try await phone(http).update(Receipt(["receipt": "R3c31pt"]), with: .of(.decision))
        #expect(receipt.remote.isEmpty)
        #expect(
            http.requests.map { $0.url.reveal() } == [
                "https://proxy.example/po/1/receipts/R3c31pt/cancel.json", "https://proxy.example/po/1/messages.json",
            ])
        #expect(try JSONValue(parsing: http.requests[0].body ?? []) == ["token": .string(Self.token)])
        // A second cancellation is harmless.
        #expect(http.requests.map(\.guardsAgainstResend) == [false, true])
    }

    @Test func `a reminder lets the emergency ring on, and it can still be cancelled`() async throws {
        let http = ScriptedTransport(status: 200, body: Self.taken)
        let earlier = Receipt(["receipt": "R3c31pt"])
        #expect(try await phone(http).update(earlier, with: .of(.reminder, .high)) == earlier)
        #expect(http.requests.map { $0.url.reveal() } == ["https://proxy.example/po/1/messages.json"])
    }

    @Test func `an emergency takes the place of an earlier one`() async throws {
        let http = ScriptedTransport(status: 200, body: #"{"status": 1, "receipt": "n3w"}"#)
        let receipt = try await phone(http).update(Receipt(["receipt": "R3c31pt"]), with: .of(.reminder, .urgent))
        #expect(receipt.remote == ["receipt": "n3w"])
        // The new emergency comes first: for a moment two ring, which is better than none.
        #expect(
            http.requests.map { $0.url.reveal() } == [
                "https://proxy.example/po/1/messages.json", "https://proxy.example/po/1/receipts/R3c31pt/cancel.json",
            ])
    }

    @Test func `an emergency that cannot be cancelled is remembered beside the one that took its place, and both end`() async throws {
        let http = ScriptedTransport { request in
            request.url.reveal().contains("R3c31pt/cancel")
                ? .success(HTTPResponse(status: 500))
                : .success(HTTPResponse(status: 200, body: Array(#"{"status": 1, "receipt": "n3w"}"#.utf8)))
        }
        let receipt = try await phone(http).update(Receipt(["receipt": "R3c31pt"]), with: .of(.reminder, .urgent))
        #expect(receipt.remote == ["receipt": "n3w", "earlier": "R3c31pt"])
        let later = ScriptedTransport(status: 200, body: Self.taken)
        _ = try await phone(later).update(receipt, with: .of(.decision))
        #expect(
            later.requests.map { $0.url.reveal() } == [
                "https://proxy.example/po/1/receipts/n3w/cancel.json", "https://proxy.example/po/1/receipts/R3c31pt/cancel.json",
                "https://proxy.example/po/1/messages.json",
            ])
    }

    @Test func `a reminder that is an emergency is one that goes on, and takes the place of the earlier one`() async throws {
        let http = ScriptedTransport(status: 200, body: #"{"status": 1, "receipt": "n3w"}"#)
        let receipt = try await phone(http).follow(Receipt(["receipt": "R3c31pt"]), with: .of(.reminder, .urgent))
        #expect(receipt.remote == ["receipt": "n3w"])
        #expect(receipt.isOngoing)
        #expect(http.requests.map { $0.url.reveal() }.contains("https://proxy.example/po/1/receipts/R3c31pt/cancel.json"))
    }

    @Test func `a receipt that is none is never made part of an address`() async throws {
        let http = ScriptedTransport(status: 200, body: Self.taken)
        _ = try await phone(http).update(Receipt(["receipt": "../../x?y"]), with: .of(.decision))
        #expect(http.requests.map { $0.url.reveal() } == ["https://proxy.example/po/1/messages.json"])
    }

    static let cancellings: [(response: Result<HTTPResponse, TransportError>, verdict: DeliveryError.Verdict?)] = [
        // Pushover no longer knows the receipt, so nothing rings.
        (.success(HTTPResponse(status: 400, body: Array(#"{"status": 0, "receipt": "not found"}"#.utf8))), nil),
        (.success(HTTPResponse(status: 500)), .retry(after: .seconds(5))),
        (.success(HTTPResponse(status: 200, body: Array("<html>".utf8))), .retry(after: .seconds(5))),
        (.success(HTTPResponse(status: 400, body: Array(#"{"status": 0, "token": "invalid"}"#.utf8))), .gone),
        (.failure(TransportError(.noAnswer, sent: true, "the connection ended")), .retry(after: .seconds(5))),
        (.failure(TransportError(.unreachable, sent: false, "no route")), .retry(after: nil)),
    ]

    @Test(arguments: cancellings.indices)
    func `while an emergency cannot be cancelled nothing is sent, so that both are tried again`(row: Int) async throws {
        let (response, verdict) = Self.cancellings[row]
        let http = ScriptedTransport { request in
            request.url.reveal().contains("cancel") ? response : .success(HTTPResponse(status: 200, body: Array(Self.taken.utf8)))
        }
        let phone = try phone(http)
        do throws(DeliveryError) {
            _ = try await phone.update(Receipt(["receipt": "R3c31pt"]), with: .of(.decision))
            #expect(verdict == nil)
        } catch {
            #expect(error.verdict == verdict)
        }
        #expect(http.requests.count == (verdict == nil ? 2 : 1))
    }

    @Test(
        arguments: [
            (400, #"{"token": "invalid", "errors": ["application token is invalid"], "status": 0}"#, .gone),
            (400, #"{"user": "invalid", "errors": ["user identifier is not a valid user"], "status": 0}"#, .gone),
            (400, #"{"errors": ["user key is invalid"], "status": 0}"#, .gone),
            (400, #"{"message": "cannot be blank", "errors": ["message cannot be blank"], "status": 0}"#, .refused),
            (404, #"{"errors": ["not found"], "status": 0}"#, .refused), (408, #"{"status": 0}"#, .refused), (413, "", .trimmings),
            (404, "<html>", .suspect), (403, "", .suspect), (302, "", .gone), (410, "", .gone),
            (500, "", .retry(after: .seconds(5))), (502, "<html>", .retry(after: .seconds(5))), (504, "", .retry(after: .seconds(5))),
            (200, #"{"status": 0}"#, .refused), (200, "ok", nil),
        ] as [(Int, String, DeliveryError.Verdict?)])
    func `every response has its meaning`(status: Int, body: String, verdict: DeliveryError.Verdict?) async throws {
        #expect(try await error(status, body)?.verdict == verdict)
    }

    @Test(arguments: [("2", Duration.seconds(5)), ("60", .seconds(60))])
    func `a failed server is asked again after five seconds at the earliest`(header: String, wait: Duration) async throws {
        #expect(try await error(502, "", [("retry-after", header)])?.verdict == .retry(after: wait))
    }

    @Test(
        arguments: [
            // The test clock stands at 1,795,510,800 s.
            ("1795510830", Duration.seconds(30)), ("1795510800", .seconds(1)), ("1790000000", .seconds(1)), ("1796083200", .seconds(3_600)),
            ("soon", .seconds(3_600)), (nil, .seconds(3_600)),
        ] as [(String?, Duration)])
    func `the month's quota comes back at a moment in epoch seconds, and is looked for each hour`(
        header: String?, wait: Duration
    ) async throws {
        let headers = header.map { [(name: "x-limit-app-reset", value: $0)] } ?? []
        #expect(try await error(429, #"{"status": 0}"#, headers)?.verdict == .throttled(after: wait))
    }

    @Test(arguments: ["token", "user"], ["short", "uQiRzpo4DXghDmr9QzzfQu27cmVRs_", "uQiRzpo4DXghDmr9QzzfQu27cmVRsGG"])
    func `a key that cannot be one is refused, and not shown`(name: String, key: String) throws {
        let reading = try Reading("pushover", keys.merging([name: .text(key)]) { $1 })
        #expect(reading.errors.map(\.problem) == ["destinations.ops.\(name) is no key of Pushover"])
        #expect(reading.plan == nil)
    }

    private func error(_ status: Int, _ body: String, _ headers: [(name: String, value: String)] = []) async throws -> DeliveryError? {
        let phone = try phone(ScriptedTransport(status: status, headers: headers, body: body))
        do throws(DeliveryError) {
            _ = try await phone.deliver(.of())
            return nil
        } catch {
            return error
        }
    }
}
