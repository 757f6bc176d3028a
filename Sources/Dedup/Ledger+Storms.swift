import GRDB
package import RelayCore

extension Ledger {
    /// How much came for a destination since a moment, but no more than it is asked for.
    package func arrivals(at destination: String, since start: Timestamp, most: Int) async throws(LedgerError) -> Int {
        try await read { try $0.first(AdmissionGate.arrivals, destination, start.milliseconds, most) { $0[0] } ?? 0 }
    }

    /// An open window closes later, or sooner, than it was to.
    package func move(_ window: Int64, to closesAt: Timestamp) async throws(LedgerError) {
        try await writes.write("move") { db in
            _ = try db.run(StormRow.move, closesAt.milliseconds, window)
        }
    }

    /// Owes the message of a storm's first once more, so that it says how many there were in the end.
    ///
    /// - Returns: false if its message cannot be found again: then the count is to be told in another.
    package func refreshStorm(_ window: Int64, at destination: String) async throws(LedgerError) -> Bool {
        let now = clock.now
        return try await writes.write("refresh") { db in
            guard try db.first(StormRow.message, window, destination, make: { $0[0] as Int }) != nil else { return false }
            try db.run(AdmissionGate.refresh, now.milliseconds, destination, window)
            try db.run(StormRow.hasten, now.milliseconds, destination, window)
            return true
        }
    }
}

enum StormRow {
    static let move = "UPDATE OR IGNORE window SET closes_at = ? WHERE id = ? AND closed_at IS NULL"
    /// A message that can be found again.
    static let message = """
        SELECT 1 FROM member m JOIN event e ON e.n = m.event JOIN receipt r ON r.subject = e.subject
        WHERE m.window_id = ? AND m.told_at_once = 1 AND r.destination = ? AND r.state = 'sent' AND r.remote <> '{}' LIMIT 1
        """
    /// What is owed already is so at once.
    static let hasten = """
        UPDATE delivery SET due_at = min(due_at, ?) WHERE state = 'owed' AND held_for IS NULL AND destination = ?
            AND event IN (SELECT event FROM member WHERE window_id = ? AND told_at_once = 1)
        """
}
