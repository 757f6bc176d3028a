import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Sandbox

struct FaultTests {
    private func client(_ change: (inout Faults) -> Void) async -> Client {
        var faults = Faults()
        change(&faults)
        return await Client(faults: faults)
    }

    @Test func `a rate limit says how long to wait and ends after a minute`() async {
        let client = await client { $0.rateLimitPerMinute = 2 }
        #expect(await client.call("GET", "/automations").header("X-RateLimit-Remaining") == "1")
        _ = await client.call("GET", "/automations")
        client.clock.advance(by: .seconds(20))
        let refused = await client.call("GET", "/automations")
        #expect(refused.status == 429)
        #expect(refused.header("Retry-After") == "40")
        #expect(refused.json["error"]?["details"]?["retry_after"] == 40)
        client.clock.advance(by: .seconds(40))
        #expect(await client.call("GET", "/automations").status == 200)
    }

    @Test func `every third request fails`() async {
        let client = await client { $0.failEvery = (3, 503) }
        var statuses: [Int] = []
        for _ in 0..<6 { statuses.append(await client.call("GET", "/automations").status) }
        #expect(statuses == [200, 200, 503, 200, 200, 503])
        #expect(await client.world.requestLog.statuses == [200: 4, 503: 2])
    }

    @Test func `an error can be a page from a proxy`() async {
        let client = await client {
            $0.unavailable = 502
            $0.htmlErrors = true
            $0.retryAfter = "7"
        }
        let answer = await client.call("GET", "/automations")
        #expect(answer.status == 502)
        #expect(answer.header("Content-Type") == "text/html")
        #expect(answer.header("Retry-After") == "7")
    }

    @Test func `a lost answer has taken effect and a dropped request has not`() async {
        let lost = await client { $0.lostAnswers = 1 }
        #expect(await lost.approve("k").dropsConnection)
        #expect(await lost.world.decisions.count == 1)
        #expect(await lost.approve("k").header("Idempotency-Replayed") == "true")

        let dropped = await client { $0.dropEvery = 1 }
        #expect(await dropped.approve("k").dropsConnection)
        #expect(await dropped.world.decisions.isEmpty)
    }

    @Test func `a call still in progress is a conflict that passes`() async {
        let client = await client { $0.inProgress = 1 }
        #expect(await client.approve("k").code == "idempotency_in_progress")
        #expect(await client.approve("k").status == 200)
    }

    @Test func `a key that may only read may not decide`() async {
        let client = await client { $0.keyScope = .readOnly }
        let answer = await client.approve()
        #expect(answer.status == 403)
        #expect(answer.code == "insufficient_permissions")
        #expect(await client.call("GET", "/automations/approvals").status == 200)
    }

    @Test func `latency is waited on the clock before anything is done`() async {
        let client = await client { $0.latency = .seconds(5) }
        async let answer = client.approve()
        #expect(await client.clock.settle { client.clock.sleeperCount == 1 })
        #expect(await client.world.decisions.isEmpty)
        client.clock.advance(by: .seconds(5))
        #expect(await answer.status == 200)
    }
}
