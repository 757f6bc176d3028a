import Dedup
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import NotifyRelay

/// A digest after the relay was down, and one whose schedule changed.
struct DigestDowntimeTests {
    private static func file(at time: String = "08:00", more: String = "") -> String {
        House.file(
            account: "catch_up: 30d", destinations: "oncall: {type: console}",
            routes: "{name: failures, when: {kind: run, outcome: failed}, digest: [morning]}",
            rest: "digests: {morning: {at: \"\(time)\", to: [oncall]\(more)}}")
    }

    @Test func `slots that passed are told as one, up to the last of them, and it says so`() async throws {
        let house = try await House(Self.file())
        try await house.run("Stock", id: "r1")
        house.clock.advance(by: .days(4))
        try await house.restart(Self.file())
        // The first look finds this run, which happened on the second day.
        try await house.run("Mail", id: "r2", ago: .days(2))
        try await house.run("Mail", id: "r3", ago: .minutes(30))
        try await house.close()
        let digest = try await house.lastGathered()
        #expect(try await house.gathered().count == 1)
        #expect(digest.catchUp && digest.until == .at("2026-11-28T08:00:00Z") && digest.from == .at("2026-11-24T09:00:00Z"))
        #expect(digest.new.map(\.automation).sorted() == ["Mail", "Stock"])
        // What happened after the last slot belongs to today's slot.
        try await house.close(at: .at("2026-11-29T08:00:00Z"))
        let next = try await house.lastGathered()
        #expect(!next.catchUp && next.from == .at("2026-11-28T08:00:00Z") && next.still.map(\.count) == [1])
    }

    @Test func `it waits until every account was looked at, but not for ever`() async throws {
        let house = try await House(Self.file())
        try await house.run("Stock", id: "r1")
        house.clock.advance(by: .days(2))
        try await house.restart(Self.file())
        try await house.close(looksGoOn: true)
        #expect(try await house.gathered().isEmpty)
        house.clock.advance(by: .minutes(10))
        try await house.close(looksGoOn: true)
        #expect(try await house.gathered().count == 1)
    }

    @Test func `what a digest that left the file has gathered is named, and told when it returns`() async throws {
        let house = try await House(Self.file())
        try await house.run("Stock", id: "r1")
        try await house.restart(
            House.file(destinations: "oncall: {type: console}", routes: "{name: none, when: {kind: relay}, to: [oncall]}"))
        #expect(
            house.book.lines.contains {
                $0.contains("digest morning is not in the configuration and has gathered 1 event; kept until it returns")
            })
        try await house.close(at: .at("2026-11-26T10:00:00Z"))
        #expect(try await house.gathered().isEmpty)
        try await house.restart(Self.file())
        try await house.close()
        let digest = try await house.lastGathered()
        #expect(digest.catchUp && digest.new.map(\.automation) == ["Stock"])
    }

    @Test func `after days without anything to tell, nothing is told, and the next slot is open`() async throws {
        let house = try await House(Self.file())
        house.clock.advance(by: .days(4))
        try await house.restart(Self.file())
        try await house.close()
        #expect(try await house.gathered().isEmpty)
        #expect(try await house.ledger.openWindows(.digest, named: "morning").map(\.closesAt) == [.at("2026-11-29T08:00:00Z")])
    }

    @Test func `what is late is said so, and what came a moment later is not`() async throws {
        for (late, isLate) in [(Duration.seconds(5), false), (.minutes(20), true)] {
            let house = try await House(Self.file())
            try await house.run("Stock", id: "r1")
            try await house.close(at: .at("2026-11-25T08:00:00Z") + late)
            #expect(try await house.lastGathered().catchUp == isLate)
        }
    }

    @Test func `what was seen after its window closed is of the next`() async throws {
        let house = try await House(Self.file())
        try await house.run("Stock", id: "r1")
        try await house.close(at: .at("2026-11-25T08:00:00Z"))
        try await house.run("Mail", id: "r2", ago: .minutes(30))
        try await house.close(at: .at("2026-11-26T08:00:00Z"))
        #expect(try await house.lastGathered().new.map(\.automation) == ["Mail"])
    }

    @Test func `a changed schedule takes what was gathered along`() async throws {
        let house = try await House(Self.file())
        try await house.run("Stock", id: "r1")
        try await house.restart(Self.file(at: "12:00"))
        try await house.run("Mail", id: "r2")
        try await house.close(at: .at("2026-11-24T12:00:00Z"))
        let digest = try await house.lastGathered()
        #expect(digest.new.count == 2 && digest.from == .at("2026-11-24T09:00:00Z"))
        #expect(try await house.ledger.openWindows(.digest, named: "morning").map(\.closesAt) == [.at("2026-11-25T12:00:00Z")])
    }

    @Test func `a digest that left the file keeps what it holds until it returns`() async throws {
        let house = try await House(Self.file())
        try await house.run("Stock", id: "r1")
        try await house.restart(
            House.file(destinations: "oncall: {type: console}", routes: "{name: none, when: {kind: relay}, to: [oncall]}"))
        try await house.close(at: .at("2026-11-25T08:00:00Z"))
        #expect(try await house.gathered().isEmpty)
        try await house.restart(Self.file())
        try await house.close(at: .at("2026-11-25T09:00:00Z"))
        #expect(try await house.lastGathered().new.map(\.automation) == ["Stock"])
    }

    @Test func `set back, the clock opens no window twice`() async throws {
        let house = try await House(Self.file())
        try await house.run("Stock", id: "r1")
        try await house.close(at: .at("2026-11-25T08:00:00Z"))
        house.clock.jump(by: .zero - .hours(3))
        try await house.run("Mail", id: "r2")
        try await house.close()
        try await house.close(at: .at("2026-11-25T08:00:00Z"))
        #expect(try await house.gathered().count == 1)
        try await house.close(at: .at("2026-11-26T08:00:00Z"))
        #expect(try await house.lastGathered().new.map(\.automation) == ["Mail"])
    }
}
