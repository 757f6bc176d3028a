package import RelayCore

/// One delivery of an approval or an absence, as a page shows it.
package struct ThreadDelivery: Sendable, Equatable {
    package var id: Int64
    package var event: String
    package var kind: Event.Kind
    package var destination: String
    package var recipient: String
    package var state: DeliveryState
    package var reason: String?
    package var dueAt: Timestamp
    package var settledAt: Timestamp?
}

/// Which events a page lists. What is nil fits every event.
package struct EventFilter: Sendable, Equatable {
    package var kind: Event.Kind?
    /// The name or the id of an automation, as it stands in the event.
    package var automation: String?
    /// The outcome of a run, or the state of an approval or an absence.
    package var state: String?
    package var text: String?

    package init(kind: Event.Kind? = nil, automation: String? = nil, state: String? = nil, text: String? = nil) {
        self.kind = kind
        self.automation = automation
        self.state = state
        self.text = text
    }

    package var isEmpty: Bool { self == EventFilter() }
}

/// A part of a list that is read from its newest entry on.
package struct Page<Item: Sendable>: Sendable {
    package var items: [Item]
    /// The number before which the next part begins; nil at the end.
    package var next: Int64?
    /// When the oldest entry that was searched was seen; nil if nothing was searched.
    package var searchedTo: Timestamp?

    package init(items: [Item], next: Int64?, searchedTo: Timestamp? = nil) {
        self.items = items
        self.next = next
        self.searchedTo = searchedTo
    }
}

extension Ledger {
    /// The approvals that were seen first, the newest first.
    ///
    /// - Parameters:
    ///   - open: only those that are open, or only those that are not; nil for all.
    ///   - before: a number from the page before; nil begins with the newest.
    package func approvals(open: Bool?, before: Int64?, most: Int) async throws(LedgerError) -> Page<ApprovalRow> {
        try await read { db in
            let rows = try db.all(DeskRow.approvals, before ?? .max, open.map { $0 ? 1 : 0 }, most + 1) { row in
                (try ApprovalStore.make(row), row[9] as Int64)
            }
            return Page(items: rows.prefix(most).map(\.0), next: rows.count > most ? rows[most - 1].1 : nil)
        }
    }

    /// Everything that was told about an approval or an absence, in order.
    package func deliveries(about subject: String) async throws(LedgerError) -> [ThreadDelivery] {
        try await read { db in
            try db.all(DeskRow.deliveries, subject) { row in
                ThreadDelivery(
                    id: row[0], event: row[1], kind: Event.Kind(rawValue: row[2]) ?? .relay, destination: row[3], recipient: row[4],
                    state: try row.word(5, for: "the state of a delivery"), reason: row[6], dueAt: row.time(7), settledAt: row.moment(8))
            }
        }
    }

    /// The events about one subject, in the order in which they were admitted.
    package func events(about subject: String) async throws(LedgerError) -> [Event] {
        try await read { db in try db.all(DeskRow.events, subject, subject + "/", subject + "0") { EventRow.make($0) } }
    }

    /// Says whether any approval has changed or was answered.
    package func approvalsMark() async throws(LedgerError) -> ApprovalsMark {
        try await read { db in
            try db.first(DeskRow.approvalsMark) { ApprovalsMark(open: $0[0], updated: $0[1], audited: $0[2]) }
                ?? ApprovalsMark(open: 0, updated: 0, audited: 0)
        }
    }

    /// The audit of one approval, in order.
    package func audit(account: String, approval: String) async throws(LedgerError) -> [AuditEntry] {
        try await read { try $0.all(DeskRow.audit, account, approval, make: AuditRow.make) }
    }

    /// Events, the newest first. A search goes over a bounded number of events at a time, and says how far it came.
    package func events(_ filter: EventFilter, before: Int64?, most: Int) async throws(LedgerError) -> Page<Event> {
        try await read { db in
            let newest = try db.first("SELECT coalesce(max(n), 0) FROM event") { $0[0] as Int64 } ?? 0
            let start = max(0, min(before ?? .max, newest + 1)), end = max(0, start - (filter.isEmpty ? Int64(most) + 1 : DeskRow.searched))
            let like = { (text: String?) in text.map { "%\($0.escapedForLike)%" } }
            let rows = try db.all(
                DeskRow.search, start, end, filter.kind?.rawValue, like(filter.text), like(filter.automation),
                filter.state.map { "%\":\"\($0.escapedForLike)\"%" }, most + 1
            ) { (EventRow.make($0), $0[EventRow.columnCount] as Int64) }
            let hasMore = rows.count > most
            let next: Int64? = hasMore ? rows[most - 1].1 : end > 0 ? end : nil
            let edge = try db.first("SELECT seen_at FROM event WHERE n >= ? ORDER BY n LIMIT 1", end) { $0.time(0) }
            return Page(items: rows.prefix(most).map(\.0), next: next, searchedTo: hasMore ? nil : edge)
        }
    }

    /// The number after which events were seen later than a moment.
    package func number(seenBy moment: Timestamp) async throws(LedgerError) -> Int64? {
        try await read { try $0.first(DeskRow.seenBy, moment.milliseconds) { ($0[0] as Int64) + 1 } }
    }

    /// The last attempts at a destination since a moment, the newest first, of the last ones that were made anywhere.
    package func attempts(at destination: String, since start: Timestamp) async throws(LedgerError) -> [(
        attempt: Attempt, seenAt: Timestamp
    )] {
        try await read { db in
            try db.all(DeskRow.attempts, destination, start.milliseconds) { row in
                (
                    Attempt(at: row.time(0), outcome: row[1], reason: row[2], detail: row[3], took: .milliseconds(row[4] as Int64)),
                    row.time(5)
                )
            }
        }
    }

    /// The dead deliveries of a destination, the newest first.
    package func dead(at destination: String, most: Int) async throws(LedgerError) -> [Overview.Dead] {
        try await read { db in
            try db.all(DeskRow.dead, destination, most) { row in
                Overview.Dead(
                    id: row[0], event: row[1], destination: destination, reason: row[2] ?? "", since: row.moment(3) ?? .distantPast)
            }
        }
    }
}

/// It differs as soon as an approval is requested, changed, closed or answered.
package struct ApprovalsMark: Sendable, Equatable {
    var open: Int
    /// The newest change of an open one, in milliseconds.
    var updated: Int
    /// The number of the last entry of the audit.
    var audited: Int
}

enum DeskRow {
    /// A search reads so many events at a time.
    static let searched: Int64 = 10_000
    /// The attempts of so many of the last ones are read.
    private static let lastAttempts = 5_000

    static let approvals = """
        SELECT \(ApprovalStore.columns), n FROM approval WHERE n < ?1 AND (CAST(?2 AS INTEGER) IS NULL OR open = ?2) ORDER BY n DESC LIMIT ?3
        """
    static let deliveries = """
        SELECT d.id, e.id, e.kind, d.destination, d.recipient, d.state, d.reason, d.due_at, d.settled_at
        FROM delivery d JOIN event e ON e.n = d.event WHERE d.thread = ? ORDER BY d.id LIMIT 500
        """
    static let events = "SELECT \(EventRow.columns) FROM event e WHERE e.id = ? OR e.id > ? AND e.id < ? ORDER BY e.n LIMIT 200"
    static let audit = """
        SELECT at, account, approval, round, verdict, actor, via, address, reason, state, status
        FROM audit WHERE account = ? AND approval = ? ORDER BY n LIMIT 500
        """
    static let search = """
        SELECT \(EventRow.columns), e.n FROM event e WHERE e.n < ?1 AND e.n >= ?2
            AND (CAST(?3 AS TEXT) IS NULL OR e.kind = ?3)
            AND (CAST(?4 AS TEXT) IS NULL OR e.payload LIKE ?4 ESCAPE '\\' OR e.id LIKE ?4 ESCAPE '\\')
            AND (CAST(?5 AS TEXT) IS NULL OR e.payload LIKE ?5 ESCAPE '\\')
            AND (CAST(?6 AS TEXT) IS NULL OR e.payload LIKE ?6 ESCAPE '\\')
        ORDER BY e.n DESC LIMIT ?7
        """
    static let approvalsMark = """
        SELECT count(*), coalesce(max(updated_at), 0), (SELECT coalesce(max(n), 0) FROM audit) FROM approval WHERE open = 1
        """
    static let seenBy = """
        SELECT n FROM event INDEXED BY event_kept WHERE payload IS NOT NULL AND seen_at <= ? ORDER BY seen_at DESC LIMIT 1
        """
    static let attempts = """
        SELECT a.at, a.outcome, a.reason, a.detail, a.took, e.seen_at
        FROM attempt a JOIN delivery d ON d.id = a.delivery JOIN event e ON e.n = d.event
        WHERE a.n > (SELECT coalesce(max(n), 0) FROM attempt) - \(lastAttempts) AND d.destination = ? AND a.at >= ? ORDER BY a.n DESC
        """
    static let dead = """
        SELECT d.id, e.id, d.reason, d.settled_at FROM delivery d INDEXED BY delivery_failed JOIN event e ON e.n = d.event
        WHERE d.destination = ? AND d.state IN ('dead', 'unknown') AND d.state = 'dead' ORDER BY d.settled_at DESC LIMIT ?
        """
}

extension String {
    /// The text for a LIKE pattern with `\` as its escape.
    fileprivate var escapedForLike: String {
        replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_")
    }
}
