import Dedup
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import NotifyRelay

/// How a lane ends its work when the store is broken or the program ends (design §5, crash table).
struct LaneEndTests {
    private func house() async throws -> House {
        let house = try await House()
        try await house.owe("a", "b", "c")
        return house
    }

    @Test func `while an answer cannot be written down nothing more is claimed or sent`() async throws {
        let house = try await House(House.file(destinations: "ops: {type: console, width: 3}"))
        try await house.owe("a")
        try await house.breakStore()
        let lane = try await house.lane()
        try await house.running(lane) {
            #expect(await eventually { house.clock.sleeperCount == 1 && lane.wakeup.isWaitedFor })
            // The width of the lane has room for two more.
            try await house.owe("b")
            for _ in 0..<5 {
                lane.wakeup.signal()
                house.clock.advance(by: .seconds(1))
                #expect(await eventually { house.clock.sleeperCount == 1 && lane.wakeup.isWaitedFor })
            }
            let waiting = try await house.delivery("b")
            #expect(waiting.heldFor == nil)
            #expect(house.channel().attempts.count == 1)
        }
    }

    @Test func `once it can be written, it is, and each message was sent once`() async throws {
        let house = try await house()
        try await house.breakStore()
        let lane = try await house.lane()
        try await house.running(lane) {
            #expect(await eventually { house.clock.sleeperCount == 1 && lane.wakeup.isWaitedFor })
            try await house.mendStore()
            #expect(await house.eventuallyInTime(of: lane) { house.channel().delivered.count == 3 && lane.wakeup.isWaitedFor })
        }
        #expect(house.channel().names.sorted() == ["a", "b", "c"])
        #expect(try await house.deliveries("a", "b", "c").map(\.state) == [.delivered, .delivered, .delivered])
    }

    @Test func `readyz says store for as long as it lasts`() async throws {
        let house = try await house()
        try await house.breakStore()
        let lane = try await house.lane()
        try await house.running(lane) {
            #expect(await eventually { house.clock.sleeperCount == 1 })
            let broken = await house.relay.status.readiness()
            #expect(broken.wrong["store"]?.contains("no room") == true)
            try await house.mendStore()
            let mended = await house.relay.status.readiness()
            #expect(mended.wrong["store"] == nil)
        }
        #expect(house.book.lines.count { $0.contains("the store cannot be used") } == 1)
    }

    @Test func `a stop lets what is in flight end, and puts back what was claimed and not begun`() async throws {
        let house = try await house()
        let gate = house.channel().hold()
        let lane = try await house.lane()
        try await house.running(lane) {
            #expect(await eventually { gate.waiting == 1 })
            let claimed = try await house.delivery("b")
            #expect(claimed.heldFor == .claim)
            await lane.stop()
            let back = try await house.delivery("b")
            #expect(back.heldFor == nil)
            #expect(back.dueAt <= house.clock.now)
            gate.open()
            let ends = try await eventually { try await house.delivery("a").state == .delivered }
            #expect(ends)
        }
        #expect(house.channel().attempts.count == 1)
        #expect(try await house.deliveries("b", "c").map(\.attempt) == [0, 0])
    }

    @Test func `what is cut off after the grace is owed at once, and no attempt is counted`() async throws {
        let house = try await house()
        let gate = house.channel().hold()
        let lane = try await house.lane()
        // The house stops the lane and then cancels it.
        try await house.running(lane) { #expect(await eventually { gate.waiting == 1 }) }
        let delivery = try await house.delivery("a")
        #expect(delivery.state == .owed)
        #expect(delivery.heldFor == nil)
        #expect(delivery.attempt == 0)
        #expect(delivery.dueAt <= house.clock.now)
    }

    @Test func `what a kill left under a claim is owed at once at the next start, under the same key`() async throws {
        let house = try await house()
        let claim = try #require(try await house.ledger.claim("ops", limit: 1, lease: .hours(1)).first)
        try await house.restart()
        await house.deliver()
        #expect(house.channel().ids.contains(claim.event.id))
        #expect(house.channel().delivered.count == 3)
    }

    @Test func `what a kill left under a claim is not sent again where at most once was asked`() async throws {
        let house = try await House()
        try await house.owe("a", once: true)
        _ = try await house.ledger.claim("ops", limit: 1, lease: .hours(1))
        try await house.restart()
        await house.deliver()
        #expect(house.channel().attempts.isEmpty)
        #expect(try await house.delivery("a").state == .unknown)
    }
}
