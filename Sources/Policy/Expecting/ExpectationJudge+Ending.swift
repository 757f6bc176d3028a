import Dedup
import RelayCore

/// Keeps what is still expected, and ends the rest.
extension ExpectationJudge {
    /// The expectation as it is now; nil if it is over, which the round then says.
    func keep(_ expectation: Expectation, _ store: ExpectationReader, _ round: inout Round) throws -> Expectation? {
        guard isStillExpected(expectation, &round), let automation = automations[expectation.automation],
            let rule = rule(for: automation, expectation.expected)
        else { return nil }
        if expectation.expected == .finish, try store.watch(of: expectation.run).map({ $0.settled && $0.completedAt == nil }) ?? true {
            forget(expectation, &round)
            return nil
        }
        guard let happened = try happened(expectation, store) else { return adapted(expectation, to: rule.within, &round) }
        end(expectation, as: happened <= expectation.dueAt ? .met : .late, at: happened, .happened, &round)
        return nil
    }

    /// False if nothing expects it any more, which the round then says, or if its automation is not known yet.
    func isStillExpected(_ expectation: Expectation, _ round: inout Round) -> Bool {
        guard let automation = automations[expectation.automation] else {
            // The automation may only not have been listed yet.
            if rules.isEmpty || isWell && automationsReadAt != nil { forget(expectation, &round) }
            return false
        }
        guard !automation.isPaused, rule(for: automation, expectation.expected) != nil else {
            forget(expectation, &round)
            return false
        }
        if expectation.expected == .start, expectation.schedule != automation.schedule {
            forget(expectation, &round)
            return false
        }
        return true
    }

    /// The expectation with the time that the rule gives it now. A time that occurs twice makes that up to three hours longer.
    func adapted(_ expectation: Expectation, to within: Duration, _ round: inout Round) -> Expectation {
        let due = expectation.countedFrom + within
        guard expectation.state == .waiting, !(due...(due + .seconds(3 * 3_600))).contains(expectation.dueAt) else { return expectation }
        var adapted = expectation
        adapted.dueAt = due
        round.expectations.append(adapted)
        round.isUnfinished = true
        return adapted
    }

    /// When what was expected happened; nil if it did not.
    func happened(_ expectation: Expectation, _ store: ExpectationReader) throws -> Timestamp? {
        switch expectation.expected {
        case .start: try store.firstStart(of: expectation.automation, from: expectation.countedFrom - Self.early, to: latest)
        case .finish: try store.watch(of: expectation.run)?.completedAt
        case .success:
            try store.lastSuccess(of: expectation.automation, to: latest).flatMap { $0 > expectation.countedFrom ? $0 : nil }
        }
    }

    /// A run with a time after this one is from the future by some wrong clock, and nothing that was expected.
    var latest: Timestamp { max(now, readUpTo.values.max() ?? now) + Self.wrongClock }

    func forget(_ expectation: Expectation, _ round: inout Round) {
        end(expectation, as: .forgotten, at: nil, .forgotten, &round)
    }

    /// Ends an expectation, and tells of it if there was an absence.
    func end(
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
            Sighting(event(of: expectation, detail, isClosed: true), telling: ending == .replaced ? .editing : .following))
    }
}
