package import RelayCore

extension Ledger {
    /// Empties or deletes what is old and settled: payloads, receipts, attempts and the audit of answers.
    /// Ids are never deleted, and nothing is deleted of deliveries that are owed, dead or unknown, of open windows and of open approvals.
    /// It works in small transactions, so that nothing waits for it long.
    ///
    /// - Returns: the number of rows that were emptied or deleted.
    package func retain(
        payloadsBefore: Timestamp, attemptsBefore: Timestamp, auditBefore: Timestamp
    ) async throws(LedgerError) -> Int {
        var count = try await inSteps { db, cursor in try Retention.payloads(before: payloadsBefore, from: &cursor, db) }
        count += try await inSteps { db, cursor in try Retention.attempts(before: attemptsBefore, from: &cursor, db) }
        count += try await writes.write("retain") { db in
            try db.run(Retention.approvals, payloadsBefore.milliseconds) + db.run(Retention.receipts, payloadsBefore.milliseconds)
                + db.run(Retention.votes, auditBefore.milliseconds) + db.run(Retention.answers, auditBefore.milliseconds)
                + db.run(Retention.audit, auditBefore.milliseconds)
        }
        return count
    }

    /// Writes a consistent copy while the store is in use.
    /// The file must not exist yet; it appears when it is complete.
    package func backup(to target: String) async throws(LedgerError) {
        if let fault = faults.fault(in: .read) { throw LedgerError(fault.error, store: path) }
        try await store.backup(to: target)
    }

    /// Repeats a step from where it ended until it finds nothing more.
    private func inSteps(
        _ step: @escaping @Sendable (SQLSession, inout Retention.Cursor) throws -> Int
    ) async throws(LedgerError) -> Int {
        var total = 0
        var cursor = Retention.Cursor()
        while !cursor.isAtEnd {
            let start = cursor
            let (count, end) = try await writes.write("retain") { db in
                var cursor = start
                return (try step(db, &cursor), cursor)
            }
            total += count
            cursor = end
        }
        return total
    }
}

enum Retention {
    /// The place where the next step continues.
    struct Cursor: Sendable {
        var time: Int64 = .min
        var number: Int64 = 0
        var isAtEnd = false
    }

    private static let mostPerStep = 2_000
    static let oldPayloads = """
        SELECT e.seen_at, e.n, NOT EXISTS (
                SELECT 1 FROM delivery WHERE event = e.n AND state IN ('owed', 'dead', 'unknown'))
            AND NOT EXISTS (
                SELECT 1 FROM member m JOIN event_window w ON w.id = m.window_id WHERE m.event = e.n AND w.closed_at IS NULL)
            AND NOT (e.kind IN ('approval', 'decision', 'reminder') AND \(isOpen("e.subject")))
        FROM event e INDEXED BY event_kept
        WHERE e.payload IS NOT NULL AND (e.seen_at, e.n) > (?, ?) AND e.seen_at < ? ORDER BY e.seen_at, e.n LIMIT ?
        """
    static let oldAttempts = """
        SELECT a.at, a.n, d.state IN ('delivered', 'dropped') FROM attempt a JOIN delivery d ON d.id = a.delivery
        WHERE a.n > ? ORDER BY a.n LIMIT ?
        """
    static let approvals = "UPDATE approval SET payload = NULL WHERE open = 0 AND payload IS NOT NULL AND updated_at < ?"
    /// Receipts of deliveries that a person can still retry are kept, because the retry may edit the message.
    static let receipts = """
        DELETE FROM receipt WHERE at < ? AND NOT \(isOpen("receipt.subject")) AND NOT EXISTS (
            SELECT 1 FROM delivery d WHERE d.thread = receipt.subject AND d.state IN ('owed', 'dead', 'unknown'))
        """
    /// Answers of an open approval are kept, because their round is a part of the idempotency key and must not start again.
    static let answers = "DELETE FROM answer WHERE state <> 'asked' AND asked_at < ? AND NOT \(isOpen(of: "answer"))"
    static let votes = "DELETE FROM vote WHERE at < ? AND NOT \(isOpen(of: "vote"))"

    static let audit = "DELETE FROM audit WHERE at < ? AND NOT \(isOpen(of: "audit"))"

    private static func isOpen(_ subject: String) -> String {
        "EXISTS (SELECT 1 FROM approval a WHERE a.open = 1 AND a.account || '/approval/' || a.id = \(subject))"
    }

    private static func isOpen(of row: String) -> String {
        "EXISTS (SELECT 1 FROM approval a WHERE a.account = \(row).account AND a.id = \(row).approval AND a.open = 1)"
    }

    static func payloads(before: Timestamp, from cursor: inout Cursor, _ db: SQLSession) throws -> Int {
        let rows = try db.all(oldPayloads, cursor.time, cursor.number, before.milliseconds, mostPerStep) { row in
            (time: row[0] as Int64, n: row[1] as Int64, settled: row[2] as Bool)
        }
        for row in rows where row.settled { try db.post("UPDATE event SET payload = NULL WHERE n = ?", row.n) }
        advance(&cursor, time: rows.last?.time, number: rows.last?.n, count: rows.count)
        return rows.count(where: \.settled)
    }

    /// Attempts are numbered in the order of time, so the search ends at the first one that is young enough.
    static func attempts(before: Timestamp, from cursor: inout Cursor, _ db: SQLSession) throws -> Int {
        let rows = try db.all(oldAttempts, cursor.number, mostPerStep) { row in
            (time: row.time(0), n: row[1] as Int64, settled: row[2] as Bool)
        }
        let old = rows.prefix { $0.time < before }
        for row in old where row.settled { try db.post("DELETE FROM attempt WHERE n = ?", row.n) }
        advance(&cursor, time: nil, number: old.last?.n, count: old.count)
        return old.count(where: \.settled)
    }

    private static func advance(_ cursor: inout Cursor, time: Int64?, number: Int64?, count: Int) {
        cursor.time = time ?? cursor.time
        cursor.number = number ?? cursor.number
        cursor.isAtEnd = count < mostPerStep
    }
}
