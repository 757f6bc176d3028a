package import RelayCore

/// Something that is expected of an automation by a moment, and what became of it.
package struct Expectation: Sendable, Equatable {
    package enum State: String, Sendable, CaseIterable {
        /// It is not due yet, or not judged yet.
        case waiting
        /// It is due and did not happen: there is an absence.
        case open
        /// It happened in time.
        case met
        /// It happened after it was due.
        case late
        /// It never happened, and the next one of its schedule did not happen either.
        case replaced
        /// It is no longer expected.
        case forgotten
    }

    package var account: String
    /// The id of the automation.
    package var automation: String
    /// The automation's name when this was written; nil if it has none.
    package var name: String?
    package var expected: AbsenceDetail.Expected
    /// The run that is to end; empty for the others.
    package var run: String
    package var countedFrom: Timestamp
    package var dueAt: Timestamp
    /// The cron expression and the time zone that made `countedFrom`; nil unless a start is expected.
    package var schedule: String?
    package var state: State
    package var happenedAt: Timestamp?
    /// The number of absences in a row, if this is one.
    package var inARow: Int

    package init(
        account: String, automation: String, name: String? = nil, expected: AbsenceDetail.Expected, run: String = "",
        countedFrom: Timestamp,
        dueAt: Timestamp, schedule: String? = nil, state: State = .waiting, happenedAt: Timestamp? = nil, inARow: Int = 1
    ) {
        self.account = account
        self.automation = automation
        self.name = name
        self.expected = expected
        self.run = run
        self.countedFrom = countedFrom
        self.dueAt = dueAt
        self.schedule = schedule
        self.state = state
        self.happenedAt = happenedAt
        self.inARow = inARow
    }

    package var isLive: Bool { state == .waiting || state == .open }

    /// The id of the absence's beginning, which is the subject of all that is told about it.
    package var absenceID: String { EventID.absence(of: expected, automation: automation, due: dueAt, account: account) }
}

/// Reads and writes expectations as rows.
enum ExpectationRow {
    static let columns = "account, automation, name, expected, run, counted_from, due_at, schedule, state, happened_at, in_a_row"
    static let live = """
        SELECT \(columns) FROM expectation INDEXED BY expectation_live WHERE account = ? AND state IN ('waiting', 'open')
        ORDER BY counted_from, n
        """
    static let recent = """
        SELECT \(columns) FROM expectation WHERE account = ? AND automation = ? ORDER BY counted_from DESC LIMIT ?
        """
    static let firstStart = """
        SELECT min(started_at) FROM run_watch INDEXED BY run_watch_started
        WHERE account = ? AND automation = ? AND started_at IS NOT NULL AND started_at >= ? AND started_at <= ?
        """
    static let goingOn = """
        SELECT run, started_at FROM run_watch INDEXED BY run_watch_going_on
        WHERE account = ? AND automation = ? AND started_at IS NOT NULL AND completed_at IS NULL
        """
    static let lastSuccess = """
        SELECT max(completed_at) FROM run_watch INDEXED BY run_watch_succeeded WHERE account = ? AND automation = ? AND succeeded = 1 AND completed_at <= ?
        """
    static let lastSeen = """
        SELECT coalesce(completed_at, started_at) FROM run_watch INDEXED BY run_watch_started
        WHERE account = ? AND automation = ? AND started_at IS NOT NULL ORDER BY started_at DESC LIMIT 1
        """
    static let save = """
        INSERT INTO expectation (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (account, automation, expected, run, counted_from) DO UPDATE SET name = excluded.name, due_at = excluded.due_at,
            schedule = excluded.schedule, state = excluded.state, happened_at = excluded.happened_at, in_a_row = excluded.in_a_row
        """

    static func save(_ expectation: Expectation, _ db: SQLSession) throws {
        try db.post(
            save, expectation.account, expectation.automation, expectation.name, expectation.expected.rawValue, expectation.run,
            expectation.countedFrom.milliseconds, expectation.dueAt.milliseconds, expectation.schedule, expectation.state.rawValue,
            expectation.happenedAt?.milliseconds, expectation.inARow)
    }

    static func make(_ row: SQLRow) throws -> Expectation {
        Expectation(
            account: row[0], automation: row[1], name: row[2], expected: try row.word(3, for: "what is expected"), run: row[4],
            countedFrom: row.time(5), dueAt: row.time(6), schedule: row[7],
            state: try row.word(8, for: "the state of an expectation"), happenedAt: row.moment(9), inARow: row[10])
    }
}
