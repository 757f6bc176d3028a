import Dedup
import RelayCore

/// Makes the expectations that come next.
extension ExpectationJudge {
    /// Expects the next start of the schedule, and those that have passed since the last one that was expected.
    func expectStart(of automation: ExpectedAutomation, _ live: [Expectation], _ round: inout Round) throws {
        guard let rule = rule(for: automation, .start), let moments = automation.moments else { return }
        let waiting =
            live.filter { $0.state == .waiting } + round.expectations.filter { $0.isStart(of: automation.id) && $0.state != .forgotten }
        // The first one that a rule expects is the next one after now. Later ones follow the last that was expected.
        var head = waiting.map(\.countedFrom).max() ?? now
        // One that happened a little before its moment is over already, so the next one is expected.
        if head > now, live.contains(where: { $0.state == .waiting && $0.countedFrom == head }) { return }
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

    /// Expects the end of each run that goes on.
    func expectFinish(
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

    /// Expects the next success, counted from the last one.
    func expectSuccess(
        of automation: ExpectedAutomation, _ live: [Expectation], _ store: ExpectationReader, _ round: inout Round
    ) throws {
        guard live.isEmpty, let rule = rule(for: automation, .success) else { return }
        let base = max(try store.lastSuccess(of: automation.id, to: latest) ?? .distantPast, since, rule.since)
        let expectation = Expectation(
            account: account, automation: automation.id, name: automation.name, expected: .success, countedFrom: base,
            dueAt: base + rule.within)
        round.expectations.append(expectation)
        note(expectation.dueAt, &round)
        if expectation.dueAt <= now { round.isUnfinished = true }
    }

    func note(_ due: Timestamp, _ round: inout Round) { round.nextDue = min(round.nextDue ?? .distantFuture, due) }
}

extension Expectation {
    fileprivate func isStart(of automation: String) -> Bool { expected == .start && self.automation == automation }
}
