import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing
import Transport

@testable import NotifyRelay

/// When `/readyz` reports a problem, and when the heartbeat is sent (design §12).
struct ReadyTests {
    private func heartbeat(_ house: House, _ http: ScriptedTransport, when: Heartbeat.Setting.When = .well) -> Heartbeat {
        Heartbeat(
            .init(url: Secret("https://watch.example/ping"), every: .minutes(1), when: when), http: http, status: house.relay.status,
            clock: house.clock,
            logger: house.book.logger)
    }

    @Test func `approvals that were not read for a minute are wrong, until they are read`() async throws {
        let house = try await House()
        #expect(await house.relay.status.readiness().isWell)
        house.clock.advance(by: .seconds(61))
        #expect(await house.relay.status.readiness().wrong == ["approvals": "live not read for 61 s"])
        #expect(await house.relay.status.readiness().isReady)
        try await house.look()
        #expect(await house.relay.status.readiness().isWell)
    }

    @Test func `a look that fails is no look`() async throws {
        let house = try await House()
        house.clock.advance(by: .seconds(61))
        house.transport.misbehave(at: "/approvals", .status(500))
        try await house.look()
        #expect(await house.relay.status.readiness().wrong["approvals"] != nil)
    }

    @Test func `a lane that is closed or down is wrong, a blocked one is not`() async throws {
        let house = try await House()
        try await house.owe("a")
        house.channel().next(.throttled(after: .minutes(10)))
        try await house.lane().drain()
        #expect(await house.relay.status.readiness().isWell)
        house.clock.advance(by: .minutes(10))
        try await house.look()
        house.channel().next(.gone)
        try await house.lane().drain()
        #expect(await house.relay.status.readiness().wrong == ["lanes": "ops (no)"])
    }

    @Test func `a closed lane does not take the pages to decide on out of service`() async throws {
        let house = try await House()
        try await house.owe("a")
        house.channel().next(.gone)
        try await house.lane().drain()
        let readiness = await house.relay.status.readiness()
        #expect(readiness.isReady && !readiness.isWell)
        #expect(readiness.readyText == "ready\n")
        #expect(readiness.wellText == "lanes: ops (no)\n")
    }

    @Test(arguments: [(Heartbeat.Setting.When.well, 0), (.ready, 1)])
    func `with a closed lane a heartbeat goes out only if being ready is enough`(when: Heartbeat.Setting.When, count: Int) async throws {
        let house = try await House()
        try await house.owe("a")
        house.channel().next(.gone)
        try await house.lane().drain()
        let http = ScriptedTransport(status: 200)
        await heartbeat(house, http, when: when).beat()
        #expect(http.requests.count == count)
    }

    @Test func `the heartbeat goes out while all is well, and only then`() async throws {
        let house = try await House()
        let http = ScriptedTransport(status: 200)
        let heartbeat = heartbeat(house, http)
        await heartbeat.beat()
        #expect(http.requests.map { $0.url.reveal() } == ["https://watch.example/ping"])
        house.clock.advance(by: .minutes(2))
        await heartbeat.beat()
        #expect(http.requests.count == 1)
        try await house.look()
        await heartbeat.beat()
        #expect(http.requests.count == 2)
    }

    @Test func `the heartbeat comes back at its interval, whatever the watcher answers`() async throws {
        let house = try await House(House.file(account: "poll: {approvals: 10m}"))
        let http = ScriptedTransport { _ in .failure(TransportError(.unreachable, sent: false, "no route")) }
        let heartbeat = heartbeat(house, http), clock = house.clock
        let count = await withTaskGroup(of: Void.self) { group in
            group.addTask { await heartbeat.run() }
            await house.pass(.minutes(3)) { clock.sleeperCount == 1 }
            group.cancelAll()
            return http.requests.count
        }
        #expect(count == 4)
    }

    @Test func `a heartbeat that is not answered well is a warning, once for each change, without its address`() async throws {
        let house = try await House(House.file(account: "poll: {approvals: 1h}"))
        let script = Locked<Result<HTTPResponse, TransportError>>(.success(HTTPResponse(status: 404)))
        let http = ScriptedTransport { _ in script.withLock { $0 } }
        let heartbeat = heartbeat(house, http)
        for answer: Result<HTTPResponse, TransportError> in [
            .success(HTTPResponse(status: 404)), .success(HTTPResponse(status: 302)),
            .failure(TransportError(.unreachable, sent: false, "no route")), .success(HTTPResponse(status: 204)),
        ] {
            script.withLock { $0 = answer }
            for _ in 0..<3 { await heartbeat.beat() }
        }
        let said = house.book.lines.filter { $0.contains("heartbeat") }
        #expect(
            said == [
                "warning: the heartbeat was answered with status 404; is `server.heartbeat` right?",
                "warning: the heartbeat was answered with status 302; is `server.heartbeat` right?",
                "warning: the heartbeat does not arrive: no route", "notice: the heartbeat arrives again",
            ])
    }
}
