import GRDB
package import RelayCore

extension Ledger {
    /// Takes what is due at a destination: the most urgent first, then the longest due. Held for `lease`, after which it comes back
    /// by itself.
    ///
    /// A request that is taken stands for the updates owed behind it, since it is rendered from the present row; of several updates the
    /// last stands for all. What a message shows already is not told again.
    ///
    /// - Parameter probing: also takes what waits for its next try: a destination that may be back is asked with the most urgent.
    package func claim(
        _ destination: String, limit: Int, lease: Duration, probing: Bool = false
    ) async throws(LedgerError) -> [Claim] {
        let now = clock.now
        return try await writes.write("claim") { db in
            var claims: [Claim] = []
            for priority in Priority.allCases.reversed() {
                while claims.count < limit {
                    let due = try ClaimRow.due(destination, priority, at: now, limit: limit - claims.count, probing: probing, db)
                    let taken = try due.compactMap { try ClaimRow.take($0, until: now + lease, at: now, db) }
                    claims += taken
                    // What turned out to be needless made room for another.
                    if taken.count == due.count { break }
                }
            }
            return claims
        }
    }

    /// When something owed to the destination can next be claimed; in the past if it is due already, nil if nothing is owed.
    package func nextDue(_ destination: String) async throws(LedgerError) -> Timestamp? {
        try await read { db in
            try Priority.allCases.compactMap { try ClaimRow.nextDue(destination, $0, db) }.min()
        }
    }

    /// Ends every claim: due at once, or *unknown* where it may be sent once at most. Only at start, under the `StoreLock`,
    /// where every claim is stale by proof. Answers on their way are due at once too: a command that holds one at this moment asks under
    /// the same key, and only the later claim settles it.
    ///
    /// - Returns: how many there were.
    package func releaseClaims() async throws(LedgerError) -> Int {
        let now = clock.now
        return try await writes.write("release") { db in
            let once = try db.all(ClaimRow.claimedWithOptions) { ($0[0] as Int64, DeliveryOptions(text: $0[1])) }
                .filter { $0.1.atMostOnce && !$0.1.refreshes }
            for (delivery, _) in once { try ClaimRow.settleUnknown(delivery, at: now, db) }
            try db.run(ClaimRow.releaseAnswers, now.milliseconds)
            return try db.run(ClaimRow.release, now.milliseconds) + once.count
        }
    }

    /// The wall clock was set: what waits for a claim's end, a retry or a rate limit moves with it, and so do looks at runs and answers
    /// on their way.
    ///
    /// - Parameter difference: negative if the clock was set back.
    package func shiftHeld(by difference: Duration) async throws(LedgerError) {
        try await writes.write("shift") { db in
            for statement in ClaimRow.shifts { try db.run(statement, difference.milliseconds) }
        }
    }

    /// Time while the lane was not open does not count towards giving up: the first failures move forward, but never past now.
    package func excuse(_ destination: String, by duration: Duration) async throws(LedgerError) {
        let now = clock.now
        try await writes.write("excuse") { db in
            _ = try db.run(
                """
                UPDATE delivery INDEXED BY delivery_owed SET first_failed_at = min(first_failed_at + ?, ?)
                WHERE state = 'owed' AND destination = ? AND first_failed_at IS NOT NULL
                """, duration.milliseconds, now.milliseconds, destination)
        }
    }
}

/// Claims inside their transaction.
enum ClaimRow {
    private static let owed = """
        SELECT d.id, d.fence, d.attempt, d.recipient, d.route, d.first_failed_at, d.options, \(EventRow.columns)
        FROM delivery d INDEXED BY delivery_owed JOIN event e ON e.n = d.event
        WHERE d.state = 'owed' AND d.destination = ? AND d.priority = ?
        """
    private static let next = "AND \(DeliveryRow.isFirstOfItsThread) ORDER BY d.due_at LIMIT ?"
    static let due = "\(owed) AND d.due_at <= ? \(next)"
    static let dueOrRetried = "\(owed) AND (d.due_at <= ? OR d.held_for = 'retry') \(next)"
    static let take = "UPDATE delivery SET held_for = 'claim', due_at = ?, fence = ? WHERE id = ?"
    static let nextDue = """
        SELECT d.due_at FROM delivery d INDEXED BY delivery_owed
        WHERE d.state = 'owed' AND d.destination = ? AND d.priority = ? AND \(DeliveryRow.isFirstOfItsThread)
        ORDER BY d.due_at LIMIT 1
        """
    static let shifts = [
        """
        UPDATE delivery INDEXED BY delivery_owed SET due_at = due_at + ?
        WHERE state = 'owed' AND held_for IN ('claim', 'retry', 'throttle')
        """, "UPDATE run_watch SET due_at = due_at + ? WHERE settled = 0",
        "UPDATE answer INDEXED BY answer_asked SET due_at = due_at + ? WHERE state = 'asked'",
    ]
    static let claimedWithOptions = """
        SELECT id, options FROM delivery INDEXED BY delivery_owed
        WHERE state = 'owed' AND held_for = 'claim' AND options IS NOT NULL
        """
    static let release = """
        UPDATE delivery INDEXED BY delivery_owed SET due_at = min(due_at, ?), held_for = NULL
        WHERE state = 'owed' AND held_for = 'claim'
        """

    static let releaseAnswers = "UPDATE answer INDEXED BY answer_asked SET due_at = min(due_at, ?) WHERE state = 'asked'"

    static func due(
        _ destination: String, _ priority: Priority, at now: Timestamp, limit: Int, probing: Bool, _ db: Database
    ) throws -> [Claim] {
        try db.all(probing ? dueOrRetried : due, destination, priority.rawValue, now.milliseconds, limit) { row in
            let (event, isReadable) = EventRow.read(row, from: 7)
            let (options, areOptionsReadable) = DeliveryOptions.read(row[6])
            var claim = Claim(
                delivery: row[0], fence: row[1] + 1, attempt: row[2] + 1, event: event, destination: destination, recipient: row[3],
                route: row[4], priority: priority, firstFailedAt: row.moment(5), options: options)
            if !isReadable { claim.damages.insert(.event) }
            if !areOptionsReadable { claim.damages.insert(.options) }
            return claim
        }
    }

    /// Nil if there is nothing to send after all: then it is settled.
    static func take(_ claim: Claim, until end: Timestamp, at now: Timestamp, _ db: Database) throws -> Claim? {
        guard let thread = claim.event.thread else { return try takeAlone(claim, until: end, at: now, db) }
        var taken = claim
        if case .approval(let detail) = claim.event.payload.detail, let account = claim.event.account {
            taken.present = try ApprovalStore.row(account: account, id: detail.id, db)
        }
        if claim.event.isFirstRequest, !claim.options.refreshes {
            try MessageThread.supersede(
                behind: claim.delivery, thread: thread, destination: claim.destination, recipient: claim.recipient, at: now, db)
        } else if let reason = try MessageThread.needless(taken, thread: thread, db) {
            // What was delivered stays so.
            let refreshes = claim.options.refreshes
            try settle(claim.delivery, as: refreshes ? .delivered : .dropped, refreshes ? nil : reason, at: now, db)
            return nil
        } else {
            taken.earlier = try MessageThread.message(of: claim, thread: thread, db)?.receipt
            if try MessageThread.isReceiptDamaged(of: claim, thread: thread, db) { taken.damages.insert(.receipt) }
        }
        try hold(taken, until: end, db)
        return taken
    }

    /// What replaces nothing. The first of a storm says how many there were, in the message that it was told by.
    private static func takeAlone(_ claim: Claim, until end: Timestamp, at now: Timestamp, _ db: Database) throws -> Claim? {
        var taken = claim
        if let storm = claim.options.storm { taken.alike = try db.first(WindowReaderSQL.counted, storm) { $0[0] } }
        if claim.options.refreshes {
            taken.earlier = try MessageThread.message(of: claim, thread: claim.event.subject, db)?.receipt
            guard taken.earlier != nil else {
                try settle(claim.delivery, as: .delivered, nil, at: now, db)
                return nil
            }
        }
        try hold(taken, until: end, db)
        return taken
    }

    private static func hold(_ claim: Claim, until end: Timestamp, _ db: Database) throws {
        try db.run(take, end.milliseconds, claim.fence, claim.delivery)
    }

    static func nextDue(_ destination: String, _ priority: Priority, _ db: Database) throws -> Timestamp? {
        try db.first(nextDue, destination, priority.rawValue) { $0.time(0) }
    }

    static func settleUnknown(_ delivery: Int64, at now: Timestamp, _ db: Database) throws {
        try db.run("UPDATE delivery SET attempt = attempt + 1 WHERE id = ?", delivery)
        try settle(delivery, as: .unknown, "the relay ended while it was being sent, and it may be sent once at most", at: now, db)
    }

    private static func settle(_ delivery: Int64, as state: DeliveryState, _ reason: String?, at now: Timestamp, _ db: Database) throws {
        try db.run(
            "UPDATE delivery SET state = ?, reason = ?, settled_at = ?, held_for = NULL WHERE id = ?", state.rawValue, reason,
            now.milliseconds, delivery)
    }
}
