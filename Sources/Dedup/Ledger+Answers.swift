import GRDB
package import RelayCore

extension Ledger {
    /// Writes an answer down, due at once, unless somebody was first: while their answer is on its way or was taken, it is
    /// returned instead.
    package func ask(
        account: String, approval: String, verdict: Answer.Verdict, actor: String, via: String, reason: String? = nil
    ) async throws(LedgerError) -> Asked {
        let now = clock.now
        return try await writes.write("ask") { db in
            let last = try db.first(AnswerRow.last, account, approval, make: AnswerRow.make)
            if let last, last.state == .asked || last.state == .taken { return .earlier(last) }
            let answer = Answer(
                account: account, approval: approval, round: (last?.round ?? 0) + 1, verdict: verdict, actor: actor, via: via,
                reason: reason, askedAt: now, dueAt: now)
            try AnswerRow.insert(answer, db)
            return .asked(answer)
        }
    }

    /// Takes an answer for `lease`; nil if it is settled, not due, or held by another.
    package func claimAnswer(
        account: String, approval: String, round: Int, lease: Duration
    ) async throws(LedgerError) -> Answer? {
        let now = clock.now
        return try await writes.write("claim-answer") { db in
            let taken = try db.run(
                AnswerRow.claim, (now + lease).milliseconds, account, approval, round, now.milliseconds)
            return taken == 1 ? try db.first(AnswerRow.one, account, approval, round, make: AnswerRow.make) : nil
        }
    }

    /// Ends a claim, or with the state `asked` puts the answer off to `dueAt` (nil: it stays where its lease ends).
    ///
    /// - Returns: false if it was claimed anew or is settled; then nothing changed.
    package func settleAnswer(
        _ answer: Answer, as state: Answer.State, status: Int?, dueAt: Timestamp? = nil
    ) async throws(LedgerError) -> Bool {
        try await writes.write("settle-answer") { db in
            try db.run(
                AnswerRow.settle, state.rawValue, status, dueAt?.milliseconds, answer.account, answer.approval, answer.round,
                answer.fence) == 1
        }
    }

    /// Answers that RevKeen was not told yet and that nobody holds, the longest due first.
    package func dueAnswers(at now: Timestamp) async throws(LedgerError) -> [Answer] {
        try await read { try $0.all(AnswerRow.due, now.milliseconds, make: AnswerRow.make) }
    }

    /// The last answers, the newest last; nil asks for every account.
    package func answers(account: String?, limit: Int) async throws(LedgerError) -> [Answer] {
        try await read { try $0.all(AnswerRow.newest, account, limit, make: AnswerRow.make).reversed() }
    }
}

/// Answers as rows.
enum AnswerRow {
    private static let columns = """
        account, approval, round, verdict, actor, via, reason, asked_at, due_at, fence, status, state
        """
    static let last = "SELECT \(columns) FROM answer WHERE account = ? AND approval = ? ORDER BY round DESC LIMIT 1"
    static let one = "SELECT \(columns) FROM answer WHERE account = ? AND approval = ? AND round = ?"
    static let due = "SELECT \(columns) FROM answer WHERE state = 'asked' AND due_at <= ? ORDER BY due_at, n"
    static let newest = "SELECT \(columns) FROM answer WHERE account = coalesce(?, account) ORDER BY n DESC LIMIT ?"
    static let claim = """
        UPDATE answer SET fence = fence + 1, due_at = ?
        WHERE account = ? AND approval = ? AND round = ? AND state = 'asked' AND due_at <= ?
        """
    static let settle = """
        UPDATE answer SET state = ?, status = coalesce(?, status), due_at = coalesce(?, due_at)
        WHERE account = ? AND approval = ? AND round = ? AND state = 'asked' AND fence = ?
        """

    static func insert(_ answer: Answer, _ db: Database) throws {
        try db.run(
            "INSERT INTO answer (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", answer.account, answer.approval,
            answer.round, answer.verdict.rawValue, answer.actor, answer.via, answer.reason, answer.askedAt.milliseconds,
            answer.dueAt.milliseconds, answer.fence, answer.status, answer.state.rawValue)
    }

    static func make(_ row: SQLRow) -> Answer {
        Answer(
            account: row[0], approval: row[1], round: row[2], verdict: Answer.Verdict(rawValue: row[3]) ?? .reject,
            actor: row[4], via: row[5], reason: row[6], askedAt: row.time(7), dueAt: row.time(8), fence: row[9],
            status: row[10], state: Answer.State(rawValue: row[11]) ?? .asked)
    }
}
