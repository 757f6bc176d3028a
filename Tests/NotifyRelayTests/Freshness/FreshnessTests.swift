import Foundation
import RelayCore
import RelayTesting
import Testing

@testable import NotifyRelay

/// How soon the real poller sees things, on the manual clock (design 17). `make freshness` runs the long ones and prints a table.
struct FreshnessTests {
    private static let isLong = ProcessInfo.processInfo.environment["FRESHNESS"] != nil
    private static let seed = ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init) ?? 5
    /// The requests a minute that looks at approvals and automations take at their default pace.
    private static let fixed = 22.2

    /// The mean delay at which known rates could be seen with a number of requests a minute for lists.
    private func optimum(_ rates: [Double], requests: Double) -> Double {
        let roots = rates.map { $0.squareRoot() }.reduce(0, +)
        return roots * roots / (2 * requests / 60 * rates.reduce(0, +))
    }

    private func say(_ name: String, _ result: FreshnessWorld.Result, optimum: Double? = nil) {
        func number(_ value: Double) -> String { String(format: "%.1f", value) }
        let best = optimum.map { "\(number($0)) (\(String(format: "%.2f", result.mean / $0)) x)" } ?? "-"
        print(
            "| \(name) | \(result.seen) | \(number(result.mean)) | \(number(result.median)) | \(number(result.most)) |"
                + " \(number(result.requestsPerMinute)) | \(result.busiestMinute) | \(best) | \(result.expected.map(number) ?? "-") |"
                + " \(number(result.slowestApproval)) | seed \(Self.seed)")
    }

    private func fleet(
        _ count: Int, _ runsPerMinute: Double, _ effort: String, hours: Double, restarts: Int = 0,
        share: @escaping (Double) -> Double = { _ in 1 }
    ) async throws -> (FreshnessWorld.Result, rates: [Double]) {
        var dice = Dice(seed: Self.seed)
        let start = Timestamp(seconds: 1_795_392_000)
        let (automations, rates) = dice.fleet(count, runsPerMinute: runsPerMinute, hours: hours, from: start, share: share)
        var approvals: [Timestamp] = [], at = dice.wait(forRate: 1.0 / 900)
        while at < hours * 3_600 {
            approvals.append(start + .milliseconds(Int64(at * 1_000)))
            at += dice.wait(forRate: 1.0 / 900)
        }
        let world = try await FreshnessWorld("budget: 500/min, effort: \(effort)", start: start) { clock in
            SimulatedRevKeen(automations, approvals: approvals, clock: clock)
        }
        return (try await world.run(hours: hours, restarts: restarts), rates)
    }

    @Test func `a small team's runs are seen within seconds`() async throws {
        let (result, rates) = try await fleet(20, 0.2, "normal", hours: Self.isLong ? 48 : 6)
        say("20 automations, 0.2 runs/min, normal", result, optimum: optimum(rates, requests: 500 - Self.fixed - result.details))
        #expect(result.missed == 0)
        #expect(result.mean <= (Self.isLong ? 9 : 12) && result.requestsPerMinute <= 100)
        #expect(result.slowestApproval <= 4)
    }

    @Test func `thrifty asks for less`() async throws {
        let (result, rates) = try await fleet(20, 0.2, "thrifty", hours: Self.isLong ? 48 : 6)
        say("20 automations, 0.2 runs/min, thrifty", result, optimum: optimum(rates, requests: 500 - Self.fixed - result.details))
        #expect(result.missed == 0)
        #expect(result.mean <= 50 && result.requestsPerMinute <= 40)
    }
}
