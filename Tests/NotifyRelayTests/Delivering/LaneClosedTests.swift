import Dedup
import Policy
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import NotifyRelay

/// A destination that gets nothing more until a person acts (design §7, *closed*).
struct LaneClosedTests {
    /// A relay whose lane `ops` was closed while it owed `a` and `b`.
    private func house() async throws -> House {
        let house = try await House(
            House.file(destinations: "ops: {type: console}, mail: {type: console}", rest: "health_to: [ops, mail]"))
        try await house.owe("a", "b")
        house.channel().next(.gone)
        try await house.lane().drain()
        return house
    }

    private func deliversAll(_ house: House) async throws {
        let lane = try await house.lane()
        try await house.running(lane) {
            #expect(await house.eventuallyInTime(of: lane) { house.channel().names.sorted().prefix(2) == ["a", "b"] })
        }
    }

    @Test func `gone closes it at once: nothing more is sent, everything stays owed, nothing is held`() async throws {
        let house = try await house()
        #expect(house.channel().attempts.count == 1)
        let deliveries = try await house.deliveries("a", "b")
        #expect(deliveries.map(\.state) == [.owed, .owed])
        #expect(deliveries.map(\.heldFor) == [nil, nil])
        #expect(deliveries.map(\.attempt) == [0, 0])
        #expect(try await house.record()?.state == .closed)
    }

    @Test func `a lane that runs holds no claims once it is closed`() async throws {
        let house = try await House()
        try await house.owe("a", "b", "c")
        house.channel().next(.gone)
        let lane = try await house.lane()
        try await house.running(lane) {
            let isFree = try await eventually {
                let deliveries = try await house.deliveries("a", "b", "c")
                return await !lane.health.isOpen && deliveries.allSatisfy { $0.heldFor == nil }
            }
            #expect(isFree)
        }
        #expect(house.channel().attempts.count == 1)
    }

    @Test func `it is reported once, to everybody but itself`() async throws {
        let house = try await house()
        let reports = try await house.events(.relay)
        #expect(try await house.said("closed") == ["ops"])
        #expect(try await house.deliveries(of: reports[0].id) == ["mail owed"])
        #expect(try await house.words("closed") == ["destination ops is closed: no; `lanes open ops` opens it"])
    }

    @Test func `time alone does not open it, nor does a restart`() async throws {
        let house = try await house()
        house.clock.advance(by: .days(3))
        await house.deliver()
        try await house.restart()
        await house.deliver()
        #expect(house.channel().attempts.count == 1)
    }

    @Test func `opened by hand it delivers what it owes, and says that it is open`() async throws {
        let house = try await house()
        try await house.lane().open()
        try await deliversAll(house)
        #expect(try await house.said("closed") == ["ops", "ops over"])
        #expect(try await house.record()?.state == .open)
    }

    @Test func `an entry that changed opens it`() async throws {
        let house = try await house()
        let lane = try await house.lane()
        var changed = await lane.destination
        changed.fingerprint += "changed"
        await lane.adopt(changed, composer: await house.relay.generation.composer)
        try await deliversAll(house)
    }

    @Test func `an entry that is the same leaves it closed`() async throws {
        let house = try await house()
        let lane = try await house.lane()
        await lane.adopt(await lane.destination, composer: await house.relay.generation.composer)
        #expect(await !lane.health.isOpen)
    }

    @Test func `a command beside the daemon opens it`() async throws {
        let house = try await house()
        try await house.running {
            let command = try house.asCommand()
            try await command.setLane(
                LaneRecord(destination: "ops", state: .open, reason: nil, since: house.clock.now, until: nil))
            try command.close()
            #expect(await house.eventuallyInTime { house.channel().delivered.count >= 2 })
        }
    }

    @Test func `a command that changes something else leaves it closed`() async throws {
        let house = try await house()
        try await house.running {
            let command = try house.asCommand()
            _ = try await command.drop(.events([House.id("b")]), reason: "by hand")
            try command.close()
            // Lanes are woken after the change in the store was noticed, so it was noticed once the other lane has delivered.
            try await house.owe("elsewhere", to: "mail")
            #expect(await house.eventuallyInTime { house.channel("mail").names.contains("elsewhere") })
        }
        #expect(house.channel().attempts.count == 1)
        #expect(try await house.record()?.state == .closed)
    }
}
