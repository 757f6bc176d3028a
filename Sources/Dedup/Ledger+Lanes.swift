import RelayCore

extension Ledger {
    /// Stores the state of a lane.
    package func setLane(_ lane: LaneRecord) async throws(LedgerError) {
        try await writes.write("lane") { db in
            _ = try db.run(
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
        UPDATE OR IGNORE delivery INDEXED BY delivery_owed SET destination = ? WHERE state = 'owed' AND destination = ?
        """
    static let failed = """
        UPDATE OR IGNORE delivery INDEXED BY delivery_failed SET destination = ?
        WHERE state IN ('dead', 'unknown') AND destination = ?
        """
    static let doubled = """
        UPDATE delivery INDEXED BY delivery_owed SET state = 'dropped', reason = 'superseded', settled_at = ?, held_for = NULL
        WHERE state = 'owed' AND destination = ?
        """
    static let threads = """
        UPDATE OR IGNORE delivery INDEXED BY delivery_thread SET destination = ? WHERE thread IS NOT NULL AND destination = ?
        """
    static let receipts = "UPDATE OR IGNORE receipt SET destination = ? WHERE destination = ?"
    static let windows = "UPDATE OR IGNORE event_window SET destination = ? WHERE destination = ? AND closed_at IS NULL"

    static func rename(_ old: String, to new: String, at now: Timestamp, _ db: SQLSession) throws -> Int {
        guard old != new else { return 0 }
        let moved = try db.run(owed, new, old) + db.run(failed, new, old)
        try db.run(doubled, now.milliseconds, old)
        try db.run(threads, new, old)
        try db.run(receipts, new, old)
        try db.run(windows, new, old)
        try db.run("DELETE FROM lane WHERE destination = ?", old)
        return moved
    }
}
