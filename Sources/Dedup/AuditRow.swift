import RelayCore

/// Reads and writes the audit as rows.
enum AuditRow {
    private static let columns = "at, account, approval, round, verdict, actor, via, address, reason, state, status"

    /// Selects one row for each answer, vote and denied attempt, the newest first.
    /// An answer's first row says who answered, when and from where; its last row says how it ended.
    static let newest = """
        SELECT a.at, a.account, a.approval, a.round, a.verdict, a.actor, a.via, a.address, a.reason,
            coalesce(e.state, a.state), coalesce(e.status, a.status)
        FROM audit a LEFT JOIN audit e ON a.state = 'asked' AND e.n = (
            SELECT max(n) FROM audit WHERE account = a.account AND approval = a.approval AND round = a.round
                AND state IN ('taken', 'refused', 'lost', 'withdrawn') AND n > a.n)
        WHERE a.account = coalesce(?, a.account) AND NOT (a.state IN ('taken', 'refused', 'lost', 'withdrawn') AND EXISTS (
            SELECT 1 FROM audit b WHERE b.account = a.account AND b.approval = a.approval AND b.round = a.round
                AND b.state = 'asked' AND b.n < a.n))
        ORDER BY a.n DESC LIMIT ?
        """

    static func insert(_ entry: AuditEntry, _ db: SQLSession) throws {
        try db.post(
            "INSERT INTO audit (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", entry.at.milliseconds, entry.account, entry.approval,
            entry.round, entry.choice.rawValue, entry.actor, entry.via, entry.address, entry.reason, entry.state.rawValue, entry.status)
    }

    static func make(_ row: SQLRow) throws -> AuditEntry {
        AuditEntry(
            at: row.time(0), account: row[1], approval: row[2], round: row[3], choice: try row.word(4, for: "what somebody decided"),
            actor: row[5], via: row[6], address: row[7], reason: row[8], state: try row.word(9, for: "the state of an answer"),
            status: row[10])
    }
}
