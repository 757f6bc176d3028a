package import RelayCore

extension Ledger {
    /// The number of deliveries that are due, wait for a retry, or were deferred by their destination.
    package func unfinished(at now: Timestamp) async throws(LedgerError) -> Int {
        try await read { try $0.first(OverviewRow.unfinished, now.milliseconds) { $0[0] as Int } ?? 0 }
    }

    /// The number of events without a delivery and without a window, because no route applied. Counts only the newest `most` events.
    package func unrouted(amongNewest most: Int) async throws(LedgerError) -> Int {
        try await read { try $0.first(OverviewRow.unrouted, most) { $0[0] as Int } ?? 0 }
    }

    /// The owed and the dead deliveries, read in one transaction.
    package func overview() async throws(LedgerError) -> Overview {
        try await read { db in
            let destinations = try OverviewRow.destinations(db)
            return Overview(
                owed: destinations.reduce(0) { $0 + $1.owed }, oldestOwed: destinations.compactMap(\.oldestOwed).min(),
                destinations: destinations, dead: try OverviewRow.dead(db), owedDeliveries: try OverviewRow.owedDeliveries(db))
        }
    }
}

/// The queries behind `status`. Those about deliveries read only owed and failed ones.
enum OverviewRow {
    /// Deliveries are numbered in the order of admission, so the lowest number is the oldest.
    static let owed = """
        SELECT o.destination, o.deliveries, e.seen_at FROM (
            SELECT destination, count(*) AS deliveries, min(id) AS oldest FROM delivery INDEXED BY delivery_owed
            WHERE state = 'owed' GROUP BY destination) o
        JOIN delivery d ON d.id = o.oldest JOIN event e ON e.n = d.event ORDER BY o.destination
        """
    static let unfinished = """
        SELECT count(*) FROM delivery INDEXED BY delivery_owed
        WHERE state = 'owed' AND (due_at <= ? OR held_for IN ('retry', 'throttle'))
        """
    static let unrouted = """
        SELECT count(*) FROM (SELECT n FROM event ORDER BY n DESC LIMIT ?) e
        WHERE NOT EXISTS (SELECT 1 FROM delivery WHERE event = e.n) AND NOT EXISTS (SELECT 1 FROM member WHERE event = e.n)
        """
    static let deadCounts = """
        SELECT destination, count(*) FROM delivery INDEXED BY delivery_failed
        WHERE state IN ('dead', 'unknown') AND state = 'dead' GROUP BY destination
        """
    static let dead = """
        SELECT d.id, e.id, d.destination, d.reason, d.settled_at
        FROM delivery d INDEXED BY delivery_failed JOIN event e ON e.n = d.event
        WHERE d.state IN ('dead', 'unknown') AND d.state = 'dead' ORDER BY d.settled_at, d.id LIMIT ?
        """
    static let owedRows = """
        SELECT d.id, e.id, d.destination, d.due_at, d.held_for, d.attempt FROM (
            SELECT id FROM delivery INDEXED BY delivery_owed WHERE state = 'owed' ORDER BY id LIMIT ?) o
        JOIN delivery d ON d.id = o.id JOIN event e ON e.n = d.event ORDER BY d.id
        """

    static func destinations(_ db: SQLSession) throws -> [Overview.Destination] {
        var found: [String: Overview.Destination] = [:]
        for entry in try db.all(owed, make: { ($0[0] as String, $0[1] as Int, $0.time(2)) }) {
            found[entry.0] = Overview.Destination(name: entry.0, owed: entry.1, dead: 0, oldestOwed: entry.2)
        }
        for (name, count) in try db.all(deadCounts, make: { ($0[0] as String, $0[1] as Int) }) {
            found[name, default: Overview.Destination(name: name, owed: 0, dead: 0, oldestOwed: nil)].dead = count
        }
        return found.values.sorted { $0.name < $1.name }
    }

    static func dead(_ db: SQLSession) throws -> [Overview.Dead] {
        try db.all(dead, Overview.mostDead) { row in
            Overview.Dead(
                id: row[0], event: row[1], destination: row[2], reason: row[3] ?? "", since: row.moment(4) ?? .distantPast)
        }
    }

    static func owedDeliveries(_ db: SQLSession) throws -> [Overview.OwedDelivery] {
        try db.all(owedRows, Overview.mostOwed) { row in
            Overview.OwedDelivery(
                id: row[0], event: row[1], destination: row[2], dueAt: row.time(3),
                heldFor: try row.optionalWord(4, for: "why a delivery waits"), attempt: row[5])
        }
    }
}
