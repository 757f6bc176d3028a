import Dedup
import Foundation
import RelayCore
import RelayTesting
import Testing

@testable import NotifyRelay

/// Runs the real poller of one account on the manual clock against a simulated RevKeen, and measures how long things wait to be seen.
struct FreshnessWorld {
    /// What was measured after the first third of the time.
    struct Result {
        var seen = 0
        var mean = 0.0
        var median = 0.0
        var most = 0.0
        /// The longest wait of an approval.
        var slowestApproval = 0.0
        var requestsPerMinute = 0.0
        /// The most requests in one minute.
        var busiestMinute = 0
        var details = 0.0
        var expected: Double?
        /// What happened and was not seen at the end, apart from the last ten minutes.
        var missed = 0
    }

    let house: House
    let revkeen: SimulatedRevKeen
    let start: Timestamp
    let file: String

    /// - Parameter poll: the members of `poll:`.
    init(_ poll: String, start: Timestamp = Timestamp(seconds: 1_795_392_000), _ make: (ManualClock) -> SimulatedRevKeen) async throws {
        let clock = ManualClock(start)
        self.start = start
        file = House.file(account: "first_look: 1h, poll: {\(poll)}", routes: "")
        house = try await House(file, clock: clock)
        let revkeen = make(clock)
        self.revkeen = revkeen
        house.transport.misbehave { .answer(revkeen.answer($0)) }
        try await house.hurry()
    }

    /// - Parameter restarts: how often the relay is ended and started anew in between.
    func run(hours: Double, restarts: Int = 0) async throws -> Result {
        let part = Duration.seconds(hours * 3_600 / Double(restarts + 1))
        for number in 0...restarts {
            if number > 0 { try await house.crash(file) }
            try await house.hurry()
            try await house.polling { await house.pass(part, polling: $0) }
        }
        return try await measured(hours: hours)
    }

    private func measured(hours: Double) async throws -> Result {
        let warm = start + .seconds(hours * 3_600 / 3), end = house.clock.now, asks = house.transport.asks
        var result = Result()
        let events = try await house.ledger.recentEvents(limit: 1_000_000)
        let runs = events.filter { $0.kind == .run }
        let waits = runs.filter { $0.occurredAt > warm }.map { $0.occurredAt.duration(to: $0.seenAt).inSeconds }.sorted()
        result.seen = waits.count
        if !waits.isEmpty {
            result.mean = waits.reduce(0, +) / Double(waits.count)
            result.median = waits[waits.count / 2]
            result.most = waits[waits.count * 95 / 100]
        }
        let happened = revkeen.automations.flatMap(\.runs).count { $0.ended > start && $0.ended < end - .minutes(10) }
        result.missed = happened - runs.count { $0.occurredAt > start && $0.occurredAt < end - .minutes(10) }
        result.slowestApproval =
            events.filter { $0.kind == .approval || $0.kind == .decision }.map { $0.occurredAt.duration(to: $0.seenAt).inSeconds }.max()
            ?? 0
        result.requestsPerMinute = Double(asks.count) / (hours * 60)
        var minutes: [Int64: Int] = [:]
        for ask in asks { minutes[ask.at.seconds / 60, default: 0] += 1 }
        result.busiestMinute = minutes.values.max() ?? 0
        result.details = Double(asks.count { $0.path.split(separator: "/").count == 4 }) / (hours * 60)
        result.expected = try await house.ledger.feeds(account: nil).first { $0.name == "runs" }?.delay?.expected?.inSeconds
        return result
    }
}

/// Chance for a simulation, from a printed seed.
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// The seconds until the next event of a rate.
    mutating func wait(forRate rate: Double) -> Double { -log(Double.random(in: 1e-12..<1, using: &self)) / rate }

    /// A number around 1 that spreads by a factor of e to the power of `spread`.
    mutating func factor(spread: Double) -> Double {
        let normal =
            (-2 * log(Double.random(in: 1e-12..<1, using: &self))).squareRoot() * cos(2 * .pi * Double.random(in: 0..<1, using: &self))
        return exp(spread * normal)
    }

    /// Automations that run at random, the first most often (Zipf), each run in an instant.
    mutating func fleet(_ count: Int, runsPerMinute: Double, hours: Double, from start: Timestamp, share: (Double) -> Double = { _ in 1 })
        -> (automations: [SimulatedRevKeen.Automation], rates: [Double])
    {
        let weights = (1...count).map { 1 / Double($0) }, sum = weights.reduce(0, +)
        let rates = weights.map { runsPerMinute / 60 * $0 / sum }
        let automations = rates.map { rate in
            var runs: [SimulatedRevKeen.Run] = [], at = wait(forRate: rate)
            while at < hours * 3_600 {
                if Double.random(in: 0..<1, using: &self) < share(at) {
                    let moment = start + .milliseconds(Int64(at * 1_000))
                    runs.append(SimulatedRevKeen.Run(started: moment, ended: moment, failed: runs.count % 10 == 9))
                }
                at += wait(forRate: rate)
            }
            return SimulatedRevKeen.Automation(runs: runs)
        }
        return (automations, rates)
    }
}
