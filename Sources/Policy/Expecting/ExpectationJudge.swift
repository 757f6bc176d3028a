package import Dedup
package import RelayCore

/// Decides what became of everything that is expected of one account's automations.
///
/// It goes over what the store knows, as often as one likes: what was told once has a row that says so. Nothing is told of an automation
/// whose runs were not read since the moment that is judged.
package struct ExpectationJudge: Sendable {
    package let account: String
    package let isStaging: Bool
    package let now: Timestamp
    /// Items of the account from before this moment are not told.
    package let since: Timestamp
    package let rules: [ExpectationRule]
    /// When each rule was first read, by its key.
    package let ruleSince: [String: Timestamp]
    package let automations: [String: ExpectedAutomation]
    /// Up to which moment, by RevKeen's own clock, the runs of an automation were read without a gap.
    package let readUpTo: [String: Timestamp]
    /// When the list of automations was read last: it says which are paused or gone. Nil if it was not read since the program started.
    package let automationsReadAt: Timestamp?
    /// Everything of the account was read and nothing of it fails now.
    package let isWell: Bool

    package init(
        account: String, isStaging: Bool = false, now: Timestamp, since: Timestamp, rules: [ExpectationRule],
        ruleSince: [String: Timestamp], automations: [ExpectedAutomation], readUpTo: [String: Timestamp], automationsReadAt: Timestamp?,
        isWell: Bool
    ) {
        self.account = account
        self.isStaging = isStaging
        self.now = now
        self.since = since
        self.rules = rules
        self.ruleSince = ruleSince
        self.automations = Dictionary(automations.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        self.readUpTo = readUpTo
        self.automationsReadAt = automationsReadAt
        self.isWell = isWell
    }

    /// What one round found.
    package struct Round: Sendable {
        /// The rows that are new or changed.
        package var expectations: [Expectation] = []
        package var sightings: [Sighting] = []
        /// When the next expectation becomes due; nil if none does.
        package var nextDue: Timestamp?
        /// The automations whose runs are to be read, because something of them is due and not judged.
        package var unread: Set<String> = []
        /// The list of automations is to be read, for the same reason.
        package var needsAutomations = false
        /// There is more to judge at once.
        package var isUnfinished = false
        /// The expectations that are open after this round.
        package var open = 0

        package init() {}
    }

    /// A run may start this long before its moment, by another clock.
    private static let early = Duration.seconds(60)
    /// After a long downtime so many moments of one schedule are gone over; before them nothing is expected.
    private static let mostMoments = 500

    package func round(_ store: ExpectationReader) throws -> Round {
        var round = Round()
        var live: [Key: [Expectation]] = [:]
        for expectation in try store.live() {
            if let kept = try keep(expectation, store, &round) { live[Key(kept), default: []].append(kept) }
        }
        for automation in automations.values where !automation.isPaused {
            try expectStart(of: automation, live[Key(automation.id, .start)] ?? [], &round)
            try expectFinish(of: automation, live[Key(automation.id, .finish)] ?? [], store, &round)
            try expectSuccess(of: automation, live[Key(automation.id, .success)] ?? [], store, &round)
        }
        // Moments that passed are judged together, in the next round, so that of several only the last one is told.
        let new = round.expectations.lazy.filter { $0.expected == .start && $0.state == .waiting && $0.countedFrom <= now }
        let passed = Set(new.map(Key.init))
        for key in live.keys.sorted(by: <) where !passed.contains(key) { try judge(live[key] ?? [], store, &round) }
        return round
    }

    private struct Key: Hashable, Comparable {
        var automation: String
        var expected: AbsenceDetail.Expected

        init(_ automation: String, _ expected: AbsenceDetail.Expected) { (self.automation, self.expected) = (automation, expected) }
        init(_ expectation: Expectation) { self.init(expectation.automation, expectation.expected) }

        static func < (a: Key, b: Key) -> Bool { (a.automation, a.expected.rawValue) < (b.automation, b.expected.rawValue) }
    }

    private func rule(for automation: ExpectedAutomation, _ expected: AbsenceDetail.Expected) -> (within: Duration, since: Timestamp)? {
        for rule in rules where rule.names(id: automation.id, name: automation.name, account: account) {
            if let within = rule.within(expected), let key = rule.key(expected) { return (within, ruleSince[key] ?? now) }
        }
        return nil
    }
}

// MARK: - What is kept, and what is over

extension ExpectationJudge {
    /// The expectation as it is now; nil if it is over, which the round then says.
    private func keep(_ expectation: Expectation, _ store: ExpectationReader, _ round: inout Round) throws -> Expectation? {
        guard let automation = automations[expectation.automation] else {
            // The automation may only not have been listed yet.
            if isWell { forget(expectation, &round) }
            return nil
        }
        guard !automation.isPaused, let rule = rule(for: automation, expectation.expected) else {
            forget(expectation, &round)
            return nil
        }
        if expectation.expected == .start, expectation.state == .waiting, expectation.schedule != automation.schedule {
            forget(expectation, &round)
            return nil
        }
        if expectation.expected == .finish, try store.watch(of: expectation.run).map({ $0.settled && $0.completedAt == nil }) ?? true {
            forget(expectation, &round)
            return nil
        }
        guard let happened = try happened(expectation, store) else { return adapted(expectation, to: rule.within, &round) }
        end(expectation, as: happened <= expectation.dueAt ? .met : .late, at: happened, .happened, &round)
        return nil
    }

    /// The expectation with the time that the rule gives it now. A time that occurs twice makes that up to three hours longer.
    private func adapted(_ expectation: Expectation, to within: Duration, _ round: inout Round) -> Expectation {
        let due = expectation.countedFrom + within
        guard expectation.state == .waiting, !(due...(due + .seconds(3 * 3_600))).contains(expectation.dueAt) else { return expectation }
        var adapted = expectation
        adapted.dueAt = due
        round.expectations.append(adapted)
        round.isUnfinished = true
        return adapted
    }

    /// When what was expected happened; nil if it did not.
    private func happened(_ expectation: Expectation, _ store: ExpectationReader) throws -> Timestamp? {
        switch expectation.expected {
        case .start: try store.firstStart(of: expectation.automation, from: expectation.countedFrom - Self.early)
        case .finish: try store.watch(of: expectation.run)?.completedAt
        case .success: try store.lastSuccess(of: expectation.automation).flatMap { $0 > expectation.countedFrom ? $0 : nil }
        }
    }

    private func forget(_ expectation: Expectation, _ round: inout Round) {
        end(expectation, as: .forgotten, at: nil, .forgotten, &round)
    }

    /// Ends an expectation, and tells of it if there was an absence.
    private func end(
        _ expectation: Expectation, as state: Expectation.State, at happened: Timestamp?, _ ending: AbsenceDetail.Ending,
        _ round: inout Round
    ) {
        var ended = expectation
        (ended.state, ended.happenedAt) = (state, happened)
        round.expectations.append(ended)
        guard expectation.state == .open else { return }
        var detail = detail(of: expectation, lastSeen: nil)
        (detail.state, detail.ending, detail.happenedAt) = (.closed, ending, happened)
        round.sightings.append(
            Sighting(event(of: expectation, detail, isClosed: true), telling: ending == .happened ? .following : .editing))
    }
}

// MARK: - What is expected next

extension ExpectationJudge {
    /// Expects the next start of the schedule, and those that have passed since the last one that was expected.
    private func expectStart(of automation: ExpectedAutomation, _ live: [Expectation], _ round: inout Round) throws {
        guard let rule = rule(for: automation, .start), let moments = automation.moments else { return }
        let waiting =
            live.filter { $0.state == .waiting } + round.expectations.filter { $0.isStart(of: automation.id) && $0.state != .forgotten }
        // The first one that a rule expects is the next one after now. Later ones follow the last that was expected.
        var head = waiting.map(\.countedFrom).max() ?? now
        if head > now { return note(head + rule.within, &round) }
        var passed: [Expectation] = []
        while let next = moments.next(after: head) {
            let expectation = Expectation(
                account: account, automation: automation.id, name: automation.name, expected: .start, countedFrom: next.countedFrom,
                dueAt: next.last + rule.within, schedule: automation.schedule)
            passed.append(expectation)
            head = next.countedFrom
            if head > now { break }
            if passed.count > Self.mostMoments { passed.removeFirst() }
        }
        round.expectations += passed
        if passed.contains(where: { $0.countedFrom <= now }) { round.isUnfinished = true }
        for expectation in passed { note(expectation.dueAt, &round) }
    }

    private func expectFinish(
        of automation: ExpectedAutomation, _ live: [Expectation], _ store: ExpectationReader, _ round: inout Round
    ) throws {
        guard let rule = rule(for: automation, .finish) else { return }
        let known = Set(live.map(\.run))
        for going in try store.goingOn(of: automation.id) where !known.contains(going.run) {
            let due = going.startedAt + rule.within
            guard due >= max(since, rule.since) else { continue }
            round.expectations.append(
                Expectation(
                    account: account, automation: automation.id, name: automation.name, expected: .finish, run: going.run,
                    countedFrom: going.startedAt,
                    dueAt: due))
            note(due, &round)
            if due <= now { round.isUnfinished = true }
        }
    }

    private func expectSuccess(
        of automation: ExpectedAutomation, _ live: [Expectation], _ store: ExpectationReader, _ round: inout Round
    ) throws {
        guard live.isEmpty, let rule = rule(for: automation, .success) else { return }
        let base = max(try store.lastSuccess(of: automation.id) ?? .distantPast, since, rule.since)
        let expectation = Expectation(
            account: account, automation: automation.id, name: automation.name, expected: .success, countedFrom: base,
            dueAt: base + rule.within)
        round.expectations.append(expectation)
        note(expectation.dueAt, &round)
        if expectation.dueAt <= now { round.isUnfinished = true }
    }

    private func note(_ due: Timestamp, _ round: inout Round) { round.nextDue = min(round.nextDue ?? .distantFuture, due) }
}

// MARK: - What is late

extension ExpectationJudge {
    /// Judges the expectations of one kind of one automation, by the moment from which they count.
    private func judge(_ live: [Expectation], _ store: ExpectationReader, _ round: inout Round) throws {
        guard let first = live.first, let automation = automations[first.automation], let rule = rule(for: automation, first.expected)
        else { return }
        var open = live.filter { $0.state == .open }
        var late: [Expectation] = []
        for expectation in live where expectation.state == .waiting {
            if expectation.dueAt > now {
                note(expectation.dueAt, &round)
            } else if expectation.dueAt < max(since, rule.since) {
                forget(expectation, &round)
            } else if !isRead(automation.id, upTo: expectation.dueAt) {
                round.unread.insert(automation.id)
            } else if automationsReadAt ?? .distantPast < expectation.dueAt {
                round.needsAutomations = true
            } else {
                late.append(expectation)
            }
        }
        round.open += open.count + (late.isEmpty ? 0 : 1)
        guard !late.isEmpty else { return }
        guard first.expected == .start else {
            for expectation in late { tell(expectation, of: automation, try store.lastSeen(of: automation.id), &round) }
            return
        }
        // The last one of several that passed while nobody looked is told, and says how many there were.
        let inARow = (open.map(\.inARow).max() ?? 0) + late.count
        for expectation in open + late.dropLast() { end(expectation, as: .replaced, at: nil, .replaced, &round) }
        round.open -= open.count
        open = []
        if var last = late.last {
            last.inARow = inARow
            tell(last, of: automation, try store.lastSeen(of: automation.id), &round)
        }
    }

    private func isRead(_ automation: String, upTo moment: Timestamp) -> Bool {
        isWell && readUpTo[automation].map { $0 >= moment } ?? false
    }

    private func tell(_ expectation: Expectation, of automation: ExpectedAutomation, _ lastSeen: Timestamp?, _ round: inout Round) {
        var open = expectation
        open.state = .open
        round.expectations.append(open)
        round.sightings.append(Sighting(event(of: open, detail(of: open, lastSeen: lastSeen), isClosed: false)))
    }

    private func detail(of expectation: Expectation, lastSeen: Timestamp?) -> AbsenceDetail {
        AbsenceDetail(
            expected: expectation.expected, due: expectation.dueAt, countedFrom: expectation.countedFrom, lastSeen: lastSeen,
            inARow: expectation.inARow)
    }

    private func event(of expectation: Expectation, _ detail: AbsenceDetail, isClosed: Bool) -> Event {
        let automation = automations[expectation.automation]
        let id = { (isClosed: Bool) in
            EventID.absence(
                of: expectation.expected, automation: expectation.automation, due: expectation.dueAt, account: account, isClosed: isClosed)
        }
        let origin = Origin(
            staging: isStaging, automation: automation?.name, automationID: expectation.automation, risk: automation?.risk,
            runID: expectation.run.isEmpty ? nil : expectation.run)
        return Event(
            id: id(isClosed), account: account, kind: .absence, subject: id(false), priority: isClosed ? .normal : .high,
            occurredAt: isClosed ? detail.happenedAt ?? now : expectation.dueAt, seenAt: now,
            payload: Payload(origin: origin, detail: .absence(detail)))
    }
}

extension Expectation {
    fileprivate func isStart(of automation: String) -> Bool { expected == .start && self.automation == automation }
}
