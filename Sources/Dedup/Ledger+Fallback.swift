package import RelayCore

extension Ledger {
    /// Adds deliveries to `fallback` for events that `destination` has owed for too long.
    /// Each event is added once, and its delivery to `destination` stays owed.
    /// Deliveries that quiet hours hold have not waited yet.
    ///
    /// - Parameters:
    ///   - seenBefore: only events that were seen before this moment are added.
    ///   - quiet: the end of the fallback's quiet hours for a priority; nil means that the delivery is due now.
    /// - Returns: the number of deliveries that were added.
    package func divert(
        from destination: String, to fallback: String, recipients: [String], atLeast priority: Priority, seenBefore: Timestamp,
        quiet: (Priority) -> Timestamp? = { _ in nil }
    ) async throws(LedgerError) -> Int {
        let now = clock.now
        var added = 0
        for recipient in recipients {
            let waiting = try await read { db in
                try db.all(
                    Self.waiting, destination, priority.rawValue, seenBefore.milliseconds, now.milliseconds, fallback, recipient,
                    Self.mostAtOnce
                ) { (id: $0[0] as Int64, priority: try $0.priority(1)) }
            }
            guard !waiting.isEmpty else { continue }
            let owed = waiting.map { (id: $0.id, until: quiet($0.priority)) }
            added += try await writes.write("divert") { db in
                try owed.reduce(0) { count, one in
                    let hold = one.until.map { _ in DeferReason.quiet.rawValue }
                    let route = RouteName.builtIn(.fallback).text
                    return try count + db.run(Self.divert, fallback, recipient, route, (one.until ?? now).milliseconds, hold, one.id)
                }
            }
        }
        return added
    }

    private static let mostAtOnce = 500
    /// It runs outside the writing transaction, so that a long list does not delay other lanes.
    private static let waiting = """
        SELECT d.id, d.priority FROM delivery d INDEXED BY delivery_owed JOIN event e ON e.n = d.event
        WHERE d.state = 'owed' AND d.destination = ? AND d.priority >= ? AND e.seen_at < ?
            AND (d.held_for IS NULL OR d.held_for <> 'quiet' OR d.due_at <= ?)
            AND NOT \(MessageRefresh.isOne("d"))
            AND NOT EXISTS (SELECT 1 FROM delivery f WHERE f.event = d.event AND f.destination = ? AND f.recipient = ?)
        ORDER BY d.id LIMIT ?
        """
    private static let divert = """
        INSERT INTO delivery (event, destination, recipient, route, priority, state, due_at, held_for, thread, options)
        SELECT event, ?, ?, ?, priority, 'owed', ?, ?, thread, options FROM delivery WHERE id = ? AND state = 'owed'
        ON CONFLICT (event, destination, recipient) DO NOTHING
        """
}
