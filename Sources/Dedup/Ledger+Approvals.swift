import RelayCore

extension Ledger {
    /// Stores approvals as last seen, without admitting anything. A row never goes back to an earlier version.
    ///
    /// - Parameter refreshing: the destinations whose messages about the approvals are refreshed.
    /// - Returns: the destinations that a refresh is owed to now.
    @discardableResult
    package func store(_ rows: [ApprovalRow], refreshing: Set<String> = []) async throws(LedgerError) -> Set<String> {
        guard !rows.isEmpty else { return [] }
        let now = clock.now
        return try await writes.write("store") { db in
            for row in rows { try ApprovalStore.save(row, db) }
            return try MessageRefresh.owe(rows, at: refreshing, now: now, db)
        }
    }

    package func approval(account: String, id: String) async throws(LedgerError) -> ApprovalRow? {
        try await read { try ApprovalStore.row(account: account, id: id, $0) }
    }

    /// The approvals among `ids` that were seen before, by their id.
    package func approvals(account: String, ids: [String]) async throws(LedgerError) -> [String: ApprovalRow] {
        try await read { try ApprovalStore.rows(account: account, ids: ids, $0) }
    }

    /// The open approvals of an account, in the order in which they were first seen.
    ///
    /// - Parameter ids: approvals that are left out; their payloads, which may be large, are not read.
    package func openApprovals(account: String, besides ids: Set<String> = []) async throws(LedgerError) -> [ApprovalRow] {
        try await read { db in
            let others = try db.all(ApprovalStore.openIDs, account, make: { $0[0] as String }).filter { !ids.contains($0) }
            let rows = try ApprovalStore.rows(account: account, ids: others, db)
            return others.compactMap { rows[$0] }
        }
    }
}

/// Reads and writes approvals as rows.
enum ApprovalStore {
    static let columns = "account, id, version, shown_hash, payload, priority, seen_open, updated_at, open"
    static let open = "SELECT \(columns) FROM approval WHERE account = ? AND open = 1 ORDER BY n"
    static let openIDs = "SELECT id FROM approval WHERE account = ? AND open = 1 ORDER BY n"
    static let one = "SELECT \(columns) FROM approval WHERE account = ? AND id = ?"

    /// The most approvals of one read; a null finds none.
    private static let ofOneRead = 25
    static let several = """
        SELECT \(columns) FROM approval
        WHERE account = ? AND id IN (\(Array(repeating: "?", count: ofOneRead).joined(separator: ", ")))
        """

    private static let save = """
        INSERT INTO approval (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (account, id) DO UPDATE SET
            version = excluded.version, shown_hash = excluded.shown_hash, payload = excluded.payload,
            priority = excluded.priority, updated_at = excluded.updated_at, open = excluded.open,
            seen_open = CASE WHEN approval.seen_open > excluded.seen_open THEN approval.seen_open ELSE excluded.seen_open END
        WHERE excluded.version >= approval.version
        """

    static func save(_ row: ApprovalRow, _ db: SQLSession) throws {
        try db.post(
            save, row.account, row.id, row.version, row.shownHash, try PayloadText.write(row.payload), row.priority.rawValue,
            row.seenOpen, row.updatedAt.milliseconds, row.isOpen)
    }

    /// Several approvals by their ids. One read for each would make a long list slow where the database is another process.
    static func rows(account: String, ids: [String], _ db: SQLSession) throws -> [String: ApprovalRow] {
        var found: [String: ApprovalRow] = [:]
        for start in stride(from: 0, to: ids.count, by: ofOneRead) {
            let some = ids[start..<min(start + ofOneRead, ids.count)].map { $0 as (any SQLValue)? }
            let rest = [(any SQLValue)?](repeating: nil, count: ofOneRead - some.count)
            for row in try db.all(several, list: [account] + some + rest, make: make) { found[row.id] = row }
        }
        return found
    }

    static func row(account: String, id: String, _ db: SQLSession) throws -> ApprovalRow? {
        try db.first(one, account, id, make: make)
    }

    static func make(_ row: SQLRow) throws -> ApprovalRow {
        ApprovalRow(
            account: row[0], id: row[1], version: row[2], shownHash: row[3], payload: payload(of: row), priority: try row.priority(5),
            seenOpen: row[6], updatedAt: row.time(7))
    }

    /// Reads the payload. A damaged one is replaced by one that says so and is open or closed as its row is; the next look that shows the
    /// approval stores a good one.
    private static func payload(of row: SQLRow) -> Payload {
        let isOpen: Bool = row[8]
        let text: String? = row[4]
        if text == nil, !isOpen { return PayloadText.emptied(.approval) }
        if let payload = text.flatMap({ PayloadText.read($0, kind: .approval) }) { return payload }
        let id: String = row[1]
        let action = PayloadText.unreadable(EventID.approvalSubject(id, account: row[0]))
        let origin = text.map(PayloadText.origin) ?? Origin()
        return Payload(
            origin: origin, detail: .approval(ApprovalDetail(id: id, version: row[2], state: isOpen ? .open : .closed, action: action)))
    }
}
