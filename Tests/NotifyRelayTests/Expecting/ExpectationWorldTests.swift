import Dedup
import Foundation
import Policy
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// Random worlds of scheduled automations. Each absence that truly was is told once, none that was not is told, and each ends at most once.
/// `EXPECT_DAYS` lengthens each world; a year takes some minutes.
@Suite(.timeLimit(.minutes(30)))
struct ExpectationWorldTests {
    private static let longer = ProcessInfo.processInfo.environment["EXPECT_DAYS"].flatMap { Int($0) }

    /// The beginning of each world, with what its days have: Apia's day that was skipped, and both changes of the clock in London and New York.
    @Test(arguments: ["2011-12-28T00:00:00Z", "2026-03-05T00:00:00Z", "2026-10-22T00:00:00Z", "2028-02-26T00:00:00Z"], [1])
    func `what did not happen is told once, and nothing else`(from: String, seed: UInt64) async throws {
        let start = try #require(Timestamp(text: from))
        let world = try ExpectationWorld(start: start, days: Self.longer ?? 5, seed: seed)
        try await world.play()
        #expect(world.told.sorted() == world.truth.sorted(), "seed \(seed) from \(from)")
        #expect(Set(world.told).count == world.told.count)
        #expect(Set(world.closed).count == world.closed.count && Set(world.closed).isSubset(of: Set(world.told)))
        let open = try await world.ledger.expectations(account: "a").count { $0.state == .open }
        #expect(world.told.count - world.closed.count == open)
        #expect(world.truth.count > 10, "the world was too quiet: \(world.truth.count)")
    }
}

/// One world: automations with schedules in four zones, runs that start in time, late or never, pauses, changed schedules, and a relay that
/// is down now and then.
private final class ExpectationWorld {
    struct Automation {
        var id: String
        var cron: String
        var zone: String
        var isPaused = false
        /// The schedule and the pause count from here.
        var since: Timestamp
        var starts: [Timestamp] = []
        /// The moments of the schedule that were planned already.
        var plannedUpTo: Timestamp
    }

    private struct Slot {
        var moment: Timestamp
        var due: Timestamp
    }

    let ledger: Ledger
    private let clock: ManualClock
    private let place: Workplace
    private let start: Timestamp, end: Timestamp
    private var chance: Sandbox.Chance
    private var automations: [Automation] = []
    private var isUp = true
    private(set) var told: [String] = []
    private(set) var closed: [String] = []
    private(set) var truth: [String] = []
    /// The moments that wait for their judgement, by automation.
    private var owed: [String: [Slot]] = [:]
    private var runs = 0

    private static let within = Duration.seconds(600)
    private static let zones = ["Europe/London", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]
    private static let crons = [
        "0 2 * * *", "30 1 * * *", "15 */6 * * *", "0 9 * * 1-5", "45 23 28-31 * *", "0 0 29 2 *", "30 2 * * 0", "5 1,13 * * *",
    ]

    init(start: Timestamp, days: Int, seed: UInt64) throws {
        (self.start, end) = (start, start + .seconds(86_400 * days))
        chance = Sandbox.Chance(seed: seed)
        clock = ManualClock(start)
        place = try Workplace()
        ledger = try Ledger.open(place.folder.path + "/relay.db", create: true, clock: clock)
        for number in 0..<40 {
            automations.append(
                Automation(
                    id: "a\(number)", cron: Self.crons[number % Self.crons.count], zone: Self.zones[number / 2 % 4], since: start,
                    plannedUpTo: start))
        }
    }

    func play() async throws {
        try await round()
        var wasUp = true
        while clock.now < end {
            clock.advance(by: .seconds(chance.number(in: 20...600)))
            if chance.number(in: 0...400) == 0 { isUp.toggle() }
            if isUp, !wasUp || chance.number(in: 0...60) == 0 { try await catchUp() }
            wasUp = isUp
            plan()
            guard isUp else { continue }
            try await see()
            judgeTruth()
            if hasSeen || clock.now >= nextDue { try await round() }
            if chance.number(in: 0...300) == 0 { try await changeSomething() }
        }
    }

    private func catchUp() async throws {
        plan()
        try await see()
    }

    /// Plans the runs of the moments that come: in time, late, or never.
    private func plan() {
        for index in automations.indices where !automations[index].isPaused {
            guard let moments = ExpectedMoments(cron: automations[index].cron, zone: automations[index].zone) else { continue }
            while let next = moments.next(after: automations[index].plannedUpTo), next.countedFrom <= clock.now {
                automations[index].plannedUpTo = next.countedFrom
                owed[automations[index].id, default: []].append(Slot(moment: next.countedFrom, due: next.last + Self.within))
                switch chance.number(in: 0...9) {
                case 0: break
                case 1: automations[index].starts.append(next.last + .seconds(chance.number(in: 700...5_000)))
                default: automations[index].starts.append(next.last + .seconds(chance.number(in: 0...590)))
                }
            }
        }
    }

    /// The relay reads every run that has started by now.
    private func see() async throws {
        var watches: [RunWatch] = []
        for index in automations.indices {
            let begun = automations[index].starts.filter { $0 <= clock.now }
            automations[index].starts.removeAll { $0 <= clock.now }
            for moment in begun {
                runs += 1
                var watch = RunWatch(
                    account: "a", run: "r\(runs)", automation: automations[index].id, shown: "x", dueAt: moment, settled: true)
                (watch.startedAt, watch.completedAt, watch.succeeded) = (moment, moment + .seconds(60), true)
                watches.append(watch)
                seen[automations[index].id, default: []].append(moment)
            }
        }
        try await ledger.save(watches)
        hasSeen = hasSeen || !watches.isEmpty
    }

    private var seen: [String: [Timestamp]] = [:]

    /// Writes down which moments are due by now and had no run. The last of several moments that are judged together is told.
    private func judgeTruth() {
        for automation in automations {
            let due = (owed[automation.id] ?? []).filter { $0.due <= clock.now }
            guard !due.isEmpty else { continue }
            owed[automation.id]?.removeAll { $0.due <= clock.now }
            let missed = due.filter { slot in !(seen[automation.id] ?? []).contains { $0 >= slot.moment - .seconds(5) } }
            if let last = missed.last {
                truth.append(EventID.absence(of: .start, automation: automation.id, due: last.due, account: "a"))
            }
        }
    }

    private var hasSeen = false
    private var nextDue = Timestamp.distantPast

    private func round() async throws {
        hasSeen = false
        let rule = ExpectationRule(automations: [Glob(pattern: "*")], startWithin: Self.within)
        for _ in 0..<4 {
            let now = clock.now
            let judge = ExpectationJudge(
                account: "a", now: now, since: start, rules: [rule], ruleSince: [rule.key(.start) ?? "": start],
                automations: automations.map {
                    ExpectedAutomation(id: $0.id, name: $0.id, cron: $0.cron, zone: $0.zone, isPaused: $0.isPaused)
                }, readUpTo: Dictionary(uniqueKeysWithValues: automations.map { ($0.id, now) }), automationsReadAt: now, isWell: true)
            let found = Locked(ExpectationJudge.Round())
            let admitted = try await ledger.expect(account: "a") { store in
                let round = try judge.round(store)
                found.withLock { $0 = round }
                return (round.expectations, round.sightings.map { Admission(event: $0.event) })
            }
            for admission in admitted.new {
                guard case .absence(let detail) = admission.event.payload.detail else { continue }
                if detail.state == .open { told.append(admission.event.id) } else { closed.append(admission.event.subject) }
            }
            nextDue = found.withLock { $0.nextDue } ?? .distantFuture
            if !found.withLock({ $0.isUnfinished }) { return }
        }
    }

    /// Pauses an automation, lets it go on, or gives it another schedule. What was not due is forgotten.
    private func changeSomething() async throws {
        let index = chance.number(in: 0...(automations.count - 1))
        if chance.number(in: 0...1) == 0 {
            automations[index].isPaused.toggle()
        } else {
            let other = Self.crons[chance.number(in: 0...(Self.crons.count - 1))]
            if other == automations[index].cron { return }
            automations[index].cron = other
        }
        automations[index].plannedUpTo = clock.now
        owed[automations[index].id] = []
        try await round()
    }
}
