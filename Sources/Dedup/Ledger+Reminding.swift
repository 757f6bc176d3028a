import GRDB
package import RelayCore

/// A destination that got the request of an approval that is still open.
package struct ToldRequest: Sendable, Equatable {
    package var approval: ApprovalRow
    package var destination: String
    package var recipient: String
    /// The route by which the request was sent; it decides about reminders.
    package var route: RouteName
    /// When the request was first delivered, or may have been.
    package var toldAt: Timestamp
}

extension Ledger {
    /// Every destination that got the request of an open approval of the account.
    package func toldRequests(account: String) async throws(LedgerError) -> [ToldRequest] {
        try await read { db in
            let rows = Dictionary(
                try db.all(ApprovalStore.open, account, make: ApprovalStore.make).map { ($0.id, $0) }, uniquingKeysWith: { $1 })
            return try db.all(ReminderRow.told, account) { row -> ToldRequest? in
                rows[row[0]].map {
                    ToldRequest(approval: $0, destination: row[1], recipient: row[2], route: RouteName(text: row[3]), toldAt: row.time(4))
                }
            }.compactMap(\.self)
        }
    }

    /// Adds deliveries of reminders.
    /// A reminder's event is admitted once, and each destination gets it once; approvals that are no longer open get none.
    ///
    /// - Parameter refreshing: the destinations whose earlier message is edited to say that a reminder was sent.
    /// - Returns: the destinations that something new is owed to.
    package func remind(_ reminders: [Admission], refreshing: Set<String> = []) async throws(LedgerError) -> Set<String> {
        guard !reminders.isEmpty else { return [] }
        let now = clock.now
        return try await writes.write("remind") { db in
            try reminders.reduce(into: Set<String>()) { try $0.formUnion(ReminderRow.remind($1, refreshing: refreshing, at: now, db)) }
        }
    }

    /// Adds deliveries of the request itself to destinations that did not get it, if the approval is still open.
    ///
    /// - Returns: the destinations that got a delivery by this call.
    package func escalate(_ approval: ApprovalRow, to owed: [PlannedDelivery]) async throws(LedgerError) -> Set<String> {
        let now = clock.now
        return try await writes.write("escalate") { db in
            let subject = EventID.approvalSubject(approval.id, account: approval.account)
            let request = EventID.approval(approval.id, version: 1, account: approval.account)
            guard try ApprovalStore.row(account: approval.account, id: approval.id, db)?.isOpen == true,
                let number = try EventRow.number(of: request, db)
            else { return [] }
            return try owed.reduce(into: Set<String>()) { told, owed in
                guard try db.first(ReminderRow.wasAsked, subject, owed.destination, owed.recipient, make: { $0[0] as Int }) == nil else {
                    return
                }
                try DeliveryRow.insert(owed, event: number, thread: subject, at: now, db)
                told.insert(owed.destination)
            }
        }
    }
}

/// The SQL of reminders, run inside their transaction.
enum ReminderRow {
    /// A request counts as delivered from the first attempt that arrived or may have arrived.
    /// Once retention has deleted the attempts, it counts from when the event was seen.
    static let told = """
        SELECT a.id, d.destination, d.recipient, d.route,
            coalesce((SELECT min(at) FROM attempt WHERE delivery = d.id AND outcome IN ('delivered', 'uncertain')), e.seen_at)
        FROM approval a
            JOIN delivery d ON d.thread = a.account || '/approval/' || a.id
            JOIN event e ON e.n = d.event
        WHERE a.account = ? AND a.open = 1 AND e.kind = 'approval'
            AND (d.state IN ('delivered', 'unknown') OR \(MessageRefresh.isOne("d")))
        GROUP BY a.id, d.destination, d.recipient HAVING d.id = min(d.id)
        ORDER BY a.n, d.id
        """
    static let wasAsked = """
        SELECT 1 FROM delivery d JOIN event e ON e.n = d.event
        WHERE d.thread = ? AND d.destination = ? AND d.recipient = ? AND e.kind = 'approval' LIMIT 1
        """

    static func remind(_ reminder: Admission, refreshing: Set<String>, at now: Timestamp, _ db: Database) throws -> Set<String> {
        guard case .approval(let detail) = reminder.event.payload.detail, let account = reminder.event.account,
            var row = try ApprovalStore.row(account: account, id: detail.id, db), row.isOpen
        else { return [] }
        let known = try EventRow.number(of: reminder.event.id, db)
        guard let number = try known ?? EventRow.insert(reminder.event, db) else { return [] }
        var told = Set<String>()
        for owed in reminder.owed where try DeliveryRow.insert(owed, event: number, thread: reminder.event.thread, at: now, db) {
            told.insert(owed.destination)
        }
        guard !told.isEmpty else { return [] }
        row.remind(step: detail.step ?? 1, overdue: detail.overdue == true)
        row.updatedAt = now
        try ApprovalStore.save(row, db)
        return told.union(try MessageRefresh.owe([row], at: refreshing, now: now, db))
    }
}
