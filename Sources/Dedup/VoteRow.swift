import RelayCore

/// Reads and writes votes as rows. A vote counts only for what its voter was shown.
enum VoteRow {
    /// Stores a person's approval, once for each round, and returns the votes for the same `shown` hash that count.
    static func count(_ ballot: Ballot, round: Int, shown: String, at now: Timestamp, _ db: SQLSession) throws -> [Vote] {
        let changed = try db.run(
            """
            INSERT INTO vote (account, approval, round, person, verdict, at, shown) VALUES (?, ?, ?, ?, 'approve', ?, ?)
            ON CONFLICT (account, approval, round, person) DO UPDATE SET at = excluded.at, shown = excluded.shown
                WHERE vote.shown <> excluded.shown
            """, ballot.account, ballot.approval, round, ballot.actor, now.milliseconds, shown)
        if changed == 1 { try AuditRow.insert(AuditEntry(ballot, round: round, .voted, at: now), db) }
        return try all(account: ballot.account, approval: ballot.approval, round: round, shown: shown, db).counting(ballot.voters)
    }

    /// Makes the approval's message show who has approved so far.
    static func show(
        _ votes: [Vote], of needed: Int, on row: ApprovalRow?, refreshing: Set<String>, at now: Timestamp, _ db: SQLSession
    ) throws {
        guard var row, row.isOpen else { return }
        let words = "\(votes.count) of \(needed) (\(votes.map(\.person).joined(separator: ", ")))"
        guard row.detail?.votes != words else { return }
        row.detail?.votes = words
        row.updatedAt = now
        try ApprovalStore.save(row, db)
        _ = try MessageRefresh.owe([row], at: refreshing, now: now, db)
    }

    static func all(account: String, approval: String, round: Int, shown: String, _ db: SQLSession) throws -> [Vote] {
        try db.all(
            """
            SELECT v.person, v.at, EXISTS (
                SELECT 1 FROM audit a WHERE a.account = v.account AND a.approval = v.approval AND a.round = v.round
                    AND a.actor = v.person AND a.state = 'voted' AND a.via LIKE 'command line%')
            FROM vote v WHERE v.account = ? AND v.approval = ? AND v.round = ? AND v.shown = ? AND v.verdict = 'approve'
            ORDER BY v.at, v.person
            """, account, approval, round, shown
        ) { Vote(person: $0[0], at: $0.time(1), isByHand: $0[2]) }
    }
}
