import GRDB
import RelayCore

extension Ledger {
    /// Stores how a lane is.
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

    /// The lanes by name, without those that never left the state *open*.
    package func lanes() async throws(LedgerError) -> [LaneRecord] {
        try await read { db in
            try db.all("SELECT destination, state, reason, since, until FROM lane ORDER BY destination") { row in
                LaneRecord(
                    destination: row[0], state: try row.word(1, for: "the state of a lane"), reason: row[2], since: row.time(3),
                    until: row.moment(4))
            }
        }
    }

    /// Gives the owed deliveries of a destination with a former name, and the messages that it may still have to edit, to this one.
    ///
    /// Deliveries that were settled for good keep the old name. An event that both names owe is owed once.
    /// - Returns: how many deliveries changed their name.
    package func rename(destination old: String, to new: String) async throws(LedgerError) -> Int {
        guard old != new else { return 0 }
        let now = clock.now
        return try await writes.write("rename") { db in
            let moved = try db.run(Renaming.owed, new, old) + db.run(Renaming.failed, new, old)
            try db.run(Renaming.doubled, now.milliseconds, old)
            try db.run(Renaming.threads, new, old)
            try db.run(Renaming.receipts, new, old)
            try db.run(Renaming.windows, new, old)
            try db.run("DELETE FROM lane WHERE destination = ?", old)
            return moved
        }
    }
}

private enum Renaming {
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
    static let windows = "UPDATE OR IGNORE window SET destination = ? WHERE destination = ? AND closed_at IS NULL"
}
