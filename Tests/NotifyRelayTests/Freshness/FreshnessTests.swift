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

    @Test(.enabled(if: FreshnessTests.isLong)) func `eager uses what the budget allows, down to two seconds`() async throws {
        let (result, rates) = try await fleet(20, 0.2, "eager", hours: 12)
        let best = bounded(rates, requests: 500 - Self.fixed - result.details)
        say("20 automations, 0.2 runs/min, eager", result, optimum: best)
        #expect(result.missed == 0)
        #expect(result.mean <= 1.3 * best && result.busiestMinute <= 500)
    }

    @Test func `a large fleet under a budget is seen nearly as soon as with known rates`() async throws {
        let count = Self.isLong ? 1_000 : 100, part = Double(count) / 1_000
        let budget = Self.isLong ? 500 : 72
        var dice = Dice(seed: Self.seed)
        let start = Timestamp(seconds: 1_795_392_000), hours = Self.isLong ? 12.0 : 6
        let (automations, rates) = dice.fleet(count, runsPerMinute: 20 * part, hours: hours, from: start)
        let world = try await FreshnessWorld("budget: \(budget)/min, effort: eager, approvals: 3s", start: start) { clock in
            SimulatedRevKeen(automations, clock: clock)
        }
        let result = try await world.run(hours: hours)
        let best = optimum(rates, requests: Double(budget) - Self.fixed - result.details)
        say("\(count) automations, \(Int(20 * part)) runs/min, budget \(budget)/min, eager", result, optimum: best)
        #expect(result.missed == 0)
        #expect(result.mean <= (Self.isLong ? 1.15 : 1.5) * best && result.most <= (Self.isLong ? 4.3 : 5) * best)
        #expect(result.busiestMinute <= budget)
    }

    /// Hourly, daily and weekday schedules whose runs take 10 s to 5 min.
    @Test func `what a schedule starts is seen within seconds of its end`() async throws {
        var dice = Dice(seed: Self.seed)
        let start = Timestamp(seconds: 1_795_392_000), hours = Self.isLong ? 96.0 : 8
        let automations = (0..<(Self.isLong ? 100 : 20)).map { number -> SimulatedRevKeen.Automation in
            let minute = Int.random(in: 0..<60, using: &dice), hour = Int.random(in: 0..<24, using: &dice)
            let cron = ["0 * * * *", "\(minute) * * * *", "\(minute) \(hour) * * *", "\(minute) \(hour) * * 1-5"][number % 4]
            let length = 10 * dice.factor(spread: 0) * exp(Double.random(in: 0..<3.4, using: &dice))
            var runs: [SimulatedRevKeen.Run] = [], at = start
            guard let expression = try? CronExpression(cron) else { return SimulatedRevKeen.Automation(runs: []) }
            while let next = expression.next(after: at, in: .utc), next < start + .seconds(hours * 3_600) {
                at = next
                let began = next + .milliseconds(Int64(1_000 * dice.factor(spread: 0.5)))
                runs.append(.init(started: began, ended: began + .milliseconds(Int64(1_000 * length * dice.factor(spread: 0.3)))))
            }
            return SimulatedRevKeen.Automation(cron: cron, runs: runs)
        }
        let world = try await FreshnessWorld("budget: 500/min", start: start) { SimulatedRevKeen(automations, clock: $0) }
        let result = try await world.run(hours: hours)
        say("\(automations.count) schedules, normal", result)
        #expect(result.missed == 0)
        #expect(result.median <= 5 && result.most <= 15 && result.requestsPerMinute <= 80)
    }

    @Test(.enabled(if: FreshnessTests.isLong)) func `a week with nights`() async throws {
        // Runs come from 08:00 to 18:00 only.
        let (result, rates) = try await fleet(20, 0.5, "normal", hours: 24 * 7) { (8..<18).contains(Int($0 / 3_600) % 24) ? 1 : 0 }
        say("20 automations, a week with nights, normal", result, optimum: optimum(rates, requests: 500 - Self.fixed - result.details))
        #expect(result.missed == 0 && result.mean <= 9 && result.requestsPerMinute <= 100)
    }

    @Test func `a restart each hour forgets no rate and exceeds no minute`() async throws {
        let hours = Self.isLong ? 24.0 : 4
        let (calm, _) = try await fleet(20, 0.2, "normal", hours: hours)
        let (result, rates) = try await fleet(20, 0.2, "normal", hours: hours, restarts: Int(hours) - 1)
        say("20 automations, a restart each hour", result, optimum: optimum(rates, requests: 500 - Self.fixed - result.details))
        #expect(result.missed == 0)
        #expect(result.busiestMinute <= 500)
        // A relay that forgot the rates would look as often as at a new account: 122 times a minute.
        #expect(result.requestsPerMinute <= 1.15 * calm.requestsPerMinute, "\(calm.requestsPerMinute)")
    }

    @Test func `approvals are seen within their interval, whatever waits and whatever is refused`() async throws {
        let start = Timestamp(seconds: 1_795_392_000), count = Self.isLong ? 10_000 : 2_000
        let moment = start + .seconds(60)
        let automations = (0..<10).map { _ in
            SimulatedRevKeen.Automation(runs: (0..<(count / 10)).map { _ in .init(started: moment, ended: moment, failed: false) })
        }
        let approvals = (1...100).map { start + .milliseconds(Int64($0) * 6_300) }
        let world = try await FreshnessWorld("budget: 500/min", start: start) { clock in
            SimulatedRevKeen(automations, approvals: approvals, clock: clock)
        }
        let revkeen = world.revkeen
        // From the fifth to the eighth minute everything but approvals is refused.
        let refused = (start + .minutes(5))..<(start + .minutes(8))
        world.house.transport.misbehave { ask in
            if refused.contains(ask.at), !ask.path.hasSuffix("/approvals") { return .status(429, headers: [("retry-after", "5")]) }
            return .answer(revkeen.answer(ask))
        }
        let result = try await world.run(hours: 0.2)
        say("\(count) runs at one moment", result)
        #expect(result.slowestApproval <= 4)
        #expect(try await world.house.events(.approval).count == 100)
    }

    /// The mean delay at which known rates could be seen if no list is looked at more often than each two seconds.
    private func bounded(_ rates: [Double], requests: Double) -> Double {
        var low = 0.0, high = 1e6
        func waits(_ factor: Double) -> [Double] { rates.map { max(2, factor / $0.squareRoot()) } }
        for _ in 0..<200 {
            let middle = (low + high) / 2
            if waits(middle).map({ 60 / $0 }).reduce(0, +) > requests { low = middle } else { high = middle }
        }
        return zip(rates, waits(high)).map { $0 * $1 / 2 }.reduce(0, +) / rates.reduce(0, +)
    }
}
