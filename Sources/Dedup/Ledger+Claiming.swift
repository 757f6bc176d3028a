package import RelayCore

extension Ledger {
    /// Claims due deliveries of a destination, the most urgent first, then the longest due.
    /// A claim that is not settled ends after `lease`, and the delivery is due again.
    ///
    /// A request supersedes the updates that are owed after it, because it is rendered from the present facts, and so does the last of
    /// several updates.
    /// A delivery whose message shows the present facts already is settled without being sent.
    ///
    /// - Parameter probing: also claims deliveries that wait for a retry, to find out whether the destination is back.
    package func claim(
        _ destination: String, limit: Int, lease: Duration, probing: Bool = false
    ) async throws(LedgerError) -> [Claim] {
        let now = clock.now
        return try await writes.write("claim") { db in
            var claims: [Claim] = []
            for priority in Priority.allCases.reversed() {
                while claims.count < limit {
                    let due = try ClaimRow.due(destination, priority, at: now, limit: limit - claims.count, probing: probing, db)
                    let taken = try due.compactMap { try ClaimRow.take($0, at: now, db) }
                    try ClaimRow.hold(taken, until: now + lease, db)
                    claims += taken
                    // Deliveries that need not be sent make room for others.
                    if taken.count == due.count { break }
                }
            }
            return claims
        }
    }

    /// When a delivery of the destination can next be claimed.
    /// It is in the past if one is due already, and nil if nothing is owed.
    package func nextDue(_ destination: String) async throws(LedgerError) -> Timestamp? {
        try await read { db in
            try Priority.allCases.compactMap { try ClaimRow.nextDue(destination, $0, db) }.min()
        }
    }

    /// Ends every claim: the delivery is due at once, or *unknown* if it is `at_most_once`.
    /// It may be called only at a start, under the `StoreLock`, which proves that no other relay holds a claim.
    /// Answers that are under way are due at once too; a command that holds one at this moment uses the same key, and only the later
    /// claim settles the answer.
    ///
    /// - Returns: the number of claims.
    package func releaseClaims() async throws(LedgerError) -> Int {
        let now = clock.now
        return try await writes.write("release") { db in
            let once = try db.all(ClaimRow.claimedWithOptions) { ($0[0] as Int64, DeliveryOptions(text: $0[1])) }
                .filter { $0.1.atMostOnce && !$0.1.refreshes }
            for (delivery, _) in once { try ClaimRow.settleUnknown(delivery, at: now, db) }
            try db.post(ClaimRow.releaseAnswers, now.milliseconds)
            return try db.run(ClaimRow.release, now.milliseconds) + once.count
        }
    }

    /// Moves due times after the wall clock was set: of claims, retries, rate limits, polls of runs and answers under way.
    ///
    /// - Parameter difference: is negative if the clock was set back.
    package func shiftHeld(by difference: Duration) async throws(LedgerError) {
        try await writes.write("shift") { db in
            for statement in ClaimRow.shifts { try db.post(statement, difference.milliseconds) }
        }
    }

    /// Prepares what is owed to a destination whose lane opens. What waits for a retry is due at once, except a message that was refused
    /// itself. First failures move forward, but never past now, because time while the lane was not open does not count towards giving up.
    package func reopen(_ destination: String, after duration: Duration) async throws(LedgerError) {
        let now = clock.now
        try await writes.write("reopen") { db in
            try db.post(
                """
                UPDATE delivery INDEXED BY delivery_owed SET
                    first_failed_at = CASE WHEN first_failed_at + ?1 < ?2 THEN first_failed_at + ?1 ELSE ?2 END
                WHERE state = 'owed' AND destination = ?3 AND first_failed_at IS NOT NULL
                """, duration.milliseconds, now.milliseconds, destination)
            try db.post(
                """
                UPDATE delivery INDEXED BY delivery_owed SET due_at = ?
                WHERE state = 'owed' AND destination = ? AND held_for = 'retry' AND refusals = 0 AND due_at > ?
                """, now.milliseconds, destination, now.milliseconds)
        }
    }
}

/// The SQL of claims, run inside their transaction.
enum ClaimRow {
    private static let owed = """
        SELECT d.id, d.fence, d.attempt, d.recipient, d.route, d.first_failed_at, d.options, d.plain, d.refusals,
            d.refused_at, \(EventRow.columns)
        FROM delivery d INDEXED BY delivery_owed JOIN event e ON e.n = d.event
        WHERE d.state = 'owed' AND d.destination = ? AND d.priority = ?
        """
    private static let next = "AND \(DeliveryRow.isFirstOfItsThread) ORDER BY d.due_at LIMIT ?"
    static let due = "\(owed) AND d.due_at <= ? \(next)"
    static let dueOrRetried = "\(owed) AND (d.due_at <= ? OR d.held_for = 'retry') \(next)"
    /// The most deliveries of one update; a null is none.
    private static let ofOneUpdate = 16
    static let take = """
        UPDATE delivery SET held_for = 'claim', due_at = ?, fence = fence + 1
        WHERE id IN (\(Array(repeating: "?", count: ofOneUpdate).joined(separator: ", ")))
        """
    static let nextDue = """
        SELECT d.due_at FROM delivery d INDEXED BY delivery_owed
        WHERE d.state = 'owed' AND d.destination = ? AND d.priority = ? AND \(DeliveryRow.isFirstOfItsThread)
        ORDER BY d.due_at LIMIT 1
        """
    static let shifts = [
        """
        UPDATE delivery INDEXED BY delivery_owed SET due_at = due_at + ?
        WHERE state = 'owed' AND held_for IN ('claim', 'retry', 'throttle')
        """,
        """
        UPDATE delivery INDEXED BY delivery_owed SET refused_at = refused_at + ? WHERE state = 'owed' AND refused_at IS NOT NULL
        """, "UPDATE run_watch SET due_at = due_at + ? WHERE settled = 0",
        "UPDATE answer INDEXED BY answer_asked SET due_at = due_at + ? WHERE state = 'asked'",
    ]
    static let claimedWithOptions = """
        SELECT id, options FROM delivery INDEXED BY delivery_owed
        WHERE state = 'owed' AND held_for = 'claim' AND options IS NOT NULL
        """
    static let release = """
        UPDATE delivery INDEXED BY delivery_owed SET due_at = \(earlier), held_for = NULL
        WHERE state = 'owed' AND held_for = 'claim'
        """

    static let releaseAnswers = "UPDATE answer INDEXED BY answer_asked SET due_at = \(earlier) WHERE state = 'asked'"
    /// The due time, or the first parameter if that is earlier.
    static let earlier = "CASE WHEN due_at < ?1 THEN due_at ELSE ?1 END"

    static func due(
        _ destination: String, _ priority: Priority, at now: Timestamp, limit: Int, probing: Bool, _ db: SQLSession
    ) throws -> [Claim] {
        try db.all(probing ? dueOrRetried : due, destination, priority.rawValue, now.milliseconds, limit) { row in
            let (event, isReadable) = EventRow.read(row, from: 10)
            let (options, areOptionsReadable) = DeliveryOptions.read(row[6])
            var claim = Claim(
                delivery: row[0], fence: row[1] + 1, attempt: row[2] + 1, event: event, destination: destination, recipient: row[3],
                route: RouteName(text: row[4]), priority: priority, firstFailedAt: row.moment(5), options: options)
            claim.isPlain = (row[7] as Int) != 0
            claim.refusals = row[8]
            claim.refusedAt = row.moment(9)
            if !isReadable { claim.damages.insert(.event) }
            if !areOptionsReadable { claim.damages.insert(.options) }
            return claim
        }
    }

    /// Nil if the delivery need not be sent; it is then settled. The caller holds what it gets.
    static func take(_ claim: Claim, at now: Timestamp, _ db: SQLSession) throws -> Claim? {
        guard let thread = claim.event.thread else { return try takeAlone(claim, at: now, db) }
        var taken = claim
        if case .approval(let detail) = claim.event.payload.detail, let account = claim.event.account {
            taken.present = try ApprovalStore.row(account: account, id: detail.id, db)
        }
        if claim.event.isFirstRequest, !claim.options.refreshes {
            try MessageThread.supersede(
                behind: claim.delivery, thread: thread, destination: claim.destination, recipient: claim.recipient, at: now, db)
        } else if let reason = try MessageThread.needless(taken, thread: thread, db) {
            // A refresh that is not needed leaves the delivery as delivered.
            let refreshes = claim.options.refreshes
            try settle(claim.delivery, as: refreshes ? .delivered : .dropped, refreshes ? nil : reason, at: now, db)
            return nil
        } else {
            taken.earlier = try MessageThread.message(of: claim, thread: thread, db)?.receipt
            if try MessageThread.isReceiptDamaged(of: claim, thread: thread, db) { taken.damages.insert(.receipt) }
        }
        return taken
    }

    /// Takes a delivery that belongs to no approval.
    /// The first event of a collapse gets the count so far, a failed run its recovery, and a refresh edits the message that was sent.
    private static func takeAlone(_ claim: Claim, at now: Timestamp, _ db: SQLSession) throws -> Claim? {
        var taken = claim
        if claim.options.onRecovery != nil { taken.recovery = try Recovery.of(claim.event, db) }
        if let window = claim.options.collapseWindow { taken.collapsed = try db.first(WindowReaderSQL.counted, window) { $0[0] } }
        if claim.options.refreshes {
            taken.earlier = try MessageThread.message(of: claim, thread: claim.event.subject, db)?.receipt
            guard taken.earlier != nil else {
                try settle(claim.delivery, as: .delivered, nil, at: now, db)
                return nil
            }
        }
        return taken
    }

    /// Writes that the deliveries are claimed, several in one statement. The claims have the fence that this gives.
    static func hold(_ claims: [Claim], until end: Timestamp, _ db: SQLSession) throws {
        for start in stride(from: 0, to: claims.count, by: ofOneUpdate) {
            let some = claims[start..<min(start + ofOneUpdate, claims.count)].map { $0.delivery as (any SQLValue)? }
            let rest = [(any SQLValue)?](repeating: nil, count: ofOneUpdate - some.count)
            try db.post(take, list: [end.milliseconds] + some + rest)
        }
    }

    static func nextDue(_ destination: String, _ priority: Priority, _ db: SQLSession) throws -> Timestamp? {
        try db.first(nextDue, destination, priority.rawValue) { $0.time(0) }
    }

    static func settleUnknown(_ delivery: Int64, at now: Timestamp, _ db: SQLSession) throws {
        try db.post("UPDATE delivery SET attempt = attempt + 1 WHERE id = ?", delivery)
        try settle(delivery, as: .unknown, "the relay ended while it was being sent, and it may be sent once at most", at: now, db)
    }

    private static func settle(_ delivery: Int64, as state: DeliveryState, _ reason: String?, at now: Timestamp, _ db: SQLSession) throws {
        try db.post(
            "UPDATE delivery SET state = ?, reason = ?, settled_at = ?, held_for = NULL WHERE id = ?", state.rawValue, reason,
            now.milliseconds, delivery)
    }
}
