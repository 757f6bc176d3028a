/// Something that was expected of an automation and did not happen in time.
package struct AbsenceDetail: Sendable, Equatable {
    /// *closed* means that it happened after all, or that it is no longer expected.
    package enum State: String, Sendable, CaseIterable { case open, closed }

    /// What was expected: that a run starts, that a run ends, or that a run succeeds.
    package enum Expected: String, Sendable, CaseIterable { case start, finish, success }

    /// How an absence ended.
    package enum Ending: String, Sendable, CaseIterable {
        /// It happened after all.
        case happened
        /// It never happened, and the next one is late too, which has an absence of its own.
        case replaced
        /// It is no longer expected: the automation is paused or gone, or no rule names it.
        case forgotten
    }

    package var state: State
    package var expected: Expected
    /// The end of the time that the rule gives it.
    package var due: Timestamp
    /// The moment from which that time counts: the schedule's moment, the start of the run, or the last success.
    package var countedFrom: Timestamp
    /// The end of the last run that was seen, or its start if it goes on; nil if none was seen.
    package var lastSeen: Timestamp?
    /// The number of absences of this kind in a row, this one included.
    package var inARow: Int
    /// Nil while it is open.
    package var ending: Ending?
    /// Nil unless it happened.
    package var happenedAt: Timestamp?
    /// The step of the reminder ladder, from 1; only for reminders.
    package var step: Int?
    /// The ladder's time `overdue` has passed; only for reminders.
    package var overdue: Bool?

    package init(
        state: State = .open, expected: Expected, due: Timestamp, countedFrom: Timestamp, lastSeen: Timestamp? = nil, inARow: Int = 1,
        ending: Ending? = nil, happenedAt: Timestamp? = nil
    ) {
        self.state = state
        self.expected = expected
        self.due = due
        self.countedFrom = countedFrom
        self.lastSeen = lastSeen
        self.inARow = inARow
        self.ending = ending
        self.happenedAt = happenedAt
    }

    /// How late it was when it happened, counted from the schedule's moment for a start, else from when it was due. Nil if it did not happen.
    package var late: Duration? { happenedAt.map { max(.zero, lateSince.duration(to: $0)) } }

    /// The moment from which lateness is counted.
    package var lateSince: Timestamp { expected == .start ? countedFrom : due }

    /// Such as `has not started`.
    package var missing: String { expected.missing }

    /// Such as `started`.
    package var happened: String {
        switch expected {
        case .start: "started"
        case .finish: "ended"
        case .success: "succeeded"
        }
    }
}

extension AbsenceDetail.Expected {
    /// What an automation of which this was expected did not do, such as `has not started`.
    package var missing: String {
        switch self {
        case .start: "has not started"
        case .finish: "has not ended"
        case .success: "has not succeeded"
        }
    }
}
