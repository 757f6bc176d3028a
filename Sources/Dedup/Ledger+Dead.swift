package import RelayCore

/// The dead deliveries of one destination with one reason.
package struct DeadGroup: Sendable, Equatable {
    package var destination: String
    package var reason: String
    package var count: Int
    /// When the first of them died.
    package var since: Timestamp
}

extension Ledger {
    /// The dead deliveries, grouped by destination and reason, the oldest group first.
    package func deadGroups() async throws(LedgerError) -> [DeadGroup] {
        try await read { db in
            try db.all(DeadRow.groups) { row in
                DeadGroup(destination: row[0], reason: row[1], count: row[2], since: row.moment(3) ?? .distantPast)
            }
        }
    }

    /// Adds deliveries to `fallback` for events whose delivery to `destination` is dead: those of priority high and above, and those about
    /// approvals. Each event is added once, and its dead delivery stays.
    ///
    /// - Parameters:
    ///   - since: only deliveries that died after this moment are added, so that a new fallback does not get old ones.
    ///   - quiet: the end of the fallback's quiet hours for a priority; nil means that the delivery is due now.
    /// - Returns: the number of deliveries that were added.
    package func divertDead(
        from destination: String, to fallback: String, recipients: [String], since: Timestamp,
        quiet: (Priority) -> Timestamp? = { _ in nil }
    ) async throws(LedgerError) -> Int {
        let now = clock.now
        var added = 0
        for recipient in recipients {
            let dead = try await read { db in
                try db.all(DeadRow.undiverted, destination, since.milliseconds, Priority.high.rawValue, fallback, recipient) {
                    (id: $0[0] as Int64, priority: try $0.priority(1))
                }
            }
            guard !dead.isEmpty else { continue }
            let owed = dead.map { (id: $0.id, until: quiet($0.priority)) }
            added += try await writes.write("divert-dead") { db in
                try owed.reduce(0) { count, one in
                    try count
                        + db.run(
                            DeadRow.divert, fallback, recipient, RouteName.builtIn(.fallback).text, (one.until ?? now).milliseconds,
                            one.until.map { _ in DeferReason.quiet.rawValue }, one.id)
                }
            }
        }
        return added
    }
}

/// The SQL of dead deliveries.
enum DeadRow {
    static let groups = """
        SELECT destination, coalesce(reason, ''), count(*), min(settled_at) FROM delivery INDEXED BY delivery_failed
        WHERE state IN ('dead', 'unknown') AND state = 'dead' GROUP BY destination, coalesce(reason, '') ORDER BY min(settled_at)
        """
    static let undiverted = """
        SELECT d.id, d.priority FROM delivery d INDEXED BY delivery_failed JOIN event e ON e.n = d.event
        WHERE d.state IN ('dead', 'unknown') AND d.state = 'dead' AND d.destination = ? AND d.settled_at >= ?
            AND (d.priority >= ? OR e.kind IN ('approval', 'reminder', 'decision'))
            AND NOT \(MessageRefresh.isOne("d"))
            AND NOT EXISTS (SELECT 1 FROM delivery f WHERE f.event = d.event AND f.destination = ? AND f.recipient = ?)
        ORDER BY d.id LIMIT 500
        """
    static let divert = """
        INSERT INTO delivery (event, destination, recipient, route, priority, state, due_at, held_for, thread, options)
        SELECT event, ?, ?, ?, priority, 'owed', ?, ?, thread, NULL FROM delivery WHERE id = ? AND state = 'dead'
        ON CONFLICT (event, destination, recipient) DO NOTHING
        """
}
