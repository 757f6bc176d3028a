import Dedup
import RelayCore

/// Keeps what is still expected, and ends the rest.
extension ExpectationJudge {
    /// The expectation as it is now; nil if it is over, which the round then says.
    func keep(_ expectation: Expectation, _ store: ExpectationReader, _ round: inout Round) throws -> Expectation? {
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
        case .start: try store.firstStart(of: expectation.automation, from: expectation.countedFrom - Self.early)
        case .finish: try store.watch(of: expectation.run)?.completedAt
        case .success: try store.lastSuccess(of: expectation.automation).flatMap { $0 > expectation.countedFrom ? $0 : nil }
        }
    }

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
            Sighting(event(of: expectation, detail, isClosed: true), telling: ending == .happened ? .following : .editing))
    }
}
