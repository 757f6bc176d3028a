package import RelayCore

extension Ledger {
    /// Turns a ballot into an answer that is due at once. If an earlier answer is not settled yet or was taken, that one is returned
    /// instead. If several people must approve, the ballot is counted as a vote, and the last vote makes the answer.
    ///
    /// - Parameters:
    ///   - cursor: stored in the same transaction, so that the update that brought the ballot is not read again after a crash.
    ///   - refreshing: the destinations whose message is refreshed when one of several people has approved.
    package func ask(
        _ ballot: Ballot, cursor: PollCursor? = nil, refreshing: Set<String> = []
    ) async throws(LedgerError) -> BallotResult {
        let now = clock.now
        return try await writes.write("ask") { db in
            if let cursor { try ListenerRow.save(cursor, db) }
            let last = try db.first(AnswerRow.last, ballot.account, ballot.approval, make: AnswerRow.make)
            if let last, last.state == .asked || last.state == .taken { return .earlier(last) }
            let row = try ApprovalStore.row(account: ballot.account, id: ballot.approval, db)
            if let shown = ballot.shown, let row, row.shownHash != shown { return .changed }
            let round = (last?.round ?? 0) + 1
            var actor = ballot.actor
            if ballot.peopleNeeded > 1, ballot.choice == .approve {
                let votes = try VoteRow.count(ballot, round: round, shown: row?.shownHash ?? "", at: now, db)
                guard votes.count >= ballot.peopleNeeded else {
                    try VoteRow.show(votes, of: ballot.peopleNeeded, on: row, refreshing: refreshing, at: now, db)
                    return .voted(votes)
                }
                actor = votes.map(\.person).joined(separator: ", ")
            }
            let answer = Answer(
                account: ballot.account, approval: ballot.approval, round: round, choice: ballot.choice, actor: actor, via: ballot.via,
                reason: ballot.reason, askedAt: now, dueAt: now, shown: ballot.shown ?? row?.shownHash ?? "")
            try AnswerRow.insert(answer, db)
            try AuditRow.insert(AuditEntry(answer, .asked, address: ballot.address, at: now), db)
            return .asked(answer)
        }
    }

    /// Records an attempt to decide by somebody who may not.
    package func deny(_ ballot: Ballot, cursor: PollCursor? = nil) async throws(LedgerError) {
        let now = clock.now
        try await writes.write("deny") { db in
            if let cursor { try ListenerRow.save(cursor, db) }
            let round = try db.first(AnswerRow.last, ballot.account, ballot.approval, make: AnswerRow.make)?.round ?? 0
            try AuditRow.insert(AuditEntry(ballot, round: round, .denied, at: now), db)
        }
    }

    /// Claims an answer for `lease`, and returns nil if it is settled, not due, or claimed already.
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

    /// Records that RevKeen is called for a claimed answer. It must be called before the call itself, which may take effect although its
    /// response is lost.
    ///
    /// - Returns: false if the answer was claimed again, withdrawn or settled; then RevKeen must not be called.
    package func markCalled(_ answer: Answer) async throws(LedgerError) -> Bool {
        let now = clock.now
        return try await writes.write("call-answer") { db in
            try db.run(AnswerRow.call, now.milliseconds, answer.account, answer.approval, answer.round, answer.fence) == 1
        }
    }

    /// Takes back the answer to an approval, unless RevKeen may have been called for it.
    ///
    /// - Parameters:
    ///   - actor: the person who takes it back, for the audit.
    ///   - via: the way in, for the audit.
    package func withdraw(
        account: String, approval: String, actor: String, via: String, address: String?
    ) async throws(LedgerError) -> Withdrawal {
        let now = clock.now
        return try await writes.write("withdraw") { db in
            guard let last = try db.first(AnswerRow.last, account, approval, make: AnswerRow.make), last.state == .asked else {
                return .nothing
            }
            guard last.calledAt == nil else { return .tooLate(last) }
            try db.post(AnswerRow.withdraw, account, approval, last.round)
            var entry = AuditEntry(last, .withdrawn, address: address, at: now)
            entry.actor = actor
            entry.via = via
            try AuditRow.insert(entry, db)
            return .withdrawn(last)
        }
    }

    /// Ends a claim. With the state `asked` the answer stays owed and is due at `dueAt`, or when its lease ends if `dueAt` is nil.
    ///
    /// - Returns: false if it was claimed again or is settled; then nothing changed.
    package func settleAnswer(
        _ answer: Answer, as state: Answer.State, status: Int?, dueAt: Timestamp? = nil
    ) async throws(LedgerError) -> Bool {
        let now = clock.now
        return try await writes.write("settle-answer") { db in
            let changed = try db.run(
                AnswerRow.settle, state.rawValue, status, dueAt?.milliseconds, answer.account, answer.approval, answer.round,
                answer.fence)
            guard changed == 1 else { return false }
            if let end = AuditEntry.State(end: state) {
                var entry = AuditEntry(answer, end, address: nil, at: now)
                entry.status = status ?? answer.status
                try AuditRow.insert(entry, db)
            }
            return true
        }
    }

    /// The answers that are owed to RevKeen, due and not claimed, the longest due first.
    package func dueAnswers(at now: Timestamp) async throws(LedgerError) -> [Answer] {
        try await read { try $0.all(AnswerRow.due, now.milliseconds, make: AnswerRow.make) }
    }

    /// The last answer to an approval, in whatever state; nil if there is none.
    package func lastAnswer(account: String, approval: String) async throws(LedgerError) -> Answer? {
        try await read { try $0.first(AnswerRow.last, account, approval, make: AnswerRow.make) }
    }

    /// The votes for what is shown now, where several people must approve, in the order in which they were given. Empty once the votes
    /// have become an answer.
    package func votes(account: String, approval: String) async throws(LedgerError) -> [Vote] {
        try await read { db in
            let last = try db.first(AnswerRow.last, account, approval, make: AnswerRow.make)
            if let last, last.state == .asked || last.state == .taken { return [] }
            let shown = try ApprovalStore.row(account: account, id: approval, db)?.shownHash ?? ""
            return try VoteRow.all(account: account, approval: approval, round: (last?.round ?? 0) + 1, shown: shown, db)
        }
    }

    /// The last entries of the audit, the newest last: one for each answer with its end, each vote and each denied attempt.
    ///
    /// - Parameter account: nil asks for every account.
    package func audit(account: String? = nil, limit: Int) async throws(LedgerError) -> [AuditEntry] {
        try await read { try $0.all(AuditRow.newest, account, limit, make: AuditRow.make).reversed() }
    }

    /// The receipts of an approval's messages at one destination.
    package func receipts(ofApproval id: String, account: String, at destination: String) async throws(LedgerError) -> [Receipt] {
        try await read { db in
            try db.all(
                "SELECT remote FROM receipt WHERE subject = ? AND destination = ?", EventID.approvalSubject(id, account: account),
                destination
            ) { Receipt(text: $0[0]) }.compactMap(\.self)
        }
    }

    /// The position up to which a source of updates was read; nil before anything was read.
    package func cursor(to source: String) async throws(LedgerError) -> PollCursor? {
        try await read { db in
            try db.first("SELECT position FROM listener WHERE source = ?", source) {
                PollCursor(source: source, position: $0[0])
            }
        }
    }

    package func save(_ cursor: PollCursor) async throws(LedgerError) {
        try await writes.write("listen") { try ListenerRow.save(cursor, $0) }
    }
}

/// Reads and writes answers as rows. The column `verdict` holds the choice.
enum AnswerRow {
    private static let columns = """
        account, approval, round, verdict, actor, via, reason, asked_at, due_at, fence, status, state, shown, called_at
        """
    static let last = "SELECT \(columns) FROM answer WHERE account = ? AND approval = ? ORDER BY round DESC LIMIT 1"
    static let one = "SELECT \(columns) FROM answer WHERE account = ? AND approval = ? AND round = ?"
    static let due = "SELECT \(columns) FROM answer WHERE state = 'asked' AND due_at <= ? ORDER BY due_at, n"
    static let claim = """
        UPDATE answer SET fence = fence + 1, due_at = ?
        WHERE account = ? AND approval = ? AND round = ? AND state = 'asked' AND due_at <= ?
        """
    static let call = """
        UPDATE answer SET called_at = coalesce(called_at, ?)
        WHERE account = ? AND approval = ? AND round = ? AND state = 'asked' AND fence = ?
        """
    static let withdraw = """
        UPDATE answer SET state = 'withdrawn'
        WHERE account = ? AND approval = ? AND round = ? AND state = 'asked' AND called_at IS NULL
        """
    static let settle = """
        UPDATE answer SET state = ?, status = coalesce(?, status), due_at = coalesce(?, due_at)
        WHERE account = ? AND approval = ? AND round = ? AND state = 'asked' AND fence = ?
        """

    static func insert(_ answer: Answer, _ db: SQLSession) throws {
        try db.post(
            "INSERT INTO answer (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", answer.account, answer.approval,
            answer.round, answer.choice.rawValue, answer.actor, answer.via, answer.reason, answer.askedAt.milliseconds,
            answer.dueAt.milliseconds, answer.fence, answer.status, answer.state.rawValue, answer.shown, answer.calledAt?.milliseconds)
    }

    static func make(_ row: SQLRow) throws -> Answer {
        let approval: String = row[1]
        return Answer(
            account: row[0], approval: approval, round: row[2], choice: try row.word(3, for: "what was decided on approval \(approval)"),
            actor: row[4], via: row[5], reason: row[6], askedAt: row.time(7), dueAt: row.time(8), fence: row[9],
            status: row[10], state: try row.word(11, for: "the answer to approval \(approval)"), shown: row[12],
            calledAt: row.moment(13))
    }
}
