import Dedup
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing
import Transport

@testable import NotifyRelay

/// Items from before the first start are stored and not sent (design §4, first look).
struct FirstLookTests {
    /// A world with one running run.
    private func house(_ yaml: String = House.file()) async throws -> (House, run: String) {
        let house = try await House(yaml)
        return (house, await house.world.startRun(of: house.world.addAutomation(name: "Invoices")))
    }

    @Test func `a notification from before the first start is remembered and not told`() async throws {
        let (house, run) = try await house()
        let old = await house.world.notify(run: run, message: "old")
        house.clock.advance(by: .minutes(1))
        try await house.look()
        #expect(try await house.events(.notification).map(\.id) == ["live/notification/\(old)"])
        #expect(try await house.told(.notification) == [])
    }

    @Test(arguments: [(59, true), (61, false)])
    func `first_look moves the beginning back`(minutes: Int, isTold: Bool) async throws {
        let (house, run) = try await house(House.file(account: "first_look: 1h"))
        await house.world.notify(run: run, message: "earlier")
        house.clock.advance(by: .minutes(minutes))
        try await house.look()
        #expect(try await house.told(.notification).isEmpty != isTold)
    }

    @Test func `the beginning is reckoned by RevKeen's clock, not by ours`() async throws {
        let (house, run) = try await house()
        await house.world.notify(run: run, message: "before our start, after theirs")
        house.clock.advance(by: .minutes(1))
        house.transport.misbehave { _ in
            .changed { answer in
                var answer = answer
                answer.headers = [("date", "Tue, 24 Nov 2026 08:00:00 GMT")]
                return answer
            }
        }
        try await house.look()
        #expect(try await house.told(.notification).count == 1)
    }

    @Test func `the beginning stays the same after a restart`() async throws {
        let (house, run) = try await house()
        let old = await house.world.notify(run: run, message: "old")
        house.clock.advance(by: .minutes(1))
        house.transport.misbehave(at: "/runs", .unreachable)
        try await house.look()
        house.clock.advance(by: .minutes(1))
        let new = await house.world.notify(run: run, message: "new")
        house.transport.misbehave(nil)
        try await house.restart()
        try await house.look()
        #expect(try await house.events(.notification).map(\.id) == [old, new].map { "live/notification/\($0)" })
        #expect(try await house.told(.notification) == ["live/notification/\(new)"])
    }

    @Test func `an open approval is told whatever its age`() async throws {
        let (house, run) = try await house()
        let approval = await house.world.requestApproval(run: run, action: "Refund")
        house.clock.advance(by: .days(30))
        try await house.look()
        #expect(try await house.told(.approval) == ["live/approval/\(approval)/v1"])
    }

    @Test func `an approval that was decided before the first look is not told`() async throws {
        let (house, run) = try await house()
        let approval = await house.world.requestApproval(run: run, action: "Refund")
        await house.world.decide(approval, approved: true)
        try await house.look()
        #expect(try await house.events(.decision).map(\.id) == ["live/approval/\(approval)/v1"])
        #expect(try await house.told(.approval, .decision) == [])
    }

    @Test func `a run that was over before the first start is settled from the list`() async throws {
        let (house, run) = try await house()
        await house.world.finishRun(run, outcome: .failed)
        house.clock.advance(by: .minutes(1))
        try await house.look()
        #expect(try await house.ledger.watch(account: "live", run: run)?.settled == true)
        #expect(house.transport.asks { $0.path.hasSuffix(run) }.isEmpty)
    }

    @Test func `a run that ends after the first start is told`() async throws {
        let (house, run) = try await house()
        try await house.look()
        house.clock.advance(by: .minutes(1))
        await house.world.finishRun(run, outcome: .failed)
        try await house.look()
        #expect(try await house.told(.run) == ["live/run/\(run)/2026-11-24T09:01:00Z"])
    }

    @Test func `one event sums up what was not told, and never again`() async throws {
        let (house, run) = try await house()
        await house.world.notify(run: run, message: "one")
        await house.world.notify(run: run, message: "two")
        let other = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        await house.world.decide(house.world.requestApproval(run: other, action: "Refund"), approved: false)
        await house.world.finishRun(other, outcome: .succeeded)
        house.clock.advance(by: .minutes(1))
        try await house.look()
        try await house.look()
        try await house.restart()
        try await house.look()
        #expect(
            try await house.words("first_look") == ["account live: 4 items from before 2026-11-24T09:01:00Z are remembered and not told"])
    }

    @Test func `where nothing was left out, nothing is summed up`() async throws {
        let (house, _) = try await house()
        try await house.look()
        #expect(try await house.said("first_look") == [])
    }

    @Test func `an unreadable time is past on the first look, and new ever after`() async throws {
        let (house, run) = try await house()
        house.transport.misbehave { _ in .changed { $0.rewriting(["created_at": "a while ago"]) } }
        await house.world.notify(run: run, message: "first")
        try await house.look()
        #expect(try await house.told(.notification) == [])
        house.clock.advance(by: .minutes(5))
        let second = await house.world.notify(run: run, message: "second")
        try await house.look()
        #expect(try await house.told(.notification) == ["live/notification/\(second)"])
    }
}
