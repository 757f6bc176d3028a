package import RelayCore

/// A destination that was told of something that is still open.
package struct ToldRequest: Sendable, Equatable {
    /// What people are reminded of.
    package enum Subject: Sendable, Equatable {
        case approval(ApprovalRow)
        /// The event of the absence's beginning.
        case absence(Event)
    }

    package var about: Subject
    package var destination: String
    package var recipient: String
    /// The route by which it was told; it decides about reminders.
    package var route: RouteName
    /// When the message was first delivered, or may have been.
    package var toldAt: Timestamp

    package var isOfAbsence: Bool { if case .absence = about { true } else { false } }
}

extension Ledger {
    /// Every destination that was told of an open approval or an open absence of the account.
    package func toldRequests(account: String) async throws(LedgerError) -> [ToldRequest] {
        try await read { db in
            let rows = Dictionary(
                try db.all(ApprovalStore.open, account, make: ApprovalStore.make).map { ($0.id, $0) }, uniquingKeysWith: { $1 })
            let approvals = try db.all(ReminderRow.told, account) { row -> ToldRequest? in
                rows[row[0]].map {
                    ToldRequest(
                        about: .approval($0), destination: row[1], recipient: row[2], route: RouteName(text: row[3]), toldAt: row.time(4))
                }
            }
            return try approvals.compactMap(\.self) + ReminderRow.toldAbsences(account: account, db)
        }
    }

    /// Adds deliveries of reminders.
    /// A reminder's event is admitted once, and each destination gets it once; what is no longer open gets none.
    ///
    /// - Parameter refreshing: the destinations where the message about an approval is edited to say that a reminder was sent.
    /// - Returns: the destinations that something new is owed to.
    package func remind(_ reminders: [Admission], refreshing: Set<String> = []) async throws(LedgerError) -> Set<String> {
        guard !reminders.isEmpty else { return [] }
        let now = clock.now
        return try await writes.write("remind") { db in
            try reminders.reduce(into: Set<String>()) { try $0.formUnion(ReminderRow.remind($1, refreshing: refreshing, at: now, db)) }
        }
    }

    /// Adds deliveries of the first event to destinations that did not get it, if its subject is still open.
    ///
    /// - Parameter first: the request of an approval, or the beginning of an absence.
    /// - Returns: the destinations that got a delivery by this call.
    package func escalate(_ first: Event, to owed: [PlannedDelivery]) async throws(LedgerError) -> Set<String> {
        let now = clock.now
        return try await writes.write("escalate") { db in
            guard try ReminderRow.isOpen(first, db), let number = try EventRow.number(of: first.id, db) else { return [] }
            return try owed.reduce(into: Set<String>()) { told, owed in
                let known = try db.first(
                    ReminderRow.wasAsked, first.subject, owed.destination, owed.recipient, first.kind.rawValue, make: { $0[0] as Int })
                guard known == nil else { return }
                try DeliveryRow.insert(owed, event: number, thread: first.subject, at: now, db)
                told.insert(owed.destination)
            }
        }
    }
}

/// The SQL of reminders, run inside their transaction.
enum ReminderRow {
    private static func isTold(_ row: String) -> String {
        "(\(row).state IN ('delivered', 'unknown') OR \(MessageRefresh.isOne(row)))"
    }

    /// A request counts as delivered from the first attempt that arrived or may have arrived.
    /// Once retention has deleted the attempts, it counts from when the event was seen.
    static let told = """
        SELECT a.id, d.destination, d.recipient, d.route,
            coalesce((SELECT min(at) FROM attempt WHERE delivery = d.id AND outcome IN ('delivered', 'uncertain')), e.seen_at)
        FROM approval a
            JOIN delivery d ON d.thread = a.account || '/approval/' || a.id
            JOIN event e ON e.n = d.event
        WHERE a.account = ? AND a.open = 1 AND e.kind = 'approval'
            AND \(isTold("d"))
            AND NOT EXISTS (
                SELECT 1 FROM delivery o JOIN event f ON f.n = o.event
                WHERE o.thread = d.thread AND o.destination = d.destination AND o.recipient = d.recipient AND o.id < d.id
                    AND f.kind = 'approval' AND \(isTold("o")))
        ORDER BY a.n, d.id
        """
    /// The destinations that got the beginning of one absence.
    static let toldAbsence = """
        SELECT d.destination, d.recipient, d.route,
            coalesce((SELECT min(at) FROM attempt WHERE delivery = d.id AND outcome IN ('delivered', 'uncertain')), e.seen_at),
            \(EventRow.columns)
        FROM event e JOIN delivery d ON d.event = e.n
        WHERE e.id = ? AND d.state IN ('delivered', 'unknown') ORDER BY d.id
        """
    static let wasAsked = """
        SELECT 1 FROM delivery d JOIN event e ON e.n = d.event
        WHERE d.thread = ? AND d.destination = ? AND d.recipient = ? AND e.kind = ? LIMIT 1
        """

    static func toldAbsences(account: String, _ db: SQLSession) throws -> [ToldRequest] {
        let open = try db.all(ExpectationRow.live, account, make: ExpectationRow.make).filter { $0.state == .open }
        return try open.flatMap { expectation in
            try db.all(toldAbsence, expectation.absenceID) { row in
                ToldRequest(
                    about: .absence(EventRow.make(row, from: 4)), destination: row[0], recipient: row[1], route: RouteName(text: row[2]),
                    toldAt: row.time(3))
            }
        }
    }

    /// Whether the approval or the absence that an event is about is still open.
    static func isOpen(_ event: Event, _ db: SQLSession) throws -> Bool {
        switch event.payload.detail {
        case .approval(let detail):
            try event.account.flatMap { try ApprovalStore.row(account: $0, id: detail.id, db) }?.isOpen == true
        case .absence: try EventRow.number(of: event.subject + EventID.absenceEnd, db) == nil
        case .notification, .run, .digest, .relay: false
        }
    }

    static func remind(_ reminder: Admission, refreshing: Set<String>, at now: Timestamp, _ db: SQLSession) throws -> Set<String> {
        guard try isOpen(reminder.event, db) else { return [] }
        let known = try EventRow.number(of: reminder.event.id, db)
        guard let number = try known ?? EventRow.insert(reminder.event, db) else { return [] }
        var told = Set<String>()
        for owed in reminder.owed where try DeliveryRow.insertIfNew(owed, event: number, thread: reminder.event.thread, at: now, db) {
            told.insert(owed.destination)
        }
        guard !told.isEmpty, case .approval(let detail) = reminder.event.payload.detail, let account = reminder.event.account,
            var row = try ApprovalStore.row(account: account, id: detail.id, db)
        else { return told }
        row.remind(step: detail.step ?? 1, overdue: detail.overdue == true)
        row.updatedAt = now
        try ApprovalStore.save(row, db)
        return told.union(try MessageRefresh.owe([row], at: refreshing, now: now, db))
    }
}
