import Dedup
import Policy
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// Tests what happens when the wall clock is set while the relay runs (design §5).
struct ClockTests {
    @Test(arguments: [(-3_600, true), (-61, true), (-60, false), (60, false), (61, true)])
    func `a clock that was set by more than a minute is noticed, once`(seconds: Int, isNoticed: Bool) {
        let clock = ManualClock()
        var watch = ClockWatch(clock: clock)
        clock.advance(by: .hours(1))
        #expect(watch.jump() == nil)
        clock.jump(by: .seconds(seconds))
        clock.advance(by: .seconds(1))
        #expect(watch.jump() == (isNoticed ? .seconds(seconds) : nil))
        #expect(watch.jump() == nil)
    }

    /// A relay with one message that was throttled for ten minutes.
    private func house() async throws -> House {
        let house = try await House()
        try await house.owe("a")
        house.channel().next(.throttled(after: .minutes(10)))
        try await house.lane().drain()
        return house
    }

    /// Waits until housekeeping and all other tasks sleep. A jump before that would not be noticed.
    private func isMinded(_ house: House) async -> Bool {
        await eventually { house.clock.sleeperCount >= Self.sleepers }
    }

    /// The number of sleeping tasks: the approvals, the other looks, and housekeeping's turns, answers and retention. Each has a deadline of
    /// its own.
    private static let sleepers = 5

    @Test func `set back, what waits for a rate limit waits no longer than it would have, nor does its lane`() async throws {
        let house = try await house()
        let due = try await house.delivery("a").dueAt
        try await house.running {
            #expect(await isMinded(house))
            house.clock.jump(by: .hours(-1))
            let moves = try await house.eventuallyInTime { try await house.delivery("a").dueAt == due - .hours(1) }
            #expect(moves)
            // The ledger is shifted before the lanes are.
            let laneMoves = try await eventually { try await house.lane().health.blockedUntil == due - .hours(1) }
            #expect(laneMoves)
        }
    }

    @Test func `set forward, what waits is not put off`() async throws {
        let house = try await house()
        let due = try await house.delivery("a").dueAt
        try await house.running {
            #expect(await isMinded(house))
            house.clock.jump(by: .minutes(6))
            let isSaid = try await house.eventuallyInTime { try await house.said("clock") == ["clock"] }
            #expect(isSaid)
            #expect(try await house.delivery("a").dueAt == due)
        }
    }

    @Test(arguments: [(-7_200, "the clock was set back by 2 h"), (600, "the clock was set forward by 10 min")])
    func `by more than five minutes it is said`(seconds: Int, words: String) async throws {
        let house = try await House()
        try await house.running {
            #expect(await isMinded(house))
            house.clock.jump(by: .seconds(seconds))
            let isSaid = try await house.eventuallyInTime { try await !house.said("clock").isEmpty }
            #expect(isSaid)
        }
        #expect(try await house.words("clock") == [words])
    }

    @Test func `set back, an account is looked at when it would have been`() async throws {
        let house = try await House()
        let automation = await house.world.addAutomation(name: "Invoices")
        try await house.look()
        house.clock.jump(by: .hours(-1))
        let poller = try await house.poller()
        await poller.shift(by: .hours(-1))
        // An unknown automation is looked at after twelve seconds.
        let due = house.clock.now.duration(to: await poller.account.queue.nextDueAt(of: automation) ?? .distantPast)
        #expect(abs(due.inSeconds - 12) < 1)
    }
}
