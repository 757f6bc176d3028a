import Dedup
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// The order in which a lane delivers, and how much at once (design §7).
struct LaneOrderTests {
    private func house(_ keys: String = "", routes: String = "{name: all, to: [ops]}") async throws -> House {
        try await House(House.file(destinations: "ops: {type: console\(keys.isEmpty ? "" : ", " + keys)}", routes: routes))
    }

    @Test func `the most urgent goes first, then the longest due`() async throws {
        let house = try await house()
        try await house.owe("low", priority: .low, due: .seconds(-90))
        try await house.owe("later", due: .seconds(-10))
        try await house.owe("earlier", due: .seconds(-60))
        try await house.owe("urgent", priority: .urgent, due: .seconds(-1))
        try await house.owe("high", priority: .high)
        await house.deliver()
        #expect(house.channel().names == ["urgent", "high", "earlier", "later", "low"])
    }

    @Test func `what is not due yet is not delivered`() async throws {
        let house = try await house()
        try await house.owe("now")
        try await house.owe("tomorrow", due: .days(1))
        await house.deliver()
        #expect(house.channel().names == ["now"])
    }

    @Test(arguments: [1, 3])
    func `no more are under way at once than the width allows`(width: Int) async throws {
        let house = try await house("width: \(width)")
        try await house.owe("a", "b", "c", "d", "e", "f")
        let gate = house.channel().hold()
        let lane = try await house.lane()
        try await house.running(lane) {
            #expect(await eventually { gate.waiting == width && lane.wakeup.isWaitedFor })
            gate.open()
            #expect(await eventually { house.channel().delivered.count == 6 })
        }
        #expect(house.channel().mostUnderWay == width)
    }

    @Test func `a pace lets a burst through, and then one at a time`() async throws {
        let house = try await house("pace: {burst: 2, every: 10s}")
        try await house.owe("a", "b", "c", "d")
        let start = house.clock.now
        await house.deliver()
        #expect(house.channel().times(since: start) == [0, 0, 10, 20])
    }

    @Test func `what was claimed ahead for too long is asked for again before it is sent`() async throws {
        let house = try await house()
        try await house.owe("slow", "given-up")
        let gate = house.channel().hold()
        let lane = try await house.lane()
        try await house.running(lane) {
            #expect(await eventually { gate.waiting == 1 })
            #expect(try await house.delivery("given-up").heldFor == .claim)
            _ = try await house.ledger.drop(.events([House.id("given-up")]), reason: "by hand")
            house.clock.advance(by: Lane.freshness + .seconds(1))
            try await house.owe("last", priority: .low)
            gate.open()
            #expect(await eventually { house.channel().names.contains("last") })
        }
        #expect(house.channel().names == ["slow", "last"])
    }

    @Test func `where at most once was asked, nothing is claimed ahead`() async throws {
        let house = try await house(routes: "{name: all, to: [ops], at_most_once: true}")
        try await house.owe("a", "b", "c", once: true)
        let gate = house.channel().hold()
        let lane = try await house.lane()
        try await house.running(lane) {
            #expect(await eventually { gate.waiting == 1 && lane.wakeup.isWaitedFor })
            let held = try await house.deliveries("a", "b", "c").map(\.heldFor)
            #expect(held == [.claim, nil, nil])
            gate.open()
            #expect(await eventually { house.channel().delivered.count == 3 })
        }
    }

    @Test func `a lane that waits is woken by what is admitted`() async throws {
        let house = try await house()
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Invoices"))
        try await house.look()
        house.clock.advance(by: .minutes(1))
        let lane = try await house.lane()
        try await house.running(lane) {
            #expect(await eventually { lane.wakeup.isWaitedFor })
            await house.world.notify(run: run, message: "hello")
            try await house.look()
            #expect(await eventually { house.channel().delivered.count == 1 })
        }
    }
}
