import Dedup
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// `run --once`: true if every account was reached and nothing due stays owed.
struct RunOnceTests {
    /// A relay that owes one message to `ops`.
    private func house() async throws -> House {
        let house = try await House()
        try await house.owe("a")
        return house
    }

    private func once(_ house: House) async throws -> Bool {
        try await house.runOnce()
    }

    @Test func `looks, delivers what is due and what the look brought, and ends`() async throws {
        let house = try await house()
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        let approval = await house.world.requestApproval(run: run, action: "Refund")
        #expect(try await once(house))
        #expect(Set(house.channel().ids) == [House.id("a"), "live/approval/\(approval)/v1"])
    }

    @Test(arguments: [
        (DeliveryError.Verdict.retry(after: nil), false), (.uncertain, false), (.suspect, false), (.gone, false),
        (.throttled(after: .seconds(20)), true), (.throttled(after: .minutes(10)), false), (.refused, true),
    ])
    func `what one attempt left owed is an incomplete run`(verdict: DeliveryError.Verdict, isComplete: Bool) async throws {
        let house = try await house()
        house.channel().next(verdict)
        #expect(try await once(house) == isComplete)
    }

    @Test func `a destination that always fails is tried until its lane is down, and not probed`() async throws {
        let house = try await House()
        for name in "abcdefgh" { try await house.owe(String(name)) }
        house.channel().always(.retry(after: nil))
        let began = house.clock.now
        #expect(try await !once(house))
        #expect(house.channel().attempts.count == 5)
        #expect(house.clock.now == began)
    }

    @Test func `what is not due yet does not count`() async throws {
        let house = try await house()
        try await house.owe("tomorrow", due: .days(1))
        #expect(try await once(house))
        #expect(house.channel().names == ["a"])
    }

    @Test func `an account that is not reached is an incomplete run, and what is owed is delivered all the same`() async throws {
        let house = try await house()
        house.transport.misbehave { _ in .unreachable }
        #expect(try await !once(house))
        #expect(house.channel().names.contains("a"))
    }

    @Test func `one run that cannot be read is an incomplete run`() async throws {
        let house = try await house()
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        house.transport.misbehave(at: run, .status(500, "{}"))
        #expect(try await !once(house))
    }

    @Test func `one run that is gone is not`() async throws {
        let house = try await house()
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        house.transport.misbehave(at: run, .status(404, "{}"))
        #expect(try await once(house))
    }

    @Test func `a result that cannot be recorded ends it with the store's error, and the delivery stays owed`() async throws {
        let house = try await house()
        try await house.breakStore()
        let error = await #expect(throws: LedgerError.self) { _ = try await once(house) }
        #expect(error?.detail.contains("is sent again") == true)
        try await house.mendStore()
        #expect(try await house.delivery("a").state == .owed)
    }
}
