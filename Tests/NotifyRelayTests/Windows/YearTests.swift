import Dedup
import Foundation
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import NotifyRelay

/// A random year of failures, downtimes and crashes: every event is in exactly one digest, and every window is sent once.
struct YearTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var zone: String
        var from: String
        var schedule: String
        var seed: UInt64
        var testDescription: String { "\(zone) \(schedule) from \(from), seed \(seed)" }
    }

    private static let cases = [
        Case(zone: "Europe/London", from: "2026-01-01T00:00:00Z", schedule: "at: \"01:30\"", seed: 1),
        Case(zone: "America/New_York", from: "2026-01-01T00:00:00Z", schedule: "cron: \"30 2 * * *\"", seed: 2),
        Case(zone: "Asia/Kathmandu", from: "2026-01-01T00:00:00Z", schedule: "at: \"08:00\", days: [mon, tue, wed, thu, fri]", seed: 3),
        Case(zone: "Pacific/Apia", from: "2011-03-01T00:00:00Z", schedule: "at: \"00:15\"", seed: 4),
        Case(zone: "America/New_York", from: "2026-03-01T00:00:00Z", schedule: "every: 6h", seed: 5),
        Case(zone: "Europe/London", from: "2026-10-01T00:00:00Z", schedule: "every: 1h", seed: 6),
    ]

    /// The environment variable `YEAR_SEEDS=20` plays each case with that many more seeds.
    private static let seeds = UInt64(ProcessInfo.processInfo.environment["YEAR_SEEDS"] ?? "") ?? 0
    private static var all: [Case] {
        cases
            + cases.flatMap { one in
                (0..<seeds).map { extra in
                    var other = one
                    other.seed = one.seed &* 1_000 &+ extra
                    return other
                }
            }
    }

    private static func file(_ one: Case) -> String {
        House.file(
            account: "catch_up: 365d", destinations: "oncall: {type: console}",
            routes: "{name: failures, when: {kind: run, outcome: failed}, digest: [daily]}",
            rest: "digests: {daily: {\(one.schedule), time_zone: \(one.zone), to: [oncall]}}")
    }

    @Test(arguments: all) func `every event is in one digest, and every window is told once`(one: Case) async throws {
        let house = try await House(Self.file(one), clock: ManualClock(.at(one.from)))
        var chance = Chance(one.seed)
        let end = house.clock.now + .days(one.schedule.hasPrefix("every: 1h") ? 60 : 365)
        var admitted: [String] = []
        while house.clock.now < end {
            switch chance.below(20) {
            case 0:
                // The relay is down for up to three days, at any point of its work, and loses its memory.
                let away = Duration.seconds(60 + chance.below(3 * 86_400))
                house.clock.advance(by: away)
                try await house.crash(Self.file(one))
                for _ in 0..<chance.below(4) {
                    admitted.append(try await fail(house, &chance, ago: .seconds(chance.below(Int(away.inSeconds)))))
                }
                try await house.close(looksGoOn: true)
            case 1...8: admitted.append(try await fail(house, &chance, ago: .seconds(chance.below(600))))
            default: break
            }
            house.clock.advance(by: .seconds(600 + chance.below(4 * 3_600)))
            try await house.close()
            if chance.below(3) == 0 { await house.deliver() }
        }
        house.clock.advance(by: .days(8))
        try await house.close()
        await house.deliver()
        try await expectWhole(house, admitted, one)
    }

    private func fail(_ house: House, _ chance: inout Chance, ago: Duration) async throws -> String {
        let outcome: RunDetail.Outcome = chance.below(5) == 0 ? .succeeded : .failed
        let id = "r\(chance.next())"
        let event = try await house.run("Automation \(chance.below(9))", outcome, error: "error \(chance.below(4))", id: id, ago: ago)
        return outcome == .failed ? event.id : ""
    }

    private func expectWhole(_ house: House, _ admitted: [String], _ one: Case) async throws {
        let failed = admitted.filter { !$0.isEmpty }
        var told: [String: Int] = [:]
        let closed = try await house.ledger.closedWindows(ofDigest: "daily", limit: 100_000)
        var members: [Int64: Int] = [:]
        for window in closed {
            let inside = try await house.members(of: window.id)
            members[window.id] = inside.count
            for member in inside { told[member.event.id, default: 0] += 1 }
        }
        #expect(Set(told.keys) == Set(failed) && told.values.allSatisfy { $0 == 1 }, "\(one)")
        // Slots do not overlap.
        let inOrder = closed.sorted { ($0.closesAt, $0.id) < ($1.closesAt, $1.id) }
        for (a, b) in zip(inOrder, inOrder.dropFirst()) { #expect(a.closesAt <= b.opensAt, "\(one): \(a) and \(b)") }
        // Each window is sent once, alone or in a catch-up, or was empty. The counts of a digest are those of its windows.
        var windowsOf: [String: [Int64]] = [:]
        for window in closed {
            if let event = try await house.ledger.told(of: window.id)?.event.id {
                windowsOf[event, default: []].append(window.id)
            } else {
                #expect(members[window.id] == 0, "\(one): \(window) holds something and was not told")
            }
        }
        let digests = try await house.events(.digest)
        #expect(Set(digests.map(\.id)) == Set(windowsOf.keys), "\(one)")
        for digest in digests {
            guard case .digest(let detail) = digest.payload.detail else { continue }
            let windows = windowsOf[digest.id] ?? []
            let count = (detail.new + detail.still + detail.recovered).reduce(0) { $0 + $1.count }
            #expect(count == windows.reduce(0) { $0 + (members[$1] ?? 0) }, "\(one): \(digest.id)")
            if windows.count > 1 { #expect(detail.catchUp, "\(one): \(digest.id)") }
        }
        // No message was sent twice, and none is missing.
        #expect(house.channel("oncall").ids.sorted() == digests.map(\.id).sorted(), "\(one)")
        #expect(!digests.isEmpty)
    }
}

extension Chance {
    fileprivate mutating func below(_ bound: Int) -> Int { bound <= 0 ? 0 : Int.random(in: 0..<bound, using: &self) }
}
