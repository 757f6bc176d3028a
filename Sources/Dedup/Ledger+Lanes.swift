import RelayCore

extension Ledger {
    /// Stores the state of a lane.
    package func setLane(_ lane: LaneRecord) async throws(LedgerError) {
        try await writes.write("lane") { db in
            try db.post(
                """
                INSERT INTO lane (destination, state, reason, since, until) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (destination) DO UPDATE SET
                    state = excluded.state, reason = excluded.reason, since = excluded.since, until = excluded.until
                """, lane.destination, lane.state.rawValue, lane.reason, lane.since.milliseconds, lane.until?.milliseconds)
        }
    }

    /// The stored states of lanes, sorted by destination.
    /// A destination whose state never changed has none.
    package func lanes() async throws(LedgerError) -> [LaneRecord] {
        try await read { db in
            try db.all("SELECT destination, state, reason, since, until FROM lane ORDER BY destination") { row in
                LaneRecord(
                    destination: row[0], state: try row.word(1, for: "the state of a lane"), reason: row[2], since: row.time(3),
                    until: row.moment(4))
            }
        }
    }

    /// Moves what is owed to a destination, and its receipts and open windows, to the destination's new name.
    /// Settled deliveries keep the old name, and an event that is owed to both names is owed once.
    ///
    /// - Returns: the number of deliveries that were moved.
    package func rename(destination old: String, to new: String) async throws(LedgerError) -> Int {
        let now = clock.now
        return try await writes.write("rename") { try DestinationRenaming.rename(old, to: new, at: now, $0) }
    }
}

/// Renames a destination, inside a transaction.
enum DestinationRenaming {
    static let owed = """
        UPDATE delivery INDEXED BY delivery_owed SET destination = ?1 WHERE state = 'owed' AND destination = ?2 AND \(isFree)
        """
    static let failed = """
        UPDATE delivery INDEXED BY delivery_failed SET destination = ?1
        WHERE state IN ('dead', 'unknown') AND destination = ?2 AND \(isFree)
        """
    static let doubled = """
        UPDATE delivery INDEXED BY delivery_owed SET state = 'dropped', reason = 'superseded', settled_at = ?, held_for = NULL
        WHERE state = 'owed' AND destination = ?
        """
    static let threads = """
        UPDATE delivery INDEXED BY delivery_thread SET destination = ?1 WHERE thread IS NOT NULL AND destination = ?2 AND \(isFree)
        """
    static let receipts = """
        UPDATE receipt SET destination = ?1 WHERE destination = ?2 AND NOT EXISTS (
            SELECT 1 FROM receipt o WHERE o.subject = receipt.subject AND o.destination = ?1 AND o.recipient = receipt.recipient)
        """
    static let windows = """
        UPDATE event_window SET destination = ?1 WHERE destination = ?2 AND closed_at IS NULL AND NOT EXISTS (
            SELECT 1 FROM event_window o WHERE o.kind = event_window.kind AND o.name = event_window.name AND o.destination = ?1
                AND o.closes_at = event_window.closes_at)
        """
    /// The new name owes nothing of that event to that recipient.
    private static let isFree = """
        NOT EXISTS (
            SELECT 1 FROM delivery o WHERE o.event = delivery.event AND o.destination = ?1 AND o.recipient = delivery.recipient)
        """

    static func rename(_ old: String, to new: String, at now: Timestamp, _ db: SQLSession) throws -> Int {
        guard old != new else { return 0 }
        let moved = try db.run(owed, new, old) + db.run(failed, new, old)
        try db.post(doubled, now.milliseconds, old)
        try db.post(threads, new, old)
        try db.post(receipts, new, old)
        try db.post(windows, new, old)
        try db.post("DELETE FROM lane WHERE destination = ?", old)
        return moved
    }
}
