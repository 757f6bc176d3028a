import Dedup
import Policy
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import NotifyRelay

/// The clock of the machine is wrong for a while, and right again: what is held ends as its schedule says, in true time.
struct SetClockTests {
    private static let file = House.file(
        destinations: "ops: {type: console, quiet: {from: \"22:00\", to: \"07:00\", time_zone: UTC}}, all: {type: console}",
        routes: "{name: all, when: {kind: [notification, run]}, to: [ops]}, {name: digest, when: {kind: run}, digest: [morning]}",
        rest: "digests: {morning: {at: \"08:00\", to: [all]}}")

    private func turn(_ house: House) async throws {
        let housekeeping = await house.relay.housekeeping
        await housekeeping.turn.take(housekeeping)
    }

    /// Sets the clock for twenty seconds, during which something happens, and sets it right.
    private func wrong(_ house: House, by jump: Duration, _ body: () async throws -> Void) async throws {
        try await turn(house)
        house.clock.jump(by: jump)
        try await turn(house)
        try await body()
        house.clock.advance(by: .seconds(20))
        house.clock.jump(by: .zero - jump)
        try await turn(house)
    }

    private func openEnds(_ house: House, _ kind: WindowKind) async throws -> [Timestamp] {
        try await house.ledger.openWindows(kind).map(\.closesAt)
    }

    @Test(arguments: [3, -3])
    func `a digest's window ends at the next slot of the true time`(days: Int) async throws {
        let house = try await House(Self.file)
        let before = try await openEnds(house, .digest)
        try await wrong(house, by: .seconds(days * 86_400)) { try await house.run("Sync", id: "r\(days)") }
        let after = try await openEnds(house, .digest)
        #expect(after == before || after.filter { $0 > house.clock.now } == before)
    }

    @Test func `what quiet hours hold ends with the quiet hours of the true time, also after a restart`() async throws {
        let house = try await House(Self.file)
        house.clock.advance(by: house.clock.now.duration(to: .at("2026-11-24T23:00:00Z")))
        try await wrong(house, by: .seconds(3 * 86_400)) { try await house.notify("one") }
        #expect(try await openEnds(house, .quiet) == [.at("2026-11-25T07:00:00Z")])
        try await house.restart(Self.file)
        try await house.close(at: .at("2026-11-25T07:00:00Z"))
        #expect(try await house.lastGathered().events.map(\.message) == ["one"])
    }

    @Test func `a clock that was set while the relay did not run is noticed at its start`() async throws {
        let house = try await House(Self.file)
        house.clock.advance(by: house.clock.now.duration(to: .at("2026-11-24T23:00:00Z")))
        house.clock.jump(by: .seconds(3 * 86_400))
        try await house.notify("one")
        house.clock.jump(by: .seconds(-3 * 86_400))
        try await house.restart(Self.file)
        try await turn(house)
        #expect(try await openEnds(house, .quiet) == [.at("2026-11-25T07:00:00Z")])
    }

    @Test(arguments: [3, -3])
    func `a mute keeps its length, whenever it was set`(days: Int) async throws {
        let house = try await House(Self.file)
        let start = house.clock.now
        try await house.ledger.mute("Early", until: start + .hours(2))
        try await wrong(house, by: .seconds(days * 86_400)) {
            try await house.ledger.mute("Late", until: house.clock.now + .hours(2))
        }
        let ends = Dictionary(uniqueKeysWithValues: try await house.ledger.mutes().map { ($0.automation, start.duration(to: $0.until)) })
        #expect(ends == ["Early": .hours(2), "Late": .hours(2)])
    }

    @Test func `an approval that is held is due at the end of the true quiet hours`() async throws {
        let house = try await House(Self.file)
        house.clock.advance(by: house.clock.now.duration(to: .at("2026-11-24T23:00:00Z")))
        try await turn(house)
        let id = House.id("held")
        let owed = PlannedDelivery(destination: "ops", route: "all", priority: .normal, dueAt: .at("2026-11-28T07:00:00Z"), heldFor: .quiet)
        let event = Event(
            id: id, account: "live", kind: .notification, subject: id, priority: .normal, occurredAt: house.clock.now,
            seenAt: house.clock.now,
            payload: Payload(detail: .notification(NotificationDetail(message: "held"))))
        _ = try await house.ledger.admit([Admission(event: event, owed: [owed])])
        try await wrong(house, by: .seconds(3 * 86_400)) {}
        #expect(try await house.delivery("held").dueAt == .at("2026-11-25T07:00:00Z"))
    }

    @Test func `nothing is moved while the clock is right`() async throws {
        let house = try await House(Self.file)
        house.clock.advance(by: house.clock.now.duration(to: .at("2026-11-24T23:00:00Z")))
        try await house.notify("one")
        try await house.ledger.mute("Sync", until: house.clock.now + .hours(2))
        let reckoning = Reckoning(
            quietEnds: await house.relay.generation.router.quietEnds(at: house.clock.now), longestCatchUp: CatchUp.longest)
        #expect(try await house.ledger.reckon(reckoning) == 0)
    }

    @Test func `what is held is released by hand, for one destination or all, and told once`() async throws {
        let house = try await House(Self.file)
        house.clock.advance(by: house.clock.now.duration(to: .at("2026-11-24T23:00:00Z")))
        try await house.notify("one")
        let command = try house.asCommand()
        #expect(try await command.releaseHeld(of: "all") == (0, 0))
        #expect(try await command.releaseHeld(of: "ops") == (1, 0))
        try await house.close()
        #expect(try await house.lastGathered().events.map(\.message) == ["one"])
        #expect(try await command.releaseHeld(of: nil) == (0, 0))
    }
}
