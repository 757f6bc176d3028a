import Channels
import Dedup
import Policy
import RelayCore
import RelayTesting
import Testing

@testable import NotifyRelay

/// A lane keeps every write that the store fails and repeats it.
struct LaneFaultTests {
    private static let lane: @Sendable (StoreAccess) -> Bool = { $0.writes("lane") }

    @Test func `that a lane is closed is written down as soon as it can be`() async throws {
        let house = try await House()
        try await house.owe("a")
        house.channel().next(.gone)
        let lane = try await house.lane()
        house.fail(where: Self.lane)
        try await house.running(lane) {
            #expect(await eventually { await !lane.health.isOpen && house.clock.sleeperCount == 1 })
            house.endFaults()
            let before = try await house.record()
            #expect(before == nil)
            let isWritten = try await house.eventuallyInTime(of: lane) { try await house.record()?.state == .closed }
            #expect(isWritten)
        }
    }

    @Test func `a lane whose closing the store does not know is not opened by what the store says`() async throws {
        let house = try await House()
        try await house.owe("a")
        house.channel().next(.gone)
        let lane = try await house.lane()
        try await house.failing(where: Self.lane) { await lane.drain() }
        await lane.heed(try await house.record())
        #expect(await !lane.health.isOpen)
        await lane.drain()
        #expect(try await house.record()?.state == .closed)
        // Now a command opens the lane.
        try await house.ledger.setLane(LaneRecord(destination: "ops", state: .open, reason: nil, since: house.clock.now, until: nil))
        await lane.heed(try await house.record())
        #expect(await lane.health.isOpen)
    }

    @Test func `the time in which a lane was down is excused as soon as it can be`() async throws {
        let house = try await House()
        try await house.owe("a", "b", "c", "d", "e", "f")
        house.channel().always(.transient)
        let lane = try await house.lane()
        await house.deliver()
        #expect(await !lane.health.isOpen)
        let failed = try await house.delivery("a").firstFailedAt
        house.clock.advance(by: .hours(1))
        try await house.failing(where: { $0.writes("reopen") }) { await lane.open() }
        #expect(try await house.delivery("a").firstFailedAt == failed)
        house.channel().always(.refused)
        await house.deliver()
        let excused = try #require(try await house.delivery("a").firstFailedAt)
        #expect(try #require(failed).duration(to: excused) > .minutes(59))
    }

    @Test(arguments: StoreFault.Moment.allCases)
    func `what was claimed and not begun goes back as soon as it can, and is sent once`(moment: StoreFault.Moment) async throws {
        let house = try await House()
        try await house.owe("a", "b", "c")
        house.channel().next(.gone)
        let lane = try await house.lane()
        house.fail(StoreFault(.full, moment)) { $0.writes("settle") }
        try await house.running(lane) {
            #expect(await eventually { house.clock.sleeperCount == 1 && lane.wakeup.isWaitedFor })
            house.endFaults()
            let broken = house.clock.now
            let isFree = try await house.eventuallyInTime(of: lane) {
                try await house.deliveries("a", "b", "c").allSatisfy { $0.heldFor == nil }
            }
            #expect(isFree)
            // This is long before their leases end.
            #expect(house.clock.now <= broken + .seconds(5))
            await lane.open()
            #expect(await house.eventuallyInTime(of: lane) { house.channel().delivered.count == 3 })
        }
        #expect(house.channel().attempts.count == 4)
    }

    @Test func `a settlement that comes late is not given up when the program is asked to end`() async throws {
        let house = try await House()
        try await house.owe("a")
        let lane = try await house.lane()
        house.fail { $0.writes("settle") }
        try await house.running(lane) {
            #expect(await eventually { house.clock.sleeperCount == 1 })
            await lane.stop()
            house.clock.advance(by: .seconds(1))
            #expect(await eventually { house.clock.sleeperCount == 1 })
            house.endFaults()
            house.clock.advance(by: .seconds(1))
            let isWritten = try await eventually { try await house.delivery("a").state == .delivered }
            #expect(isWritten)
        }
        #expect(house.channel().attempts.count == 1)
    }

    @Test func `what was admitted though the store said otherwise is delivered at once`() async throws {
        let house = try await House()
        let lane = try await house.lane()
        try await house.running(lane) {
            #expect(await eventually { lane.wakeup.isWaitedFor })
            await #expect(throws: LedgerError.self) {
                try await house.failing(StoreFault(.ioError, .after), where: { $0.writes("admit") }) { _ = try await house.notify("a") }
            }
            #expect(await eventually { house.channel().delivered.count == 1 })
        }
    }

    @Test func `a lane that cannot be asked for what is due says so and asks again`() async throws {
        let house = try await House()
        try await house.owe("a", due: .seconds(20))
        let lane = try await house.lane()
        house.fail { $0 == .read }
        try await house.running(lane) {
            #expect(await eventually { house.clock.sleeperCount == 1 })
            house.endFaults()
            #expect(await house.eventuallyInTime(of: lane) { house.channel().delivered.count == 1 })
        }
        #expect(house.book.lines.contains { $0.contains("disk I/O error") })
    }

    @Test func `an event whose text is damaged is told as that, and logged`() async throws {
        let house = try await House()
        try await house.owe("a")
        try await house.damage("UPDATE event SET payload = '{', kind = 'run'")
        await house.deliver()
        let message = try #require(house.channel().delivered.first?.message)
        #expect(
            message.body.contains("notify-relay why live/notification/a") || message.title.contains("notify-relay why live/notification/a"))
        #expect(house.book.lines.contains { $0.hasPrefix("error: ") && $0.contains("live/notification/a cannot be read from the store") })
    }

    @Test func `a delivery whose options are damaged is sent once at most`() async throws {
        let house = try await House()
        try await house.owe("a")
        try await house.damage("UPDATE delivery SET options = '{'")
        house.channel().next(.uncertain)
        await house.deliver()
        #expect(try await house.delivery("a").state == .unknown)
        #expect(house.channel().attempts.count == 1)
        #expect(house.book.lines.contains { $0.contains("its options cannot be read from the store") })
    }
}
