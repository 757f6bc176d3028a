import Dedup
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// A run says how the runs of its automation ended before it, and routes and priorities go by that.
struct RunHistoryTests {
    private static let yaml = House.file(
        destinations: "ops: {type: console}, boss: {type: console}",
        routes: """
            {name: again, when: {kind: run, streak: 3..}, to: [boss]}, {name: well, when: {recovered: true}, to: [boss]},
            {name: all, when: {kind: run}, to: [ops]}
            """,
        rest: "priorities: [{when: {streak: 1}, is: urgent}, {when: {streak: 2..}, is: normal}]")

    private func play(_ outcomes: [StandInRevKeen.Outcome], in house: House, of automation: String) async throws {
        for outcome in outcomes {
            let run = await house.world.startRun(of: automation)
            house.clock.advance(by: .minutes(4))
            await house.world.finishRun(run, outcome: outcome)
            house.clock.advance(by: .minutes(6))
            try await house.look()
        }
    }

    private func runs(_ house: House) async throws -> [(event: Event, run: RunDetail)] {
        try await house.events(.run).sorted { $0.occurredAt < $1.occurredAt }.compactMap { event in
            if case .run(let detail) = event.payload.detail { (event, detail) } else { nil }
        }
    }

    @Test func `failures are counted up to the success that ends them`() async throws {
        let house = try await House(Self.yaml)
        try await house.look()
        let automation = await house.world.addAutomation(name: "Sync")
        try await play([.failed, .failed, .cancelled, .failed, .succeeded, .succeeded, .failed], in: house, of: automation)
        let runs = try await runs(house)
        #expect(runs.map(\.run.streak) == [1, 2, nil, 3, nil, nil, 1])
        #expect(runs.map(\.run.recoveredAfter) == [nil, nil, nil, nil, 3, nil, nil])
        let first = runs[0].event.occurredAt
        #expect(runs.map(\.run.failingSince) == [nil, first, nil, first, first, nil, nil])
        #expect(runs.map(\.event.priority) == [.urgent, .normal, .low, .normal, .low, .low, .urgent])
        await house.deliver()
        #expect(house.channel("boss").ids == [runs[3].event.id, runs[4].event.id])
    }

    @Test func `each automation has a row of its own, and what nobody was told of counts`() async throws {
        let house = try await House(House.file(account: "first_look: 0s"))
        let sync = await house.world.addAutomation(name: "Sync"), other = await house.world.addAutomation(name: "Other")
        try await house.look()
        try await play([.failed], in: house, of: sync)
        try await play([.failed], in: house, of: other)
        try await house.restart()
        try await play([.failed], in: house, of: sync)
        #expect(try await runs(house).map(\.run.streak) == [1, 1, 2])
    }

    @Test func `a run that is seen late is judged by what ended before it`() async throws {
        let house = try await House(Self.yaml)
        try await house.look()
        let automation = await house.world.addAutomation(name: "Sync")
        let slow = await house.world.startRun(of: automation)
        try await play([.failed, .succeeded], in: house, of: automation)
        await house.world.finishRun(slow, outcome: .failed)
        house.clock.advance(by: .minutes(10))
        try await house.look()
        #expect(try await runs(house).map(\.run.streak) == [1, nil, 1])
    }

    @Test func `runs that ended before and are not read yet count as their list shows them`() async throws {
        let house = try await House(Self.yaml)
        try await house.look()
        let automation = await house.world.addAutomation(name: "Sync")
        try await play([.failed], in: house, of: automation)
        let details = try await house.poller().details
        for outcome in [StandInRevKeen.Outcome.succeeded, .failed, .cancelled, .failed] {
            let run = await house.world.startRun(of: automation)
            house.clock.advance(by: .minutes(1))
            await house.world.finishRun(run, outcome: outcome)
            house.clock.advance(by: .minutes(1))
        }
        // Failed runs are read first, so the last one is read before those that ended earlier.
        try await house.poller().runs.look(at: automation, isWhole: true)
        _ = try await details.lookAtAll(dueBefore: house.clock.now)
        #expect(try await runs(house).map(\.run.streak) == [1, nil, 1, nil, 2])
        #expect(try await runs(house).map(\.run.recoveredAfter) == [nil, 1, nil, nil, nil])
    }

    @Test func `the message says how often it failed, and what it recovered from`() async throws {
        let house = try await House(Self.yaml)
        try await house.look()
        try await play([.failed, .failed, .succeeded], in: house, of: await house.world.addAutomation(name: "Sync"))
        await house.deliver()
        let bodies = house.channel("ops").delivered.sorted { $0.at < $1.at || $0.message.event.occurredAt < $1.message.event.occurredAt }
            .map(\.message.body)
        #expect(!bodies[0].contains("in a row"))
        #expect(bodies[1].contains("Failed 2 times in a row, since 2026-11-24"))
        #expect(bodies[2].contains("Recovered: it failed 2 x since 2026-11-24"))
    }
}
