import Dedup
import Policy
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import NotifyRelay

/// A dead delivery makes a warning, a report, a gauge, and for what is urgent a delivery to the fallback.
struct DeadVoiceTests {
    private static let file = House.file(
        destinations:
            "ops: {type: console, fallback: mail}, mail: {type: console, fallback: sms}, sms: {type: console}, boss: {type: console}",
        routes: "{name: all, when: {kind: notification}, to: [ops]}", rest: "health_to: [boss]")

    /// Owes messages and lets the lane kill them.
    private func house(_ names: [String] = ["a"], priority: Priority = .high) async throws -> House {
        let house = try await House(Self.file)
        for name in names { try await house.owe(name, priority: priority) }
        house.channel().always(.refused)
        try await kill(house)
        return house
    }

    private func kill(_ house: House, _ lane: String = "ops") async throws {
        let lane = try await house.lane(lane)
        await inItsTime(house.clock) { await lane.drain() }
        try await turn(house)
    }

    private func turn(_ house: House) async throws {
        let housekeeping = await house.relay.housekeeping
        await housekeeping.turn.take(housekeeping)
    }

    private func told(_ house: House) async throws -> [String] {
        try await house.events(.relay).compactMap { event in
            guard case .relay(let detail) = event.payload.detail, detail.topic == "dead" else { return nil }
            return detail.over ? "over: \(detail.detail)" : detail.detail
        }
    }

    @Test func `it is warned of once for each kind of reason, and told once with its count`() async throws {
        let house = try await house(["a", "b", "c"])
        #expect(house.book.lines.filter { $0.hasPrefix("warning: a message to ops is dead") }.count == 1)
        #expect(
            try await told(house) == [
                "3 messages to ops are dead: no; `status` lists them, `retry` sends them and `drop` gives them up"
            ])
        let event = try #require(try await house.events(.relay).first)
        #expect(try await house.deliveries(of: event.id).sorted() == ["boss owed", "mail owed"])
    }

    @Test func `more of the same are counted, and told again after an hour`() async throws {
        let house = try await house()
        try await house.owe("b", "c")
        try await kill(house)
        #expect(try await told(house).count == 1)
        house.clock.advance(by: .hours(1))
        try await turn(house)
        #expect(try await told(house).last?.hasPrefix("3 messages to ops are dead") == true)
        house.clock.advance(by: .hours(2))
        try await turn(house)
        #expect(try await told(house).count == 2, "nothing died since")
    }

    @Test func `a restart tells nothing again, and the end is told when all are retried or dropped`() async throws {
        let house = try await house(["a", "b"])
        try await house.restart(Self.file)
        try await turn(house)
        #expect(try await told(house).count == 1)
        _ = try await house.asCommand().drop(.destination("ops"), reason: "by hand")
        house.clock.advance(by: .seconds(16))
        try await turn(house)
        #expect(try await told(house).last == "over: no message to ops is dead any more for that reason")
        #expect(try await house.events(.relay).count == 2)
    }

    @Test func `what is high or about an approval goes to the fallback, once, and the dead one stays`() async throws {
        let house = try await house(["high"], priority: .high)
        try await turn(house)
        #expect(try await house.deliveries(of: House.id("high")).sorted() == ["mail owed", "ops dead"])
        let normal = try await self.house(["normal"], priority: .normal)
        #expect(try await normal.deliveries(of: House.id("normal")) == ["ops dead"])
    }

    @Test func `what dies at the fallback goes to its fallback, and never back`() async throws {
        let house = try await house(["high"])
        for name in ["mail", "sms"] {
            house.channel(name).always(.refused)
            try await kill(house, name)
        }
        #expect(try await house.deliveries(of: House.id("high")).sorted() == ["mail dead", "ops dead", "sms dead"])
    }

    @Test func `a report that dies makes no storm of reports`() async throws {
        let house = try await house()
        house.channel("boss").always(.refused)
        for _ in 0..<20 {
            try await kill(house, "boss")
            house.clock.advance(by: .minutes(1))
        }
        #expect(try await told(house).count <= 3)
    }

    @Test func `the gauge counts them until they are dropped`() async throws {
        let house = try await house(["a", "b"])
        let reader = house.relay.status
        #expect(await reader.metricsText().contains("notify_relay_dead{destination=\"ops\"} 2\n"))
        #expect(await reader.metricsText().contains("notify_relay_dead{destination=\"mail\"} 0\n"))
    }

    @Test func `a lane that is down because it refuses us is told at once, with the reason, and once of its end`() async throws {
        let house = try await House(Self.file)
        try await house.owe("a")
        house.channel().always(.unavailable(after: .seconds(3_600)))
        try await kill(house)
        #expect(try await house.said("down") == ["ops"])
        #expect(try await house.delivery("a").state == .owed)
        house.channel().always(nil)
        house.clock.advance(by: .hours(1))
        try await kill(house)
        #expect(try await house.said("down") == ["ops", "ops over"])
        #expect(try await house.delivery("a").state == .delivered)
    }

    @Test func `a destination that is blocked for long gives what is high to its fallback`() async throws {
        let house = try await House(Self.file)
        try await house.owe("high", priority: .high)
        house.channel().always(.throttled(after: .seconds(3_600)))
        try await kill(house)
        house.clock.advance(by: .minutes(16))
        try await turn(house)
        #expect(try await house.deliveries(of: House.id("high")).sorted() == ["mail owed", "ops owed"])
    }

    @Test func `a refusal of trimmings is warned of once, and the plain row survives a crash`() async throws {
        let house = try await House(Self.file)
        try await house.owe("a", "b")
        house.channel().next(.trimmings, .trimmings)
        try await kill(house)
        #expect(house.channel().attempts.map(\.message.isPlain) == [false, false, true, true])
        #expect(house.book.lines.filter { $0.contains("refuses the trimmings") }.count == 1)
        let other = try await House(Self.file)
        try await other.owe("c")
        let claim = try #require(try await other.ledger.claim("ops", limit: 1, lease: .seconds(60)).first)
        _ = try await other.ledger.settle(claim, as: .plain("no"), attempt: nil)
        try await other.crash(Self.file)
        try await kill(other)
        #expect(other.channel().attempts.map(\.message.isPlain) == [true])
    }

    @Test func `odd responses are said once for each destination`() async throws {
        let house = try await House(Self.file)
        try await house.owe("a", "b", "c")
        house.channel().succeeds(with: .notUnderstood("200, nothing"))
        try await kill(house)
        #expect(house.book.lines.filter { $0.hasPrefix("notice: destination ops takes messages with a response") }.count == 1)
        try await house.owe("d", "e")
        house.channel().succeeds(with: .page)
        try await kill(house)
        #expect(try await house.said("page") == ["ops"])
        #expect(house.channel().delivered.count == 5)
    }
}
