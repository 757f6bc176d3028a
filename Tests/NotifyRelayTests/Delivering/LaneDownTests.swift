import Dedup
import Policy
import RelayCore
import RelayTesting
import Testing

@testable import NotifyRelay

/// A destination that cannot be reached for a while (design §7, *down*).
struct LaneDownTests {
    private func house(_ keys: String = "") async throws -> House {
        try await House(House.file(destinations: "ops: {type: console\(keys.isEmpty ? "" : ", " + keys)}"))
    }

    private func owe(_ count: Int, _ house: House, priority: Priority = .normal) async throws {
        for number in 0..<count { try await house.owe("\(priority.word)-\(number)", priority: priority) }
    }

    @Test func `after five failures it is only probed, from 5 s to 5 min apart`() async throws {
        let house = try await house()
        try await owe(20, house)
        house.channel().always(.transient)
        let start = house.clock.now
        let lane = try await house.lane()
        try await house.running(lane) {
            #expect(await house.eventuallyInTime(of: lane) { house.channel().attempts.count == 13 })
        }
        #expect(house.channel().times(since: start) == [0, 0, 0, 0, 0, 5, 15, 35, 75, 155, 315, 615, 915])
        #expect(try await house.record()?.state == .down)
    }

    @Test func `a probe is the most urgent, though that waits for its next try`() async throws {
        let house = try await house()
        try await owe(1, house, priority: .urgent)
        try await owe(9, house, priority: .low)
        house.channel().always(.transient)
        let lane = try await house.lane()
        try await house.running(lane) {
            #expect(await house.eventuallyInTime(of: lane) { house.channel().attempts.count == 9 })
        }
        #expect(Set(house.channel().attempts.suffix(4).map(\.id)) == [House.id("urgent-0")])
    }

    @Test func `what alone is owed is probed with before its own next try`() async throws {
        let house = try await house()
        try await house.owe("only")
        house.channel().always(.transient)
        let start = house.clock.now
        let lane = try await house.lane()
        try await house.running(lane) {
            #expect(await house.eventuallyInTime(of: lane) { house.channel().attempts.count == 7 })
        }
        // The delivery's own retries come after 5, 10, 20 and 40 s; then come the lane's probes.
        #expect(house.channel().times(since: start) == [0, 5, 15, 35, 75, 80, 90])
    }

    @Test func `what is due later probes a lane that is down when nothing else is owed`() async throws {
        let house = try await house()
        try await house.owe("later", due: .hours(1))
        for number in 0..<5 { try await house.owe("once-\(number)", once: true) }
        house.channel().always(.uncertain)
        let lane = try await house.lane()
        try await house.running(lane) {
            #expect(await house.eventuallyInTime(of: lane) { house.channel().attempts.count == 5 })
            #expect(await eventually { await !lane.health.isOpen })
            house.channel().always(nil)
            #expect(await house.eventuallyInTime(of: lane) { house.channel().delivered.count == 1 })
        }
    }

    @Test func `a destination that comes back and refuses every message is there: its lane is open and ready`() async throws {
        let house = try await house()
        try await house.owe("a", "b", "c", "d", "e")
        house.channel().always(.transient)
        let lane = try await house.lane()
        try await house.running(lane) {
            #expect(await house.eventuallyInTime(of: lane) { await !lane.health.isOpen })
            house.channel().always(.refused)
            let areDead = try await house.eventuallyInTime(of: lane) {
                try await house.deliveries("a", "b", "c", "d", "e").allSatisfy { $0.state == .dead }
            }
            #expect(areDead)
        }
        try await house.look()
        #expect(await lane.health.isOpen)
        #expect(await lane.health.reason == nil)
        #expect(try await house.record()?.state == .open)
        #expect(await house.relay.status.readiness().isReady)
    }

    @Test func `one success opens it, and everything is delivered`() async throws {
        let house = try await house()
        try await owe(20, house)
        house.channel().always(.transient)
        let lane = try await house.lane()
        try await house.running(lane) {
            #expect(await house.eventuallyInTime(of: lane) { house.channel().attempts.count == 7 })
            house.channel().always(nil)
            #expect(await house.eventuallyInTime(of: lane) { house.channel().delivered.count == 20 })
            #expect(await lane.health.isOpen)
        }
        #expect(try await house.record()?.state == .open)
    }

    @Test func `a lane that is down keeps one probe at most under its claim`() async throws {
        let house = try await house("width: 4")
        try await owe(20, house)
        house.channel().always(.transient)
        let lane = try await house.lane()
        try await house.running(lane) {
            #expect(await eventually { await !lane.health.isOpen && lane.wakeup.isWaitedFor && house.clock.sleeperCount == 1 })
            var held = 0
            for number in 0..<20 where try await house.delivery("normal-\(number)").heldFor == .claim { held += 1 }
            #expect(held == 0)
        }
    }

    @Test func `time while it was down does not count towards giving up, nor does a restart`() async throws {
        let house = try await house("give_up: 1h")
        try await house.owe("a", "b")
        house.channel().always(.transient)
        let lane = try await house.lane()
        try await house.running(lane) {
            #expect(await house.eventuallyInTime(of: lane) { await !lane.health.isOpen && lane.wakeup.isWaitedFor })
        }
        house.clock.advance(by: .hours(3))
        try await house.restart(House.file(destinations: "ops: {type: console, give_up: 1h}"))
        // The first probe fails, the second opens the lane, and an attempt fails while it is open.
        house.channel().always(nil)
        house.channel().next(.transient, nil, .transient)
        let before = house.channel().attempts.count
        let again = try await house.lane()
        #expect(await !again.health.isOpen)
        try await house.running(again) {
            #expect(await house.eventuallyInTime(of: again) { house.channel().attempts.count >= before + 4 && again.wakeup.isWaitedFor })
        }
        #expect(try await house.deliveries("a", "b").map(\.state) == [.delivered, .delivered])
    }

    @Test func `a refusal that lasts half an hour closes it`() async throws {
        let house = try await house()
        try await house.owe("a")
        house.channel().always(.suspect)
        let start = house.clock.now
        let lane = try await house.lane()
        try await house.running(lane) {
            let closes = try await house.eventuallyInTime(of: lane) { try await house.record()?.state == .closed }
            #expect(closes)
        }
        let took = start.duration(to: house.clock.now)
        #expect(took >= .minutes(30) && took <= .minutes(36))
        #expect(try await house.delivery("a").state == .owed)
    }

    @Test func `a refusal that ends within half an hour leaves nothing behind`() async throws {
        let house = try await house()
        try await house.owe("a")
        house.channel().always(.suspect)
        let lane = try await house.lane()
        try await house.running(lane) {
            #expect(await house.eventuallyInTime(of: lane) { house.channel().attempts.count == 8 })
            house.channel().always(nil)
            #expect(await house.eventuallyInTime(of: lane) { house.channel().delivered.count == 1 && lane.wakeup.isWaitedFor })
        }
        #expect(try await house.record()?.state == .open)
    }
}
