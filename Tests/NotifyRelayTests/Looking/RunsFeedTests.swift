import Dedup
import RelayCore
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// Small looks at the runs of an automation (design 17).
struct RunsFeedTests {
    /// A house with one automation whose list was read whole, and shows that the newest come first.
    private func house(_ count: Int = 30) async throws -> (House, automation: String) {
        let house = try await House()
        let automation = await house.world.addAutomation(name: "Invoices")
        try await add(count, to: automation, house)
        // They are past at the first look.
        house.clock.advance(by: .seconds(1))
        try await house.look()
        return (house, automation)
    }

    /// Adds runs that have failed, a second after the other.
    @discardableResult
    private func add(_ count: Int, to automation: String, _ house: House) async throws -> [String] {
        var runs: [String] = []
        for _ in 0..<count {
            house.clock.advance(by: .seconds(1))
            let run = await house.world.startRun(of: automation)
            await house.world.finishRun(run, outcome: .failed)
            runs.append(run)
        }
        return runs
    }

    private func limits(_ house: House) -> [String] {
        house.transport.asks { $0.path.hasSuffix("/runs") }.map(\.query)
    }

    /// The limits of one look.
    private func limits(_ house: House, of look: () async throws -> Void) async throws -> [String] {
        let before = limits(house).count
        try await look()
        return Array(limits(house).dropFirst(before))
    }

    private func counted(_ house: House, _ result: String) async -> Int {
        let line = await house.relay.status.metricsText().split(separator: "\n")
            .first { $0.hasPrefix("notify_relay_requests_total{account=\"live\",feed=\"runs\",result=\"\(result)\"}") }
        return line.flatMap { Int($0.split(separator: " ").last ?? "") } ?? 0
    }

    @Test func `a hot look asks for five runs, and an answer with the same bytes is not read`() async throws {
        let (house, automation) = try await house()
        let runs = try await house.poller().runs
        let first = try await limits(house) { _ = await runs.look(at: automation) }
        let second = try await limits(house) { _ = await runs.look(at: automation) }
        #expect(first == ["limit=5"] && second == ["limit=5"])
        #expect(await counted(house, "unchanged") == 1)
    }

    @Test func `it asks for twice as many until it sees all that is new`() async throws {
        let (house, automation) = try await house()
        try await add(12, to: automation, house)
        let runs = try await house.poller().runs
        let asked = try await limits(house) { _ = await runs.look(at: automation) }
        #expect(asked == ["limit=5", "limit=10", "limit=20"])
        try await house.look()
        #expect(try await house.told(.run).count == 12)
    }

    @Test func `what a look saw before it failed does not hide what it did not see`() async throws {
        let (house, automation) = try await house()
        try await add(12, to: automation, house)
        let runs = try await house.poller().runs
        house.transport.misbehave { $0.query == "limit=20" ? .status(500) : .world }
        #expect(await !runs.look(at: automation))
        house.transport.misbehave(nil)
        #expect(await runs.look(at: automation))
        _ = try await house.poller().details.lookAtAll(dueBefore: house.clock.now)
        #expect(try await house.told(.run).count == 12)
    }

    @Test func `what the store did not take is read again, although the bytes are the same`() async throws {
        let (house, automation) = try await house()
        let runs = try await house.poller().runs
        _ = await runs.look(at: automation)
        try await add(2, to: automation, house)
        let good = try await house.without("run_watch") { await runs.look(at: automation) }
        #expect(!good)
        #expect(await runs.look(at: automation))
        _ = try await house.poller().details.lookAtAll(dueBefore: house.clock.now)
        #expect(try await house.told(.run).count == 2)
    }

    @Test(arguments: [Faults.Order.oldest, .shuffled]) func `a list that is not newest first is read whole each time`(order: Faults.Order)
        async throws
    {
        let house = try await House()
        await house.world.arrange { $0.order = order }
        let automation = await house.world.addAutomation(name: "Invoices")
        try await add(30, to: automation, house)
        for _ in 0..<3 { try await house.look() }
        let runs = try await house.poller().runs
        for _ in 0..<3 { _ = await runs.look(at: automation) }
        #expect(Set(limits(house)) == ["limit=100"])
    }

    @Test func `a list that changes its order is read whole from then on`() async throws {
        let (house, automation) = try await house()
        let runs = try await house.poller().runs
        _ = await runs.look(at: automation)
        await house.world.arrange { $0.order = .oldest }
        try await add(2, to: automation, house)
        let asked = try await limits(house) { _ = await runs.look(at: automation) }
        #expect(asked == ["limit=5", "limit=100"])
        #expect(try await limits(house) { _ = await runs.look(at: automation) } == ["limit=100"])
    }

    @Test func `a run that goes on is seen below newer ones`() async throws {
        let (house, automation) = try await house()
        let slow = await house.world.startRun(of: automation)
        let runs = try await house.poller().runs
        _ = await runs.look(at: automation)
        for _ in 0..<3 {
            try await add(3, to: automation, house)
            _ = await runs.look(at: automation)
        }
        house.clock.advance(by: .seconds(1))
        await house.world.finishRun(slow, outcome: .failed)
        _ = await runs.look(at: automation)
        #expect(try await house.ledger.watch(account: "live", run: slow)?.completedAt == house.clock.now)
    }

    @Test func `all hundred are read again after ten minutes`() async throws {
        let (house, automation) = try await house()
        let runs = try await house.poller().runs
        #expect(try await limits(house) { _ = await runs.look(at: automation) } == ["limit=5"])
        house.clock.advance(by: .minutes(10))
        #expect(try await limits(house) { _ = await runs.look(at: automation) } == ["limit=100"])
    }

    @Test func `a run that ends while its detail is read is told at once`() async throws {
        let (house, automation) = try await house()
        let run = await house.world.startRun(of: automation)
        let gate = Gate()
        let stale = await house.world.answer(
            WebRequest("GET", "/automations/\(automation)/runs/\(run)", headers: [("X-API-Key", "rk_live_test")]))
        let body = String(decoding: stale.body, as: UTF8.self)
        house.transport.misbehave { $0.path.hasSuffix(run) ? .held(gate, .status(200, body)) : .world }
        try await house.polling { _ in
            let isRead = await house.eventuallyInTime { gate.waiting == 1 }
            #expect(isRead)
            // A list shows the end of the run while the detail of before is on its way.
            await house.world.finishRun(run, outcome: .failed)
            let isListed = try await house.eventuallyInTime {
                try await house.ledger.watch(account: "live", run: run)?.completedAt != nil
            }
            #expect(isListed)
            house.transport.misbehave(nil)
            gate.open()
            let begun = house.clock.now
            let isTold = try await house.eventuallyInTime { try await !house.told(.run).isEmpty }
            #expect(isTold)
            #expect(begun.duration(to: house.clock.now) < .seconds(30))
        }
    }
}
