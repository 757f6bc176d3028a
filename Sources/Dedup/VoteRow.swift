import RelayCore

/// Reads and writes votes as rows. A vote counts only for what its voter was shown.
enum VoteRow {
    /// Stores a person's approval, once for each round, and returns all votes for the same `shown` hash.
    static func count(_ ballot: Ballot, round: Int, shown: String, at now: Timestamp, _ db: SQLSession) throws -> [Vote] {
        let changed = try db.run(
            """
            INSERT INTO vote (account, approval, round, person, verdict, at, shown) VALUES (?, ?, ?, ?, 'approve', ?, ?)
            ON CONFLICT (account, approval, round, person) DO UPDATE SET at = excluded.at, shown = excluded.shown
                WHERE vote.shown <> excluded.shown
            """, ballot.account, ballot.approval, round, ballot.actor, now.milliseconds, shown)
        if changed == 1 { try AuditRow.insert(AuditEntry(ballot, round: round, .voted, at: now), db) }
        let votes = try all(account: ballot.account, approval: ballot.approval, round: round, shown: shown, db)
        guard let voters = ballot.voters else { return votes }
        return votes.filter { voters.contains($0.person) }
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
            SELECT person, at FROM vote WHERE account = ? AND approval = ? AND round = ? AND shown = ? AND verdict = 'approve'
            ORDER BY at, person
            """, account, approval, round, shown
        ) { Vote(person: $0[0], at: $0.time(1)) }
    }
}
