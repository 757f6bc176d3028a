import RelayCore
import RelaySupport
import RelayTesting
import RevKeen
import Testing
import Transport

struct ClientTests {
    typealias Ask = @Sendable (RevKeenClient) async throws(RevKeenError) -> Void

    static let requests: [(ask: Ask, line: String)] = [
        ({ c async throws(RevKeenError) in _ = try await c.approvals() }, "GET /automations/approvals?limit=100"),
        (
            { c async throws(RevKeenError) in _ = try await c.approvals(status: "a b&c", limit: 500, offset: -3) },
            "GET /automations/approvals?limit=100&status=a%20b%26c&offset=0"
        ),
        (
            { c async throws(RevKeenError) in _ = try await c.automations(limit: 0, offset: 100) },
            "GET /automations?limit=1&offset=100"
        ),
        ({ c async throws(RevKeenError) in _ = try await c.runs(of: "A_1.x", limit: 25) }, "GET /automations/A_1.x/runs?limit=25"),
    ]

    @Test(arguments: requests.indices)
    func `a list is asked for as documented`(index: Int) async throws {
        let transport = ScriptedTransport(status: 200, body: #"{"data":[]}"#)
        try await Self.requests[index].ask(client(transport))
        let request = try #require(transport.requests.first)
        #expect(
            "\(request.method) \(request.url.reveal().replacing("https://staging-api.revkeen.com/v2", with: ""))"
                == Self.requests[index].line)
        #expect(request.body == nil)
        #expect(request.maximumAnswer == 1_000_000)
    }

    @Test func `every request bears the key, the version and who asks`() async throws {
        let transport = ScriptedTransport(status: 200, body: #"{"data":{"id":"r"}}"#)
        _ = try await client(transport).run("r", of: "a")
        let request = try #require(transport.requests.first)
        #expect(
            request.sent == [
                "x-api-key: \(testKey)", "RevKeen-Version: 2026-05-01", "Accept: application/json", "User-Agent: NotifyRelay/7.1",
            ])
        #expect(request.url.reveal().hasSuffix("/automations/a/runs/r"))
    }

    @Test func `approving sends no body and the idempotency key`() async throws {
        let transport = ScriptedTransport(
            status: 202, headers: [("idempotency-replayed", "true")],
            body: #"{"data":{"approval_id":"a1","run_id":"r1","status":"approved"}}"#)
        try await client(transport).approve("a1", idempotencyKey: "k1")
        let request = try #require(transport.requests.first)
        #expect(request.method == "POST")
        #expect(request.url.reveal().hasSuffix("/automations/approvals/a1/approve"))
        #expect(request.body == nil)
        #expect(request.sent.contains("Idempotency-Key: k1"))
        #expect(!request.sent.contains { $0.hasPrefix("Content-Type") })
    }

    @Test(arguments: [("no\n\"money\"", #"{"reason":"no\n\"money\""}"#), (nil, nil), ("", nil)] as [(String?, String?)])
    func `rejecting sends the reason, byte for byte the same each time`(reason: String?, body: String?) async throws {
        let transport = ScriptedTransport(status: 200, body: "{}")
        let client = try client(transport)
        for _ in 0..<2 { try await client.reject("a1", reason: reason, idempotencyKey: "k") }
        #expect(transport.requests.map { $0.body.map { String(decoding: $0, as: UTF8.self) } } == [body, body])
        #expect(transport.requests.allSatisfy { $0.sent.contains("Content-Type: application/json") == (body != nil) })
    }

    @Test(arguments: ["", " \n", "{}", #"{"data":null}"#, #"{"data":{"approval_id":{}}}"#, #"{"data":{"approval_id":"a1","status":"x"}}"#])
    func `a decision is taken whatever RevKeen leaves out of its response`(body: String) async throws {
        await #expect(throws: Never.self) { try await client(status: 200, body: body).approve("a1", idempotencyKey: "k") }
    }

    @Test(arguments: ["<html>ok</html>", "[]", "null", #"{"error":{"code":"x"}}"#, #"{"data":{"approval_id":"a2"}}"#, #"{"data":{"a"#])
    func `a response that is not RevKeen's, or about another approval, does not confirm a decision`(body: String) async {
        let error = await #expect(throws: RevKeenError.self) {
            try await client(status: 200, body: body).approve("a1", idempotencyKey: "k")
        }
        #expect(error?.reason == .badAnswer)
    }

    @Test(arguments: ["", "..", ".", "a/b", "a?b", "a%2e", "ä", LongText(String(repeating: "x", count: 129))])
    func `an id that could leave its path is never sent`(id: LongText) async throws {
        let id = id.text
        let transport = ScriptedTransport(status: 200)
        let client = try client(transport)
        let failures = [
            await failure { () async throws(RevKeenError) in try await client.automation(id) },
            await failure { () async throws(RevKeenError) in try await client.run(id, of: "a") },
            await failure { () async throws(RevKeenError) in try await client.approve(id, idempotencyKey: "k") },
        ]
        #expect(failures.allSatisfy { $0?.reason == .badRequest })
        #expect(transport.requests.isEmpty)
    }

    @Test func `a failed decision is not sent again by itself`() async throws {
        let transport = ScriptedTransport(status: 503)
        let client = try client(transport)
        let error = await failure { () async throws(RevKeenError) in try await client.approve("a1", idempotencyKey: "k") }
        #expect(error?.reason == .serverError)
        #expect(transport.requests.count == 1)
    }

    @Test func `the budget learns the host's limit and pauses when asked to wait`() async throws {
        let clock = ManualClock()
        let transport = ScriptedTransport(status: 429, headers: [("retry-after", "30"), ("x-ratelimit-limit", "40")])
        let client = try client(transport, setting: .percent(50), clock: clock)
        #expect(client.budget.perMinute == 50)
        let first = await failure { () async throws(RevKeenError) in try await client.approvals() }
        #expect(first?.retryAfter == .seconds(30))
        #expect(client.budget.perMinute == 20)

        let decision = await failure { () async throws(RevKeenError) in try await client.approve("a1", idempotencyKey: "k") }
        #expect(decision?.retryAfter == .seconds(30), "a decision is sent, and a person is told that it was refused")
        #expect(transport.requests.count == 2)
        let again = await failure { () async throws(RevKeenError) in try await client.approve("a1", idempotencyKey: "k") }
        #expect(again?.retryAfter == .seconds(30), "now a person is told, and nothing is sent")
        async let second = failure { () async throws(RevKeenError) in try await client.approvals() }
        #expect(await clock.settle { clock.sleeperCount == 1 })
        for _ in 0..<5 {
            clock.advance(by: .seconds(5))
            #expect(await clock.settle { clock.sleeperCount == 1 })
        }
        #expect(transport.requests.count == 2)
        clock.advance(by: .seconds(5))
        #expect(await second?.reason == .rateLimited)
        #expect(transport.requests.count == 3)
    }

    @Test func `a cancelled wait sends nothing`() async throws {
        let clock = ManualClock()
        let transport = ScriptedTransport(status: 200)
        let client = try client(transport, clock: clock)
        client.budget.pause(.approvals, for: .seconds(60))
        let error = await withTaskGroup(of: RevKeenError?.self) { group in
            group.addTask { await failure { () async throws(RevKeenError) in try await client.approvals() } }
            #expect(await clock.settle { clock.sleeperCount == 1 })
            group.cancelAll()
            return await group.next() ?? nil
        }
        #expect(error?.reason == .cancelled)
        #expect(transport.requests.isEmpty)
    }
}

extension HTTPRequest {
    fileprivate var sent: [String] { headers.map { "\($0.name): \($0.value.reveal())" } }
}
