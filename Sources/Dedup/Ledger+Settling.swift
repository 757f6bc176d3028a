import RelayCore

extension Ledger {
    /// Settles a claim and stores its attempt.
    ///
    /// - Returns: false if the delivery was claimed again or is settled already; then nothing changed.
    package func settle(
        _ claim: Claim, as settlement: Settlement, attempt: Attempt?
    ) async throws(LedgerError) -> Bool {
        let now = clock.now
        return try await writes.write("settle") { db in
            guard try SettlementRow.write(settlement, of: claim, failedAt: attempt?.at ?? now, at: now, db) else { return false }
            if let attempt { try DeliveryRow.insert(attempt, delivery: claim.delivery, db) }
            return true
        }
    }
}

extension Ledger {
    /// Ends claims that were not begun: their deliveries are due at once. A claim that is not held any more is left alone.
    package func putBack(_ claims: [Claim]) async throws(LedgerError) {
        let now = clock.now
        try await writes.write("settle") { db in
            for claim in claims {
                _ = try SettlementRow.write(.deferred(until: now, hold: nil), of: claim, failedAt: now, at: now, db)
            }
        }
    }
}

/// The SQL of settlements, run inside their transaction.
enum SettlementRow {
    /// A claimed delivery is owed, because each statement that settles a delivery also ends its claim. The state is not asked for, because PostgreSQL would
    /// then go through the index of what is owed while it knows nothing of a new table.
    private static let holds = "WHERE id = ? AND fence = ? AND held_for = 'claim'"
    static let end = """
        UPDATE delivery SET state = ?, reason = ?, attempt = attempt + ?, settled_at = ?, held_for = NULL \(holds)
        """
    static let retry = """
        UPDATE delivery SET due_at = ?, held_for = 'retry', reason = ?, attempt = attempt + 1,
            first_failed_at = coalesce(first_failed_at, ?) \(holds)
        """
    static let doubt = """
        UPDATE delivery SET due_at = ?, held_for = 'retry', reason = ?, attempt = attempt + 1, refusals = refusals + 1,
            refused_at = coalesce(refused_at, ?) \(holds)
        """
    static let makePlain = """
        UPDATE delivery SET due_at = ?, held_for = NULL, reason = ?, attempt = attempt + 1, plain = 1 \(holds)
        """
    static let put = "UPDATE delivery SET due_at = ?, held_for = ? \(holds)"

    static func write(
        _ settlement: Settlement, of claim: Claim, failedAt: Timestamp, at now: Timestamp, _ db: SQLSession
    ) throws -> Bool {
        switch settlement {
        case .delivered(let receipt):
            guard try end(claim, .delivered, nil, counted: true, at: now, db) else { return false }
            try keep(receipt, .sent, of: claim, at: now, db)
            try Recovery.catchUp(claim, at: now, db)
        case .unknown(let reason):
            guard try end(claim, .unknown, reason, counted: true, at: now, db) else { return false }
            if claim.event.thread != nil { try keep(Receipt(), .uncertain, of: claim, at: now, db) }
        case .dead(let reason):
            return try end(claim, .dead, reason, counted: true, at: now, db)
        case .dropped(let reason):
            return try end(claim, .dropped, reason, counted: false, at: now, db)
        case .vanished(let reason):
            guard try end(claim, .dropped, reason, counted: true, at: now, db) else { return false }
            try keep(claim.earlier ?? Receipt(), .gone, of: claim, at: now, db)
        case .retry(let due, let reason):
            let changed = try db.changesOne(retry, due.milliseconds, reason, failedAt.milliseconds, claim.delivery, claim.fence)
            return try changed && owedAgain(claim, at: now, db)
        case .doubted(let until, let reason):
            let changed = try db.changesOne(doubt, until.milliseconds, reason, failedAt.milliseconds, claim.delivery, claim.fence)
            return try changed && owedAgain(claim, at: now, db)
        case .plain(let reason):
            let changed = try db.changesOne(makePlain, now.milliseconds, reason, claim.delivery, claim.fence)
            return try changed && owedAgain(claim, at: now, db)
        case .deferred(let until, let hold):
            let changed = try db.changesOne(put, until.milliseconds, hold?.rawValue, claim.delivery, claim.fence)
            return try changed && owedAgain(claim, at: now, db)
        }
        return true
    }

    private static func end(
        _ claim: Claim, _ state: DeliveryState, _ reason: String?, counted: Bool, at now: Timestamp, _ db: SQLSession
    ) throws -> Bool {
        try db.changesOne(end, state.rawValue, reason, counted ? 1 : 0, now.milliseconds, claim.delivery, claim.fence)
    }

    /// Drops the updates behind a request that is owed again, because it will show the present facts when it is sent.
    ///
    /// - Returns: always true.
    private static func owedAgain(_ claim: Claim, at now: Timestamp, _ db: SQLSession) throws -> Bool {
        if claim.event.isFirstRequest, !claim.options.refreshes, let thread = claim.event.thread {
            try MessageThread.supersede(
                behind: claim.delivery, thread: thread, destination: claim.destination, recipient: claim.recipient, at: now, db)
        }
        return true
    }

    /// Stores a receipt, unless its message cannot be found again and no later event is about it.
    /// An uncertain attempt keeps the message of the stored receipt.
    private static func keep(
        _ receipt: Receipt, _ state: StoredReceipt.State, of claim: Claim, at now: Timestamp, _ db: SQLSession
    ) throws {
        // A reminder is sent beside the approval's message. Its receipt is needed only if the channel has to end it later.
        let isReminder = claim.event.kind == .reminder
        guard !isReminder || receipt.isOngoing, claim.event.thread != nil || !receipt.remote.isEmpty else { return }
        var version = isReminder ? nil : claim.present?.version
        if !isReminder, version == nil, case .approval(let detail) = claim.event.payload.detail { version = detail.version }
        try db.post(
            """
            INSERT INTO receipt (subject, destination, recipient, remote, version, state, at) VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (subject, destination, recipient) DO UPDATE SET
                remote = CASE excluded.remote WHEN '{}' THEN receipt.remote ELSE excluded.remote END,
                version = coalesce(excluded.version, receipt.version), state = excluded.state, at = excluded.at
            """, claim.event.subject, claim.destination, claim.recipient, receipt.text, version, state.rawValue, now.milliseconds)
    }
}
