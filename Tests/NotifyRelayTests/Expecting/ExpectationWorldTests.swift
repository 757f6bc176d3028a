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
        #expect(world.truth.count { $0.contains("/start/") } > 5 && world.truth.contains { $0.contains("/finish/") }, "too quiet a world")
        #expect(world.toldTooLate.isEmpty, "seed \(seed) from \(from)")
    }
}

/// One world: automations with schedules in four zones, runs that start in time, late or never, and some that hang, pauses, changed schedules,
/// a relay that is down now and then or killed inside a transaction, and a clock that is set forward and back.
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

    /// A run that the relay has read and that goes on.
    private struct Going {
        var run: String
        var automation: String
        var startedAt: Timestamp
        /// The distant future for a run that never ends.
        var endsAt: Timestamp
        var isTold = false
    }

    private struct Killed: Error {}

    private(set) var ledger: Ledger
    private let clock: ManualClock
    private let place: Workplace
    private let start: Timestamp, end: Timestamp
    private var chance: Sandbox.Chance
    private var automations: [Automation] = []
    private var isUp = true
    private(set) var told: [String] = []
    private(set) var closed: [String] = []
    private(set) var truth: [String] = []
    /// What was told more than five seconds after it was due, although the relay ran and its clock was right.
    private(set) var toldTooLate: [String] = []
    private var going: [Going] = []
    /// How far the relay's clock is from the true time.
    private var skew = Duration.zero
    /// The relay runs, and its clock is right, since this moment.
    private var wellSince: Timestamp
    private var relayNow: Timestamp { clock.now + skew }
    /// The moments that wait for their judgement, by automation.
    private var owed: [String: [Slot]] = [:]
    private var runs = 0

    private static let within = Duration.seconds(600)
    private static let finishWithin = Duration.seconds(7_200)
    private static let zones = ["Europe/London", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]
    private static let crons = [
        "0 2 * * *", "30 1 * * *", "15 */6 * * *", "0 9 * * 1-5", "45 23 28-31 * *", "0 0 29 2 *", "30 2 * * 0", "5 1,13 * * *",
    ]

    init(start: Timestamp, days: Int, seed: UInt64) throws {
        (self.start, wellSince, end) = (start, start, start + .seconds(86_400 * days))
        chance = Sandbox.Chance(seed: seed)
        clock = ManualClock(start)
        place = try Workplace()
        ledger = try Ledger.open(.file(place.folder.path + "/relay.db"), as: .leader, clock: clock)
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
            let step = Duration.seconds(chance.number(in: 20...600))
            let untilDue = relayNow.duration(to: nextDue)
            clock.advance(by: untilDue > .zero ? min(step, untilDue) : step)
            if chance.number(in: 0...400) == 0 { isUp.toggle() }
            if isUp, !wasUp, skew == .zero { wellSince = clock.now }
            wasUp = isUp
            plan()
            guard isUp else { continue }
            if chance.number(in: 0...400) == 0 { setClock() }
            try await see()
            judgeTruth()
            if hasSeen || relayNow >= nextDue { try await round() }
            if skew == .zero, chance.number(in: 0...300) == 0 { try await changeSomething() }
        }
    }

    /// Sets the relay's clock forward or back, or right again.
    private func setClock() {
        skew = skew == .zero ? .seconds([10_800, 172_800, -5_400, 40, -40][chance.number(in: 0...4)]) : .zero
        wellSince = skew == .zero ? clock.now : .distantFuture
        nextDue = .distantPast
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
                going.append(
                    Going(run: "r\(runs)", automation: automations[index].id, startedAt: moment, endsAt: moment + length()))
                watches.append(watch(of: going[going.count - 1]))
                seen[automations[index].id, default: []].append(moment)
            }
        }
        watches += going.filter { $0.endsAt <= clock.now }.map(watch)
        going.removeAll { $0.endsAt <= clock.now }
        try await ledger.save(watches)
        hasSeen = hasSeen || !watches.isEmpty
    }

    /// How long a run takes: a minute, or some hours, or for ever.
    private func length() -> Duration {
        switch chance.number(in: 0...39) {
        case 0: .seconds(86_400 * 36_500)
        case 1...3: .seconds(chance.number(in: 7_000...30_000))
        default: .seconds(chance.number(in: 30...600))
        }
    }

    private func watch(of going: Going) -> RunWatch {
        let isOver = going.endsAt <= clock.now
        var watch = RunWatch(
            account: "a", run: going.run, automation: going.automation, shown: isOver ? "over" : "x", dueAt: going.startedAt,
            settled: isOver)
        (watch.startedAt, watch.completedAt, watch.succeeded) = (going.startedAt, isOver ? going.endsAt : nil, isOver ? true : nil)
        return watch
    }

    private var seen: [String: [Timestamp]] = [:]

    /// Writes down which moments are due by now and had no run. The last of several moments that are judged together is told.
    private func judgeTruth() {
        let now = min(clock.now, relayNow)
        for index in going.indices where !going[index].isTold && going[index].startedAt + Self.finishWithin <= now {
            going[index].isTold = true
            let due = going[index].startedAt + Self.finishWithin
            truth.append(EventID.absence(of: .finish, automation: going[index].automation, due: due, account: "a"))
        }
        for automation in automations {
            let due = (owed[automation.id] ?? []).filter { $0.due <= now }
            guard !due.isEmpty else { continue }
            owed[automation.id]?.removeAll { $0.due <= now }
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
        let rule = ExpectationRule(automations: [Glob(pattern: "*")], startWithin: Self.within, finishWithin: Self.finishWithin)
        let ruleSince = Dictionary(uniqueKeysWithValues: ExpectationRule.keys([rule]).map { ($0, start) })
        for _ in 0..<4 {
            let now = relayNow, read = clock.now
            if chance.number(in: 0...200) == 0 { try await die() }
            let judge = ExpectationJudge(
                account: "a", now: now, since: start, rules: [rule], ruleSince: ruleSince,
                automations: automations.map {
                    ExpectedAutomation(id: $0.id, name: $0.id, cron: $0.cron, zone: $0.zone, isPaused: $0.isPaused)
                }, readUpTo: Dictionary(uniqueKeysWithValues: automations.map { ($0.id, read) }), automationsReadAt: now, isWell: true)
            let found = Locked(ExpectationJudge.Round())
            let admitted = try await ledger.expect(account: "a") { store in
                let round = try judge.round(store)
                found.withLock { $0 = round }
                return (round.expectations, round.sightings.map { Admission(event: $0.event) })
            }
            for admission in admitted.new {
                guard case .absence(let detail) = admission.event.payload.detail else { continue }
                if detail.state == .open { note(admission.event.id, due: detail.due) } else { closed.append(admission.event.subject) }
            }
            nextDue = found.withLock { $0.unread.isEmpty ? $0.nextDue ?? .distantFuture : now + .seconds(1) }
            if !found.withLock({ $0.isUnfinished }) { return }
        }
    }

    private func note(_ id: String, due: Timestamp) {
        told.append(id)
        if due >= wellSince, due.duration(to: clock.now) > .seconds(5) { toldTooLate.append("\(id) at \(clock.now)") }
    }

    /// The relay is killed inside the transaction of a round, and starts again.
    private func die() async throws {
        await #expect(throws: LedgerError.self) { _ = try await ledger.expect(account: "a") { _ in throw Killed() } }
        try ledger.close()
        ledger = try Ledger.open(.file(place.folder.path + "/relay.db"), as: .leader, clock: clock)
    }

    /// Pauses an automation, lets it go on, or gives it another schedule. What was not due is forgotten.
    private func changeSomething() async throws {
        let index = chance.number(in: 0...(automations.count - 1))
        if chance.number(in: 0...1) == 0 {
            automations[index].isPaused.toggle()
            automations[index].starts = []
            try await endRuns(of: automations[index].id)
        } else {
            let other = Self.crons[chance.number(in: 0...(Self.crons.count - 1))]
            if other == automations[index].cron { return }
            automations[index].cron = other
        }
        automations[index].plannedUpTo = clock.now
        owed[automations[index].id] = []
        try await round()
    }

    private func endRuns(of automation: String) async throws {
        for index in going.indices where going[index].automation == automation { going[index].endsAt = clock.now }
        try await see()
    }
}
