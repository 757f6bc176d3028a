import GRDB
package import RelayCore

/// What windows hold, and what is known around it, for whoever makes their message: inside one transaction, and good only there.
package struct WindowReader {
    private let db: Database
    /// The earliest first.
    package let windows: [Window]

    init(_ windows: [Window], _ db: Database) {
        self.windows = windows
        self.db = db
    }

    package var opensAt: Timestamp { windows.map(\.opensAt).min() ?? .distantPast }
    package var closesAt: Timestamp { windows.map(\.closesAt).max() ?? .distantPast }

    /// Each in the order of its admission, one at a time: there may be very many.
    package func eachMember(_ body: (WindowMember) throws -> Void) throws {
        for window in windows {
            try db.each(WindowRow.members, window.id) { row in
                try body(WindowMember(event: EventRow.make(row, from: 1), toldAtOnce: row[0]))
            }
        }
    }

    package func contents(most: Int) throws -> WindowContents {
        guard let window = windows.first else { return WindowContents(count: 0, from: nil, until: nil, first: []) }
        let span = try db.first(WindowReaderSQL.span, window.id) { (count: $0[0] as Int, from: $0.moment(1), until: $0.moment(2)) }
        return WindowContents(
            count: span?.count ?? 0, from: span?.from, until: span?.until,
            first: try db.all(WindowReaderSQL.earliest, window.id, most) { EventRow.make($0) })
    }

    /// How many of a window's members were not told at once, and the last of them; nil where there is none.
    package func counted(in window: Window) throws -> (count: Int, last: Event)? {
        let count = try db.first(WindowReaderSQL.counted, window.id) { $0[0] as Int } ?? 0
        guard count > 0, let last = try db.first(WindowReaderSQL.lastCounted, window.id, make: { EventRow.make($0) }) else { return nil }
        return (count, last)
    }

    /// An automation as its finished runs show it, at this moment.
    package struct Streak: Sendable, Equatable {
        package var isFailing: Bool
        /// Failed runs in a row, up to the last that succeeded or up to now.
        package var streak: Int
        package var since: Timestamp?
        /// The row began with a run that was there when the window before closed.
        package var isOlder: Bool
        /// Of one that does not fail: it has succeeded for the first time since the window before closed.
        package var isFreshlyRecovered: Bool
    }

    package func streak(_ automation: AutomationKey) throws -> Streak {
        let (account, name) = (automation.account, automation.automation)
        guard let lastBad = try db.first(WindowReaderSQL.lastBad, account, name, make: { $0.moment(0) }) ?? nil else {
            return Streak(isFailing: false, streak: 0, since: nil, isOlder: false, isFreshlyRecovered: false)
        }
        // The row of failures that is under way, or the one that ended.
        let goodBefore = try db.first(WindowReaderSQL.goodBefore, account, name, lastBad.milliseconds) { $0.moment(0) } ?? nil
        let row = try db.first(
            WindowReaderSQL.streak, account, name, goodBefore?.milliseconds ?? .min, lastBad.milliseconds
        ) { (count: $0[0] as Int, since: $0.moment(1), first: $0[2] as Int64?) }
        let recovery = try db.first(WindowReaderSQL.recovery, account, name, lastBad.milliseconds) { $0[0] as Int64 }
        let earlier = try uptoBefore()
        return Streak(
            isFailing: recovery == nil, streak: row?.count ?? 0, since: row?.since,
            isOlder: (row?.first).map { $0 <= earlier } ?? false, isFreshlyRecovered: recovery.map { $0 > earlier } ?? false)
    }

    /// Automations that succeeded since the window before closed, and of which a window of this name had told that they fail.
    package func succeededAfterFailing(named name: String) throws -> [AutomationKey] {
        try db.all(WindowReaderSQL.succeeded, try uptoBefore(), windows.compactMap(\.id).max() ?? 0, name) { row in
            AutomationKey(account: row[0], automation: row[1])
        }
    }

    /// The last failed run of an automation that a window of the name holds; nil if there is none, or nothing of it is kept.
    package func lastFailure(of automation: AutomationKey, inWindowsNamed name: String) throws -> Event? {
        try db.first(WindowReaderSQL.lastFailure, automation.account, automation.automation, name) { EventRow.make($0) }
    }

    /// Failed runs by automation in what was closed before; nil if nothing was.
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

    /// What the last message of the same name said; nil if there was none.
    package func lastTold() throws -> DigestDetail? {
        guard let window = windows.first else { return nil }
        let event = try db.first(WindowReaderSQL.lastTold, window.kind.rawValue, window.name, window.closesAt.milliseconds) {
            EventRow.make($0)
        }
        if case .digest(let detail)? = event?.payload.detail { return detail }
        return nil
    }

    /// Of all accounts, oldest first.
    package func openApprovals() throws -> [ApprovalRow] { try db.all(WindowReaderSQL.openApprovals, make: ApprovalStore.make) }

    /// The last event that there was when the windows before these were closed.
    private func uptoBefore() throws -> Int64 {
        guard let window = windows.first else { return 0 }
        let upto = try db.first(
            WindowReaderSQL.uptoBefore, window.kind.rawValue, window.name, window.destination, window.closesAt.milliseconds
        ) { $0[0] as Int64? }
        return (upto ?? nil) ?? 0
    }
}

/// An automation as the ledger tells it from others: by its id, or by its name where none is known.
package struct AutomationKey: Sendable, Hashable {
    package var account: String
    package var automation: String

    package init(account: String, automation: String) {
        self.account = account
        self.automation = automation
    }

    /// Nil of what belongs to no automation.
    package init?(_ event: Event) {
        guard let account = event.account, let automation = event.payload.origin.automationID ?? event.payload.origin.automation
        else { return nil }
        self.init(account: account, automation: automation)
    }
}

enum WindowReaderSQL {
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
    /// The candidates are few: those with a good run since, which lie together by their number. Each is asked for a failure that this
    /// digest knows of.
    static let succeeded = """
        SELECT f.account, f.automation FROM (SELECT DISTINCT account, automation FROM finished NOT INDEXED WHERE event > ? AND failed = 0) f
        WHERE EXISTS (
            SELECT 1 FROM finished b JOIN member m ON m.event = b.event JOIN window w ON w.id = m.window_id
            WHERE b.account = f.account AND b.automation = f.automation AND b.failed = 1 AND w.id <= ? AND w.kind = 'digest' AND w.name = ?)
        ORDER BY f.account, f.automation
        """
    static let lastFailure = """
        SELECT \(EventRow.columns) FROM finished b JOIN event e ON e.n = b.event
        WHERE b.account = ? AND b.automation = ? AND b.failed = 1 AND EXISTS (
            SELECT 1 FROM member m JOIN window w ON w.id = m.window_id WHERE m.event = b.event AND w.kind = 'digest' AND w.name = ?)
        ORDER BY b.at DESC LIMIT 1
        """
    static let lastClosing = """
        SELECT max(closed_at) FROM window WHERE kind = ? AND name = ? AND closed_at IS NOT NULL AND closes_at < ?
        """
    static let failedBefore = """
        SELECT f.account, f.automation, count(*) FROM window w JOIN member m ON m.window_id = w.id JOIN finished f ON f.event = m.event
        WHERE w.kind = ? AND w.name = ? AND w.closed_at = ? AND f.failed = 1 GROUP BY f.account, f.automation
        """
    static let lastTold = """
        SELECT \(EventRow.columns) FROM window w JOIN event e ON e.n = w.event
        WHERE w.kind = ? AND w.name = ? AND w.closed_at IS NOT NULL AND w.closes_at < ? ORDER BY w.closes_at DESC LIMIT 1
        """
    static let openApprovals = "SELECT \(ApprovalStore.columns) FROM approval WHERE open = 1 ORDER BY n"
    static let uptoBefore = """
        SELECT max(upto) FROM window WHERE kind = ? AND name = ? AND destination = ? AND closed_at IS NOT NULL AND closes_at < ?
        """
}
