package import RelayCore

/// Reads the contents of windows and the history of their automations, for the code that makes the windows' message.
/// It is valid only inside the transaction that made it.
package struct WindowReader {
    private let db: SQLSession
    /// Sorted by when they close, the earliest first.
    package let windows: [Window]

    init(_ windows: [Window], _ db: SQLSession) {
        self.windows = windows
        self.db = db
    }

    package var opensAt: Timestamp { windows.map(\.opensAt).min() ?? .distantPast }
    package var closesAt: Timestamp { windows.map(\.closesAt).max() ?? .distantPast }

    /// Passes each member to `body`, in the order of admission.
    /// Only one is in memory at a time, because there may be very many.
    package func eachMember(_ body: (WindowMember) throws -> Void) throws {
        for window in windows {
            try db.each(WindowRow.members, window.id) { row in
                try body(WindowMember(event: EventRow.make(row, from: 1), toldAtOnce: row[0]))
            }
        }
    }

    /// The number of members, and when the first and the last of them occurred.
    package struct Span: Sendable, Equatable {
        package var count: Int
        package var from: Timestamp
        package var until: Timestamp
    }

    /// Nil if there are no members.
    package func span() throws -> Span? {
        let spans = try windows.compactMap { window in
            try db.first(WindowReaderSQL.span, window.id) { row -> Span? in
                guard let from = row.moment(1), let until = row.moment(2) else { return nil }
                return Span(count: row[0], from: from, until: until)
            } ?? nil
        }
        guard let first = spans.first else { return nil }
        return spans.dropFirst().reduce(first) { all, one in
            Span(count: all.count + one.count, from: min(all.from, one.from), until: max(all.until, one.until))
        }
    }

    /// The members that occurred first, in that order.
    package func earliest(_ most: Int) throws -> [Event] {
        let members = try windows.flatMap { try db.all(WindowReaderSQL.earliest, $0.id, most) { EventRow.make($0) } }
        return Array(members.sorted { ($0.occurredAt, $0.id) < ($1.occurredAt, $1.id) }.prefix(most))
    }

    /// The number of a window's members that were not told at once, and the last of them; nil if there are none.
    package func counted(in window: Window) throws -> (count: Int, last: Event)? {
        let count = try db.first(WindowReaderSQL.counted, window.id) { $0[0] as Int } ?? 0
        guard count > 0, let last = try db.first(WindowReaderSQL.lastCounted, window.id, make: { EventRow.make($0) }) else { return nil }
        return (count, last)
    }

    /// Whether an automation fails now, judged by its finished runs.
    package struct Streak: Sendable, Equatable {
        package var isFailing: Bool
        /// The number of failed runs in a row in the current or last streak.
        package var length: Int
        /// When the streak began; nil if no run failed.
        package var since: Timestamp?
        /// The streak began before the last window of this name closed: *still failing*, not *newly failing*.
        package var isOlder: Bool
        /// The automation recovered after the last window of this name closed.
        package var isFreshlyRecovered: Bool
    }

    package func streak(_ automation: AutomationKey) throws -> Streak {
        let (account, name) = (automation.account, automation.automation)
        guard let lastBad = try db.first(WindowReaderSQL.lastBad, account, name, make: { $0.moment(0) }) ?? nil else {
            return Streak(isFailing: false, length: 0, since: nil, isOlder: false, isFreshlyRecovered: false)
        }
        // The current streak, or the last one if the automation has recovered.
        let goodBefore = try db.first(WindowReaderSQL.goodBefore, account, name, lastBad.milliseconds) { $0.moment(0) } ?? nil
        let row = try db.first(
            WindowReaderSQL.streak, account, name, goodBefore?.milliseconds ?? .min, lastBad.milliseconds
        ) { (count: $0[0] as Int, since: $0.moment(1), first: $0[2] as Int64?) }
        let recovery = try db.first(WindowReaderSQL.recovery, account, name, lastBad.milliseconds) { $0[0] as Int64 }
        let earlier = try uptoBefore()
        return Streak(
            isFailing: recovery == nil, length: row?.count ?? 0, since: row?.since,
            isOlder: (row?.first).map { $0 <= earlier } ?? false, isFreshlyRecovered: recovery.map { $0 > earlier } ?? false)
    }

    /// Automations that succeeded after the last window of this name closed and have a failed run in a digest window of this name.
    package func succeededAfterFailing(named name: String) throws -> [AutomationKey] {
        try db.all(WindowReaderSQL.succeeded, try uptoBefore(), windows.compactMap(\.id).max() ?? 0, name) { row in
            AutomationKey(account: row[0], automation: row[1])
        }
    }

    /// The last failed run of an automation in the digest windows of a name; nil if there is none.
    package func lastFailure(of automation: AutomationKey, inWindowsNamed name: String) throws -> Event? {
        try db.first(WindowReaderSQL.lastFailure, automation.account, automation.automation, name) { EventRow.make($0) }
    }

    /// The failed runs by automation in the windows that closed last; nil if none closed before.
    package func failedBefore() throws -> [AutomationKey: Int]? {
        guard let window = windows.first else { return nil }
        let closing = try db.first(WindowReaderSQL.lastClosing, window.kind.rawValue, window.name, window.closesAt.milliseconds) {
            $0[0] as Int64?
        }
        guard let last = closing ?? nil else { return nil }
        let rows = try db.all(WindowReaderSQL.failedBefore, window.kind.rawValue, window.name, last) { row in
            (AutomationKey(account: row[0], automation: row[1]), row[2] as Int)
        }
        return Dictionary(rows, uniquingKeysWith: +)
    }

    /// The last message of a name.
    package enum LastTold: Sendable, Equatable {
        /// No window of the name became a message before.
        case none
        case told(DigestDetail)
        /// There was one, and its stored text is damaged.
        case unreadable
    }

    /// The last message of the same name.
    package func lastTold() throws -> LastTold {
        guard let window = windows.first,
            let last = try db.first(
                WindowReaderSQL.lastTold, window.kind.rawValue, window.name, window.closesAt.milliseconds, make: { EventRow.read($0) })
        else { return .none }
        guard last.isReadable, case .digest(let detail) = last.event.payload.detail else { return .unreadable }
        return .told(detail)
    }

    /// Whether the absence whose beginning has this id is over.
    package func isOver(_ absence: String) throws -> Bool { try EventRow.number(of: absence + EventID.absenceEnd, db) != nil }

    /// The beginnings of the absences that are open and that a window of this digest gathered, now or earlier.
    package func absencesTold(inDigest name: String) throws -> [Event] {
        let open = try db.all(WindowReaderSQL.openAbsences, make: ExpectationRow.make)
        return try open.compactMap { expectation in
            try db.first(WindowReaderSQL.absenceInDigest, expectation.absenceID, name) { EventRow.make($0) }
        }
    }

    /// The open approvals of all accounts, oldest first.
    package func openApprovals() throws -> [ApprovalRow] { try db.all(WindowReaderSQL.openApprovals, make: ApprovalStore.make) }

    /// The number of the last event that was admitted when the window before these closed; 0 if there was none.
    private func uptoBefore() throws -> Int64 {
        guard let window = windows.first else { return 0 }
        let upto = try db.first(
            WindowReaderSQL.uptoBefore, window.kind.rawValue, window.name, window.destination, window.closesAt.milliseconds
        ) { $0[0] as Int64? }
        return (upto ?? nil) ?? 0
    }
}

/// The identity of an automation: its account, and its id or, if the id is not known, its name.
package struct AutomationKey: Sendable, Hashable {
    package var account: String
    package var automation: String

    package init(account: String, automation: String) {
        self.account = account
        self.automation = automation
    }

    /// Nil if the event belongs to no automation.
    package init?(_ event: Event) {
        guard let account = event.account, let automation = event.payload.origin.automationID ?? event.payload.origin.automation
        else { return nil }
        self.init(account: account, automation: automation)
    }
}

enum WindowReaderSQL {
    static let openAbsences = "SELECT \(ExpectationRow.columns) FROM expectation INDEXED BY expectation_open WHERE state = 'open'"
    static let absenceInDigest = """
        SELECT \(EventRow.columns) FROM event e JOIN member m ON m.event = e.n JOIN event_window w ON w.id = m.window_id
        WHERE e.id = ? AND w.kind = 'digest' AND w.name = ? LIMIT 1
        """
    static let span = """
        SELECT count(*), min(e.occurred_at), max(e.occurred_at) FROM member m JOIN event e ON e.n = m.event WHERE m.window_id = ?
        """
    static let earliest = """
        SELECT \(EventRow.columns) FROM member m JOIN event e ON e.n = m.event WHERE m.window_id = ?
        ORDER BY e.occurred_at, e.id LIMIT ?
        """
    static let counted = "SELECT count(*) FROM member WHERE window_id = ? AND told_at_once = 0"
    static let lastCounted = """
        SELECT \(EventRow.columns) FROM member m JOIN event e ON e.n = m.event WHERE m.window_id = ? AND m.told_at_once = 0
        ORDER BY m.event DESC LIMIT 1
        """
    static let recovery = """
        SELECT event FROM finished WHERE account = ? AND automation = ? AND failed = 0 AND at >= ? ORDER BY at LIMIT 1
        """
    static let lastBad = "SELECT max(at) FROM finished WHERE account = ? AND automation = ? AND failed = 1"
    static let goodBefore = "SELECT max(at) FROM finished WHERE account = ? AND automation = ? AND failed = 0 AND at < ?"
    static let streak = """
        SELECT count(*), min(at), min(event) FROM finished WHERE account = ? AND automation = ? AND failed = 1 AND at > ? AND at <= ?
        """
    /// The subquery finds the few automations with a recent good run, by the number of the event.
    /// Only for those the members of this digest are searched.
    static let succeeded = """
        SELECT f.account, f.automation FROM (SELECT DISTINCT account, automation FROM finished NOT INDEXED WHERE event > ? AND failed = 0) f
        WHERE EXISTS (
            SELECT 1 FROM finished b JOIN member m ON m.event = b.event JOIN event_window w ON w.id = m.window_id
            WHERE b.account = f.account AND b.automation = f.automation AND b.failed = 1 AND w.id <= ? AND w.kind = 'digest' AND w.name = ?)
        ORDER BY f.account, f.automation
        """
    static let lastFailure = """
        SELECT \(EventRow.columns) FROM finished b JOIN event e ON e.n = b.event
        WHERE b.account = ? AND b.automation = ? AND b.failed = 1 AND EXISTS (
            SELECT 1 FROM member m JOIN event_window w ON w.id = m.window_id WHERE m.event = b.event AND w.kind = 'digest' AND w.name = ?)
        ORDER BY b.at DESC LIMIT 1
        """
    static let lastClosing = """
        SELECT max(closed_at) FROM event_window WHERE kind = ? AND name = ? AND closed_at IS NOT NULL AND closes_at < ?
        """
    static let failedBefore = """
        SELECT f.account, f.automation, count(*)
        FROM event_window w JOIN member m ON m.window_id = w.id JOIN finished f ON f.event = m.event
        WHERE w.kind = ? AND w.name = ? AND w.closed_at = ? AND f.failed = 1 GROUP BY f.account, f.automation
        """
    static let lastTold = """
        SELECT \(EventRow.columns) FROM event_window w JOIN event e ON e.n = w.event
        WHERE w.kind = ? AND w.name = ? AND w.closed_at IS NOT NULL AND w.closes_at < ? ORDER BY w.closes_at DESC LIMIT 1
        """
    static let openApprovals = "SELECT \(ApprovalStore.columns) FROM approval WHERE open = 1 ORDER BY n"
    static let uptoBefore = """
        SELECT max(upto) FROM event_window WHERE kind = ? AND name = ? AND destination = ? AND closed_at IS NOT NULL AND closes_at < ?
        """
}
