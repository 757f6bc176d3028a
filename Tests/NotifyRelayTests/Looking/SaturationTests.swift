import Dedup
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// A full list may hide older items, which is always reported (design §4).
struct SaturationTests {
    /// Makes `count` approvals, one second apart.
    private func ask(_ count: Int, _ house: House) async {
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        for number in 0..<count {
            house.clock.advance(by: .seconds(1))
            _ = await house.world.requestApproval(run: run, action: "Refund \(number)")
        }
    }

    @Test func `full and all of it new is said once, and once when it is over`() async throws {
        let house = try await House()
        try await house.look()
        await ask(100, house)
        try await house.look()
        #expect(try await house.said("saturated") == ["live/approvals"])
        try await house.look()
        try await house.look()
        #expect(try await house.said("saturated") == ["live/approvals", "live/approvals over"])
    }

    @Test func `full of what waits is said at a first look too`() async throws {
        let house = try await House()
        await ask(100, house)
        try await house.look()
        #expect(try await house.said("saturated") == ["live/approvals"])
    }

    @Test func `full of what is over is what a first look brings`() async throws {
        let house = try await House(House.file(account: "first_look: 0s"))
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        for _ in 0..<150 {
            house.clock.advance(by: .seconds(1))
            await house.world.decide(house.world.requestApproval(run: run, action: "Quick"), approved: true)
        }
        house.clock.advance(by: .seconds(1))
        try await house.look()
        #expect(try await house.said("saturated") == [])
    }

    @Test func `full and in no order is said once, whatever is known of it`() async throws {
        let house = try await House()
        await house.world.arrange { $0.order = .shuffled }
        await ask(100, house)
        for _ in 0..<3 { try await house.look() }
        #expect(try await house.said("saturated") == ["live/approvals"])
        #expect(await house.relay.status.metricsText().contains("feed_saturated{account=\"live\",feed=\"approvals\"} 1\n"))
        await house.world.arrange { $0.order = .newest }
        try await house.look()
        #expect(try await house.said("saturated") == ["live/approvals", "live/approvals over"])
        #expect(await house.relay.status.metricsText().contains("feed_saturated{account=\"live\",feed=\"approvals\"} 0\n"))
    }

    @Test func `one short of full hides nothing`() async throws {
        let house = try await House()
        try await house.look()
        await house.world.arrange { $0.order = .shuffled }
        await ask(99, house)
        try await house.look()
        #expect(try await house.said("saturated") == [])
    }

    @Test func `a list of runs that is full and all new is named by its automation`() async throws {
        let house = try await House()
        let automation = await house.world.addAutomation(name: "Invoices")
        try await house.look()
        for _ in 0..<100 {
            house.clock.advance(by: .seconds(1))
            await house.world.startRun(of: automation)
        }
        try await house.look()
        #expect(
            try await house.words("saturated") == [
                "account live: the list of runs of Invoices is full at 100, and RevKeen shows no more of it; what was before "
                    + "\(house.clock.now - .seconds(99)) may be missing"
            ])
        #expect(try await house.said("saturated") == ["live/runs/\(automation)"])
        try await house.look()
        #expect(try await house.said("saturated").last == "live/runs/\(automation) over")
    }

    @Test func `a full list also asks for what is pending`() async throws {
        let house = try await House()
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        let old = await house.world.requestApproval(run: run, action: "The oldest")
        for _ in 0..<100 {
            house.clock.advance(by: .seconds(1))
            await house.world.decide(house.world.requestApproval(run: run, action: "Quick"), approved: true)
        }
        try await house.poller().approvals.look()
        #expect(try await house.told(.approval) == ["live/approval/\(old)/v1"])
    }
}

/// The API does not promise `offset`, so one full list a day tries it (design §4).
struct OffsetTests {
    /// A house with `count` approvals, one second apart.
    private func house(_ count: Int, _ faults: @escaping @Sendable (inout Faults) -> Void = { _ in }) async throws -> (House, run: String) {
        let house = try await House()
        await house.world.arrange(faults)
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        await add(count, to: run, house)
        return (house, run)
    }

    private func add(_ count: Int, to run: String, _ house: House) async {
        for number in 0..<count {
            house.clock.advance(by: .seconds(1))
            _ = await house.world.requestApproval(run: run, action: "Refund \(number)")
        }
    }

    private func offsets(_ house: House) -> [String] {
        house.transport.asks.flatMap { $0.query.split(separator: "&") }.filter { $0.hasPrefix("offset=") }.map { String($0.dropFirst(7)) }
    }

    @discardableResult
    private func look(_ house: House) async throws -> Bool { try await house.poller().approvals.look() }

    @Test func `the same page for every offset ends it, until tomorrow`() async throws {
        let (house, run) = try await house(150)
        for _ in 0..<5 {
            try await look(house)
            await add(1, to: run, house)
        }
        #expect(offsets(house) == ["100"])
        house.clock.advance(by: .days(1))
        await add(1, to: run, house)
        try await look(house)
        #expect(offsets(house) == ["100"])
        await add(100, to: run, house)
        try await look(house)
        #expect(offsets(house) == ["100", "100"])
    }

    @Test func `where lists page, all pages are read`() async throws {
        let (house, _) = try await house(250) { $0.ignoreOffset = false }
        try await look(house)
        #expect(offsets(house) == ["100", "200"])
        #expect(try await house.told(.approval).count == 250)
    }

    @Test func `where lists page, reading ends at the first page that is known`() async throws {
        let (house, run) = try await house(350) { $0.ignoreOffset = false }
        try await look(house)
        #expect(offsets(house) == ["100", "200", "300"])
        await add(1, to: run, house)
        try await look(house)
        #expect(offsets(house) == ["100", "200", "300"])
        await add(100, to: run, house)
        try await look(house)
        #expect(offsets(house) == ["100", "200", "300", "100"])
        #expect(try await house.told(.approval).count == 451)
    }

    @Test func `an offset that is refused costs nothing but the question`() async throws {
        let (house, run) = try await house(150) { $0.rejectsUnknownQuery = true }
        for _ in 0..<3 {
            try await look(house)
            await add(1, to: run, house)
        }
        #expect(offsets(house) == ["100"])
        #expect(try await house.told(.approval).count == 102)
        #expect(try await house.said("unreachable") == [])
    }

    @Test func `an offset that was not answered is tried again`() async throws {
        let (house, run) = try await house(150)
        house.transport.misbehave { $0.query.contains("offset") ? .status(500) : .world }
        for count in 1...2 {
            #expect(try await !look(house))
            await add(1, to: run, house)
            #expect(offsets(house).count == count)
        }
        #expect(try await house.ledger.gaps(account: "live").map(\.about) == [""])
        house.transport.misbehave(nil)
        await house.world.arrange { $0.ignoreOffset = false }
        try await look(house)
        #expect(try await house.told(.approval).count == 152)
        #expect(try await house.ledger.gaps(account: nil) == [])
    }

    @Test func `a list that is not full is not asked for more`() async throws {
        let (house, _) = try await house(99)
        try await look(house)
        #expect(offsets(house) == [])
    }
}
