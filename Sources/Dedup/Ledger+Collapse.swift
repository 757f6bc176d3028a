package import RelayCore

extension Ledger {
    /// The number of events that arrived for a destination after `start`, counted up to `most`.
    package func arrivals(at destination: String, since start: Timestamp, most: Int) async throws(LedgerError) -> Int {
        try await read { try $0.first(AdmissionGate.arrivals, destination, start.milliseconds, most) { $0[0] } ?? 0 }
    }

    /// Changes when an open window closes.
    package func move(_ window: Int64, to closesAt: Timestamp) async throws(LedgerError) {
        try await writes.write("move") { db in
            try db.post(CollapseRow.move, closesAt.milliseconds, window)
        }
    }

    /// Makes the message of a collapse's first event owed again, due at once, so that an edit shows the final count.
    ///
    /// - Returns: false if that message cannot be found again; the count then needs a message of its own.
    package func refreshCollapsed(_ window: Int64, at destination: String) async throws(LedgerError) -> Bool {
        let now = clock.now
        return try await writes.write("refresh") { db in
            guard try db.first(CollapseRow.message, window, destination, make: { $0[0] as Int }) != nil else { return false }
            try DeliveryRow.refresh(AdmissionGate.first, destination, window, due: now, db)
            try db.post(CollapseRow.hasten, now.milliseconds, destination, window)
            return true
        }
    }
}

enum CollapseRow {
    static let move = "UPDATE event_window SET closes_at = ?1 WHERE id = ?2 AND closed_at IS NULL AND \(WindowRow.isFree("?1"))"
    /// Finds the receipt of the first event's message, if the destination can edit that message.
    static let message = """
        SELECT 1 FROM member m JOIN event e ON e.n = m.event JOIN receipt r ON r.subject = e.subject
        WHERE m.window_id = ? AND m.told_at_once = 1 AND r.destination = ? AND r.state = 'sent' AND r.remote <> '{}' LIMIT 1
        """
    /// Makes an edit that waits for `AdmissionGate.refreshEvery` due now.
    static let hasten = """
        UPDATE delivery SET due_at = \(ClaimRow.earlier) WHERE state = 'owed' AND held_for IS NULL AND destination = ?2
            AND event IN (SELECT event FROM member WHERE window_id = ?3 AND told_at_once = 1)
        """
}
