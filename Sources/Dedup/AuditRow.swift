import GRDB
import RelayCore

/// The audit as rows.
enum AuditRow {
    private static let columns = "at, account, approval, round, verdict, actor, via, address, reason, state, status"

    /// An answer's later rows stand for its earlier ones: who asked, from where and when is in the first, what it came to in the last.
    static let newest = """
        SELECT a.at, a.account, a.approval, a.round, a.verdict, a.actor, a.via, a.address, a.reason,
            coalesce(e.state, a.state), coalesce(e.status, a.status)
        FROM audit a LEFT JOIN audit e ON a.state = 'asked' AND e.n = (
            SELECT max(n) FROM audit WHERE account = a.account AND approval = a.approval AND round = a.round
                AND state IN ('taken', 'refused', 'lost') AND n > a.n)
        WHERE a.account = coalesce(?, a.account) AND NOT (a.state IN ('taken', 'refused', 'lost') AND EXISTS (
            SELECT 1 FROM audit b WHERE b.account = a.account AND b.approval = a.approval AND b.round = a.round
                AND b.state = 'asked' AND b.n < a.n))
        ORDER BY a.n DESC LIMIT ?
        """

    static func insert(_ entry: AuditEntry, _ db: Database) throws {
        try db.run(
            "INSERT INTO audit (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", entry.at.milliseconds, entry.account, entry.approval,
            entry.round, entry.verdict.rawValue, entry.actor, entry.via, entry.address, entry.reason, entry.state.rawValue, entry.status)
    }

    static func make(_ row: SQLRow) -> AuditEntry {
        AuditEntry(
            at: row.time(0), account: row[1], approval: row[2], round: row[3], verdict: Answer.Verdict(rawValue: row[4]) ?? .reject,
            actor: row[5], via: row[6], address: row[7], reason: row[8], state: AuditEntry.State(rawValue: row[9]) ?? .asked,
            status: row[10])
    }
}

extension AuditEntry {
    init(_ answer: Answer, _ state: State, address: String?, at now: Timestamp) {
        self.init(
            at: now, account: answer.account, approval: answer.approval, round: answer.round, verdict: answer.verdict, actor: answer.actor,
            via: answer.via, address: address, reason: answer.reason, state: state, status: nil)
    }

    init(_ ballot: Ballot, round: Int, _ state: State, at now: Timestamp) {
        self.init(
            at: now, account: ballot.account, approval: ballot.approval, round: round, verdict: ballot.verdict, actor: ballot.actor,
            via: ballot.via, address: ballot.address, reason: ballot.reason, state: state, status: nil)
    }
}

extension AuditEntry.State {
    /// Nil of an answer that is still on its way.
    init?(end state: Answer.State) {
        switch state {
        case .asked: return nil
        case .taken: self = .taken
        case .refused: self = .refused
        case .lost: self = .lost
        }
    }
}

/// Votes as rows. A vote is for what was shown: of something else it says nothing.
enum VoteRow {
    /// Counts a person's approval, once, and gives all that are for the same.
    static func count(_ ballot: Ballot, round: Int, shown: String, at now: Timestamp, _ db: Database) throws -> [Vote] {
        let changed = try db.run(
            """
            INSERT INTO vote (account, approval, round, person, verdict, at, shown) VALUES (?, ?, ?, ?, 'approve', ?, ?)
            ON CONFLICT (account, approval, round, person) DO UPDATE SET at = excluded.at, shown = excluded.shown
                WHERE shown <> excluded.shown
            """, ballot.account, ballot.approval, round, ballot.actor, now.milliseconds, shown)
        if changed == 1 { try AuditRow.insert(AuditEntry(ballot, round: round, .voted, at: now), db) }
        return try all(account: ballot.account, approval: ballot.approval, round: round, shown: shown, db)
    }

    /// The one message says who has approved so far.
    static func show(
        _ votes: [Vote], of needed: Int, on row: ApprovalRow?, redrawing: Set<String>, at now: Timestamp, _ db: Database
    ) throws {
        guard var row, var detail = row.detail, row.isOpen else { return }
        let words = "\(votes.count) of \(needed) (\(votes.map(\.person).joined(separator: ", ")))"
        guard detail.votes != words else { return }
        detail.votes = words
        row.payload.detail = .approval(detail)
        row.updatedAt = now
        try ApprovalStore.save(row, db)
        _ = try Redrawing.owe([row], at: redrawing, now: now, db)
    }

    static func all(account: String, approval: String, round: Int, shown: String, _ db: Database) throws -> [Vote] {
        try db.all(
            """
            SELECT person, at FROM vote WHERE account = ? AND approval = ? AND round = ? AND shown = ? AND verdict = 'approve'
            ORDER BY at, person
            """, account, approval, round, shown
        ) { Vote(person: $0[0], at: $0.time(1)) }
    }
}

/// Positions as rows. They only go forward.
enum ListenerRow {
    static func save(_ listening: Listening, _ db: Database) throws {
        try db.run(
            """
            INSERT INTO listener (destination, position) VALUES (?, ?)
            ON CONFLICT (destination) DO UPDATE SET position = max(position, excluded.position)
            """, listening.destination, listening.position)
    }
}
