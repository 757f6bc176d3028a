import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// How often an account is looked at (design §4).
struct PaceTests {
    private func house(
        _ account: String = "", cron: String? = nil, zone: String? = nil, clock: ManualClock = ManualClock()
    ) async throws -> (House, automation: String) {
        let house = try await House(House.file(account: account), clock: clock)
        return (house, await house.world.addAutomation(name: "Invoices", cron: cron, zone: zone))
    }

    /// When paths with this end were requested, counted from the first request.
    private func times(_ house: House, _ end: String) -> [Duration] {
        let asks = house.transport.asks
        return asks.filter { $0.path.hasSuffix(end) }.map { asks[0].at.duration(to: $0.at) }
    }

    private func intervals(_ times: [Duration]) -> [Duration] { zip(times, times.dropFirst()).map { $1 - $0 } }

    @Test func `approvals are looked at every ten seconds, automations every five minutes`() async throws {
        let (house, _) = try await house()
        try await house.polling { await house.pass(.seconds(300), polling: $0) }
        #expect(intervals(times(house, "/approvals")) == Array(repeating: .seconds(10), count: 30))
        #expect(times(house, "/automations") == [.zero, .seconds(300)])
    }

    @Test func `an idle automation's runs are looked at ever less often`() async throws {
        let (house, _) = try await house("poll: {runs: 10s..40s}")
        try await house.polling { await house.pass(.seconds(160), polling: $0) }
        #expect(intervals(times(house, "/runs")).map(\.inSeconds) == [15, 22.5, 33.75, 40, 40])
    }

    @Test func `after what brought something it is looked at soon again`() async throws {
        let (house, automation) = try await house()
        try await house.polling { poller in
            await house.pass(.minutes(2), polling: poller)
            await house.world.startRun(of: automation)
            let before = times(house, "/runs").count
            await house.pass(.minutes(2), polling: poller)
            #expect(intervals(Array(times(house, "/runs").dropFirst(before))).first == .seconds(10))
        }
    }

    @Test(arguments: [("0 * * * *", "UTC", true), ("0 10 * * *", "Europe/Paris", false), ("0 11 * * *", "Europe/Paris", true)])
    func `a scheduled automation is looked at shortly after its hour`(cron: String, zone: String, isLookedAt: Bool) async throws {
        // It is 09:52 UTC, which is 10:52 in Paris.
        let clock = ManualClock(ManualClock().now + .minutes(52))
        let (house, _) = try await house("poll: {approvals: 5m}", cron: cron, zone: zone, clock: clock)
        try await house.polling { await house.pass(.minutes(9), polling: $0) }
        #expect(times(house, "/runs").contains(.seconds(8 * 60 + 5)) == isLookedAt)
    }

    @Test func `a cron expression that cannot be read changes nothing`() async throws {
        let (house, _) = try await house(cron: "every full moon")
        try await house.polling { await house.pass(.minutes(2), polling: $0) }
        #expect(intervals(times(house, "/runs")).first == .seconds(15))
    }

    @Test func `a small budget stretches everything but approvals`() async throws {
        let (house, _) = try await house("poll: {budget: 8/min}")
        try await house.polling { poller in
            let clock = house.clock
            // Until the first list of automations arrives there are no runs to wait for.
            await house.pass(.minutes(5)) { clock.sleeperCount == (await poller.watched.isEmpty ? 3 : 4) }
        }
        #expect(intervals(times(house, "/approvals")).allSatisfy { $0 == .seconds(10) })
        #expect(intervals(times(house, "/runs")).allSatisfy { $0 > .seconds(30) })
        #expect(house.transport.asks.count <= 40 + 2)
    }

    @Test(arguments: [("none", true), ("60/min", false)])
    func `many automations under a small budget are each looked at later`(budget: String, isPrompt: Bool) async throws {
        let (house, _) = try await house("poll: {budget: \(budget)}")
        for number in 1..<30 { _ = await house.world.addAutomation(name: "More \(number)") }
        let poller = try await house.poller()
        _ = await inItsTime(house.clock) { await poller.lookOnce() }
        #expect((await poller.stretch == 1) == isPrompt)
        let waits = await poller.watched.values.map { house.clock.now.duration(to: $0.dueAt) }
        #expect(waits.allSatisfy { isPrompt ? $0 == .seconds(15) : $0 > .seconds(15) })
    }

    @Test func `a feed that fails waits longer, and one good answer ends that`() async throws {
        let (house, _) = try await house()
        house.transport.misbehave(at: "/approvals", .status(500))
        try await house.polling { poller in
            await house.pass(.seconds(300), polling: poller)
            house.transport.misbehave(nil)
            await house.pass(.seconds(120), polling: poller)
        }
        #expect(intervals(times(house, "/approvals")).map(\.inSeconds) == [20, 40, 80, 80, 80, 80, 10, 10, 10, 10])
    }
}

/// Approvals are polled whatever other request hangs (design §4).
struct StarvationTests {
    @Test(arguments: [("automations", 2), ("runs", 3), ("detail", 3)])
    func `a request that hangs delays no look at approvals`(what: String, sleepers: Int) async throws {
        let house = try await House()
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Invoices"))
        let ends = ["automations": "/automations", "runs": "/runs", "detail": run]
        let gate = Gate()
        house.transport.misbehave { $0.path.hasSuffix(ends[what] ?? "") ? .held(gate, .world) : .world }
        let clock = house.clock
        try await house.polling { _ in await house.pass(.seconds(120)) { gate.waiting == 1 && clock.sleeperCount == sleepers } }
        #expect(house.transport.asks { $0.path.hasSuffix("/approvals") }.count == 13)
    }
}
