import GRDB
package import RelayCore

extension Ledger {
    /// Owes to `fallback` what `destination` has owed for too long: once each, and the debt itself stays where it is.
    ///
    /// - Parameter seenBefore: only events seen before it.
    /// - Returns: how many deliveries were added.
    package func divert(
        from destination: String, to fallback: String, recipients: [String], atLeast priority: Priority, seenBefore: Timestamp
    ) async throws(LedgerError) -> Int {
        let now = clock.now
        return try await writes.write("divert") { db in
            var added = 0
            for recipient in recipients {
                added += try db.run(
                    Self.divert, fallback, recipient, now.milliseconds, destination, priority.rawValue, seenBefore.milliseconds)
            }
            return added
        }
    }

    private static let divert = """
        INSERT INTO delivery (event, destination, recipient, route, priority, state, due_at, thread)
        SELECT d.event, ?, ?, 'fallback', d.priority, 'owed', ?, d.thread FROM delivery d JOIN event e ON e.n = d.event
        WHERE d.state = 'owed' AND d.destination = ? AND d.priority >= ? AND e.seen_at < ?
        ON CONFLICT (event, destination, recipient) DO NOTHING
        """
}
