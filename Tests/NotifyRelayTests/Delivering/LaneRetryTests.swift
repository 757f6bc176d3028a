import Dedup
import Policy
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import NotifyRelay

/// What happens after a failed attempt while the lane is open (design §7).
struct LaneRetryTests {
    private func house(_ keys: String = "") async throws -> House {
        try await House(House.file(destinations: "ops: {type: console\(keys.isEmpty ? "" : ", " + keys)}"))
    }

    @Test func `a throttle makes everybody wait, and costs no attempt`() async throws {
        let house = try await house()
        try await house.owe("a", "b")
        house.channel().next(.throttled(after: .seconds(30)))
        let start = house.clock.now
        await house.deliver()
        #expect(house.channel().times(since: start) == [0, 30, 30])
        #expect(try await house.delivery("a").attempt == 1)
        #expect(try await house.delivery("a").attempts.map(\.outcome) == ["throttled", "delivered"])
    }

    @Test func `a throttle that does not say how long is five seconds`() async throws {
        let house = try await house()
        try await house.owe("a")
        house.channel().next(.throttled(after: nil))
        let start = house.clock.now
        await house.deliver()
        #expect(house.channel().times(since: start) == [0, 5])
    }

    @Test func `status shows a lane as blocked, and the block ends by itself`() async throws {
        let house = try await house()
        try await house.owe("a", "b")
        house.channel().next(.throttled(after: .minutes(10)))
        await house.deliver()
        let end = house.clock.now + .minutes(10)
        let record = try #require(try await house.record())
        #expect(record.state == .blocked)
        #expect(record.until == end)
        #expect(record.state(at: end) == .open)
        #expect(try await house.deliveries("a", "b").map(\.heldFor) == [.throttle, nil])
        house.clock.advance(by: .minutes(10))
        await house.deliver()
        #expect(house.channel().delivered.count == 2)
    }

    @Test func `a block outlasts a restart`() async throws {
        let house = try await house()
        try await house.owe("a", "b")
        house.channel().next(.throttled(after: .minutes(10)))
        await house.deliver()
        try await house.restart()
        await house.deliver()
        #expect(house.channel().attempts.count == 1)
    }

    @Test func `a failure is tried again, later each time, under the same key`() async throws {
        let house = try await house()
        try await house.owe("a")
        house.channel().next(.transient, .transient, .transient, nil)
        let start = house.clock.now
        let lane = try await house.lane()
        try await house.running(lane) {
            #expect(await house.eventuallyInTime(of: lane) { house.channel().delivered.count == 1 })
        }
        #expect(house.channel().times(since: start) == [0, 5, 15, 35])
        #expect(Set(house.channel().attempts.map(\.message.idempotencyKey)).count == 1)
    }

    @Test func `a provider that wants more time gets it`() async throws {
        let house = try await house()
        try await house.owe("a")
        house.channel().next(.retry(after: .seconds(90)))
        await house.deliver()
        #expect(try await house.delivery("a").dueAt == house.clock.now + .seconds(90))
    }

    @Test func `what always fails is given up in its time, as long as others get through`() async throws {
        let house = try await house("give_up: 1h")
        try await house.owe("bad")
        house.channel().answer { $0.event.id == House.id("bad") ? .transient : nil }
        var fillers = 0
        while try await house.delivery("bad").state == .owed, fillers < 40 {
            await house.deliver()
            fillers += 1
            try await house.owe("filler-\(fillers)")
            await house.deliver()
            if let next = try await house.ledger.nextDue("ops") { house.clock.advance(by: house.clock.now.duration(to: next)) }
        }
        let delivery = try await house.delivery("bad")
        #expect(delivery.state == .dead)
        #expect(delivery.reason == "given up after 60 min: no")
        // Ten delays, which begin with 5 s and double, are the first that add up to more than an hour.
        #expect(delivery.attempts.count == 11)
        #expect(house.channel().delivered.count == fillers)
    }

    @Test func `what is refused is dead at once with its reason, and the lane goes on`() async throws {
        let house = try await house()
        try await house.owe("a", "b")
        house.channel().next(.refused)
        await house.deliver()
        #expect(try await house.delivery("a").state == .dead)
        #expect(try await house.delivery("a").reason == "no")
        #expect(house.channel().names == ["b"])
        #expect(try await house.lane().health.isOpen)
    }

    @Test func `what is dead is delivered after all if a person puts it back`() async throws {
        let house = try await house()
        try await house.owe("a")
        house.channel().next(.refused)
        await house.deliver()
        #expect(try await house.ledger.retry(.events([House.id("a")])) == 1)
        await house.deliver()
        #expect(house.channel().names == ["a"])
    }

    @Test func `what may have arrived is sent again under the same key`() async throws {
        let house = try await house()
        try await house.owe("a")
        house.channel().next(.uncertain)
        let lane = try await house.lane()
        try await house.running(lane) {
            #expect(await house.eventuallyInTime(of: lane) { house.channel().delivered.count == 1 })
        }
        #expect(house.channel().attempts.count == 2)
        #expect(Set(house.channel().attempts.map(\.message.idempotencyKey)).count == 1)
    }

    @Test func `what may have arrived is never sent again where at most once was asked`() async throws {
        let house = try await house()
        try await house.owe("a", once: true)
        house.channel().next(.uncertain)
        await house.deliver()
        house.clock.advance(by: .days(2))
        await house.deliver()
        #expect(house.channel().attempts.count == 1)
        #expect(try await house.delivery("a").state == .unknown)
    }
}
