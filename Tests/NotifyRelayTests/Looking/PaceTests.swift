import Policy
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

    @Test func `approvals are looked at every three seconds, automations every five minutes`() async throws {
        let (house, _) = try await house()
        try await house.polling { await house.pass(.seconds(300), polling: $0) }
        let looks = Set(times(house, "/approvals").map { $0.inSeconds.rounded() }).sorted()
        #expect(looks == (0...100).map { Double($0 * 3) })
        #expect(times(house, "/automations") == [.zero, .seconds(300)])
    }

    @Test func `the looks at approvals take no more than a quarter of a small budget`() async throws {
        let (house, _) = try await house("poll: {budget: 20/min}")
        try await house.polling { await house.pass(.seconds(120), polling: $0) }
        #expect(intervals(times(house, "/approvals")).allSatisfy { $0 == .seconds(12) })
    }

    @Test func `an idle automation's runs are looked at ever less often, within the bounds`() async throws {
        let (house, _) = try await house("poll: {runs: 10s..40s}")
        try await house.polling { await house.pass(.hours(12), polling: $0) }
        let waits = intervals(times(house, "/runs"))
        #expect(waits.allSatisfy { $0 >= .seconds(10) && $0 <= .seconds(41) }, "\(waits)")
        #expect(waits.prefix(10).allSatisfy { $0 < .seconds(13) } && waits.suffix(10).allSatisfy { $0 > .seconds(39) })
    }

    @Test(arguments: [("thrifty", 60.0), ("normal", 12), ("eager", 2)])
    func `an unknown automation is looked at as its effort says`(effort: String, seconds: Double) async throws {
        let (house, _) = try await house("poll: {effort: \(effort), automations: 1h}")
        try await house.polling { await house.pass(.minutes(5), polling: $0) }
        // The rate of one run an hour is worth λτ²/2 event-seconds.
        let first = try #require(intervals(times(house, "/runs")).first)
        #expect(abs(first.inSeconds - seconds) < 0.1 * seconds, "\(first)")
    }

    @Test func `an automation that runs often is looked at more often`() async throws {
        let (house, automation) = try await house()
        try await house.polling { poller in
            for _ in 0..<40 {
                await house.pass(.minutes(1), polling: poller)
                await house.world.finishRun(await house.world.startRun(of: automation), outcome: .succeeded)
            }
            let before = times(house, "/runs").count
            await house.pass(.minutes(5), polling: poller)
            let waits = intervals(Array(times(house, "/runs").dropFirst(before)))
            #expect(waits.allSatisfy { $0 < .seconds(4) }, "\(waits)")
        }
    }

    @Test(arguments: [("0 * * * *", "UTC", true), ("0 10 * * *", "Europe/Paris", false), ("0 11 * * *", "Europe/Paris", true)])
    func `a scheduled automation is looked at just after its hour`(cron: String, zone: String, isLookedAt: Bool) async throws {
        // It is 09:52 UTC, which is 10:52 in Paris.
        let clock = ManualClock(ManualClock().now + .minutes(52))
        let (house, _) = try await house("poll: {approvals: 5m}", cron: cron, zone: zone, clock: clock)
        try await house.polling { await house.pass(.minutes(9), polling: $0) }
        let inFirstMinute = times(house, "/runs").count { $0 > .minutes(8) && $0 < .minutes(9) }
        #expect(isLookedAt ? inFirstMinute > 8 : inFirstMinute < 6, "\(inFirstMinute)")
    }

    @Test func `a cron expression that cannot be read changes nothing`() async throws {
        let (house, _) = try await house(cron: "every full moon")
        try await house.polling { await house.pass(.minutes(2), polling: $0) }
        #expect(intervals(times(house, "/runs")).first.map { abs($0.inSeconds - 12) < 1 } == true)
    }

    @Test func `a small budget stretches everything but approvals`() async throws {
        let (house, _) = try await house("poll: {budget: 12/min, approvals: 10s, effort: eager}")
        try await house.polling { await house.pass(.minutes(5), polling: $0) }
        let looks = Set(times(house, "/approvals").map { $0.inSeconds.rounded() }).sorted()
        #expect(looks == (0...30).map { Double($0 * 10) })
        #expect(house.transport.asks.count <= 5 * 12 + 2)
    }

    @Test(arguments: [("none", 1.0), ("10/min", 3)])
    func `more automations than the budget holds are each looked at later`(budget: String, least: Double) async throws {
        let (house, _) = try await house("poll: {budget: \(budget), runs: 2s..1m, approvals: 1m}")
        for number in 1..<30 { _ = await house.world.addAutomation(name: "More \(number)") }
        try await house.polling { poller in
            await house.pass(.minutes(10), polling: poller)
            let stretch = await poller.account.queue.stretch
            #expect(least == 1 ? stretch == 1 : stretch >= least, "\(stretch)")
        }
        let asked = Set(house.transport.asks.suffix(60).map(\.path).filter { $0.hasSuffix("/runs") })
        #expect(asked.count == 30, "each has its turn")
    }

    /// The times between the reads of a run that goes on, over an hour.
    private func readsOfRunning(tellingEach wait: Duration?) async throws -> [Double] {
        let (house, automation) = try await house("poll: {approvals: 5m}")
        let run = await house.world.startRun(of: automation)
        try await house.polling { poller in
            for _ in 0..<120 {
                await house.pass(.seconds(30), polling: poller)
                if wait != nil { await house.world.notify(run: run, message: "halfway") }
            }
        }
        return intervals(times(house, run)).map(\.inSeconds)
    }

    @Test func `inside a run that goes on is looked as often as something was found there`() async throws {
        let silent = try await readsOfRunning(tellingEach: nil), talking = try await readsOfRunning(tellingEach: .seconds(30))
        #expect(silent.suffix(5).allSatisfy { $0 > 20 }, "\(silent.suffix(5))")
        #expect(talking.suffix(50).allSatisfy { $0 < 5 }, "\(talking.suffix(5))")
    }

    @Test func `a feed that fails waits longer, and one good answer ends that`() async throws {
        let (house, _) = try await house("poll: {approvals: 10s}")
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
    @Test(arguments: ["automations", "runs", "detail"])
    func `a request that hangs delays no look at approvals`(what: String) async throws {
        let house = try await House()
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Invoices"))
        let ends = ["automations": "/automations", "runs": "/runs", "detail": run]
        let gate = Gate()
        house.transport.misbehave { $0.path.hasSuffix(ends[what] ?? "") ? .held(gate, .world) : .world }
        let clock = house.clock
        try await house.polling { poller in
            await house.pass(.seconds(120)) {
                let looks = await poller.looksInFlight
                return looks == 1 && gate.waiting == 1 && poller.account.wakeup.isWaitedFor && clock.sleeperCount == 2
            }
        }
        let looks = Set(house.transport.asks { $0.path.hasSuffix("/approvals") }.map { $0.at })
        #expect(looks.count == 41)
    }

    @Test func `a host that refuses everything else delays no look at approvals`() async throws {
        let house = try await House()
        for number in 0..<5 { await house.world.startRun(of: house.world.addAutomation(name: "More \(number)")) }
        house.transport.misbehave { $0.path.hasSuffix("/approvals") ? .world : .status(429, headers: [("Retry-After", "60")]) }
        try await house.polling { await house.pass(.seconds(120), polling: $0) }
        let looks = Set(house.transport.asks { $0.path.hasSuffix("/approvals") }.map { $0.at })
        #expect(looks.count == 41)
        #expect(house.transport.asks { !$0.path.hasSuffix("/approvals") }.count <= 12)
    }
}
