import Dedup
import Policy
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import NotifyRelay

/// The reports and deliveries that a destination's `fallback` gets while the destination is down or closed (design §7).
struct FallbackTests {
    private static let file = House.file(
        destinations: "ops: {type: console, fallback: mail}, mail: {type: console}",
        routes: "{name: all, when: {kind: notification}, to: [ops]}")

    private func house() async throws -> House { try await House(Self.file) }

    /// A house whose lane `ops` is closed, or has just gone down.
    private func house(_ verdict: DeliveryError.Verdict) async throws -> House {
        let house = try await house()
        try await house.owe("a", "b", "c", "d", "e", "f", priority: .low)
        house.channel().always(verdict)
        let lane = try await house.lane()
        await inItsTime(house.clock) { await lane.drain() }
        #expect(await !lane.health.isOpen)
        return house
    }

    private func watch(_ house: House, rounds: Int = 1) async throws {
        for _ in 0..<rounds {
            try await house.helpIllLanes()
        }
    }

    private func mail(_ house: House, _ name: String) async throws -> [String] { try await house.deliveries(of: House.id(name)) }

    @Test func `it is told of a closing once, and once of the end`() async throws {
        let house = try await house(.gone)
        try await watch(house, rounds: 3)
        try await house.lane().open()
        let ids = try await house.events(.relay).map(\.id)
        #expect(try await house.said("closed") == ["ops", "ops over"])
        for id in ids { #expect(try await house.deliveries(of: id) == ["mail owed"]) }
    }

    @Test func `it is told of a lane that is down after fifteen minutes, once, and once of the end`() async throws {
        let house = try await house(.transient)
        guard case .down(let since, _, _) = try await house.lane().health.state else { return }
        house.clock.advance(by: house.clock.now.duration(to: since + .minutes(15) - .seconds(1)))
        try await watch(house)
        #expect(try await house.said("down") == [])
        house.clock.advance(by: .seconds(1))
        try await watch(house, rounds: 3)
        #expect(try await house.said("down") == ["ops"])
        try await house.lane().open()
        #expect(try await house.said("down") == ["ops", "ops over"])
        for id in try await house.events(.relay).map(\.id) { #expect(try await house.deliveries(of: id) == ["mail owed"]) }
    }

    @Test(arguments: [DeliveryError.Verdict.gone, .transient])
    func `a restart does not tell it again, and the end is said all the same`(verdict: DeliveryError.Verdict) async throws {
        let house = try await house(verdict)
        house.clock.advance(by: .minutes(16))
        try await watch(house)
        #expect(try await house.events(.relay).count == 1)
        try await house.restart(Self.file)
        house.clock.advance(by: .minutes(16))
        try await watch(house)
        #expect(try await house.events(.relay).count == 1)
        try await house.lane().open()
        #expect(try await house.events(.relay).count == 2)
        #expect(try await house.events(.relay)[1].id == house.events(.relay)[0].id + "/over")
    }

    @Test func `in its own quiet hours it gets it when they end`() async throws {
        let house = try await house(.gone)
        try await house.restart(
            Self.file.replacing("mail: {type: console}", with: "mail: {type: console, quiet: {from: \"08:00\", to: \"12:00\"}}"))
        try await house.owe("high", priority: .high)
        house.clock.advance(by: .minutes(16))
        try await watch(house)
        let delivery = try #require(try await house.ledger.history(House.id("high")).deliveries.last)
        #expect(delivery.destination == "mail" && delivery.dueAt == .at("2026-11-24T12:00:00Z") && delivery.heldFor == .quiet)
    }

    @Test func `it gets what is high and has waited fifteen minutes, once, and the debt stays`() async throws {
        let house = try await house(.gone)
        try await house.owe("high", priority: .high)
        try await house.owe("normal", priority: .normal)
        house.clock.advance(by: .minutes(14))
        try await house.owe("young", priority: .urgent)
        try await watch(house)
        #expect(try await mail(house, "high") == ["ops owed"])
        house.clock.advance(by: .minutes(2))
        try await watch(house, rounds: 3)
        #expect(try await mail(house, "high").sorted() == ["mail owed", "ops owed"])
        #expect(try await mail(house, "normal") == ["ops owed"])
        #expect(try await mail(house, "young") == ["ops owed"])
    }

    @Test func `it is woken for what it gets`() async throws {
        let house = try await house(.gone)
        try await house.owe("high", priority: .high)
        house.clock.advance(by: .minutes(16))
        let lane = try await house.lane("mail")
        try await house.running(lane) {
            #expect(await eventually { lane.wakeup.isWaitedFor })
            try await watch(house)
            #expect(await eventually { house.channel("mail").names.contains("high") })
        }
    }

    @Test func `it gets nothing of a lane that is open`() async throws {
        let house = try await house()
        try await house.owe("high", priority: .high, due: .days(1))
        house.clock.advance(by: .hours(1))
        try await watch(house)
        #expect(try await mail(house, "high") == ["ops owed"])
    }

    @Test func `the store is asked every fifteen seconds at most`() {
        var watch = FallbackWatch()
        let start = ManualClock().now
        let rounds = [0, 14, 15].map { watch.isRoundDue(at: start + .seconds($0)) }
        #expect(rounds == [true, false, true])
    }

    @Test func `a clock that was set back does not postpone the next round`() {
        var watch = FallbackWatch()
        let start = ManualClock().now
        let rounds = [Duration.zero, .hours(1)].map { watch.isRoundDue(at: start - $0) }
        #expect(rounds == [true, true])
    }
}

extension House {
    /// Does one round of help for the lanes that are down or closed.
    fileprivate func helpIllLanes() async throws {
        let help = await relay.housekeeping.fallback
        for lane in await relay.laneRegistry.lanes where await !lane.health.isOpen {
            try await help.help(await lane.destination, await lane.health)
        }
    }
}
