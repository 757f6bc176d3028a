import RelayCore

extension Ledger {
    package func event(_ id: String) async throws(LedgerError) -> StoredEvent? {
        try await read { db in
            try db.first(HistoryRow.event, id) { row in
                let rest = EventRow.columnCount
                let (event, isReadable) = EventRow.read(row)
                return StoredEvent(event: event, unrouted: row[rest], isEmptied: row[rest + 1], isReadable: isReadable)
            }
        }
    }

    /// The deliveries of an event with every attempt, and the windows that the event joined.
    package func history(_ event: String) async throws(LedgerError) -> History {
        try await read { db in
            guard let number = try EventRow.number(of: event, db) else { return History(deliveries: [], windows: []) }
            let deliveries = try db.all(HistoryRow.deliveries, number, make: HistoryRow.delivery)
            return History(
                deliveries: try deliveries.map { try HistoryRow.withAttempts($0, db) },
                windows: try db.all(HistoryRow.windows, number) { row in
                    History.Joined(window: try WindowRow.make(row, from: 1), toldAtOnce: row[0], toldIn: row[9], first: row[10])
                })
        }
    }
}

enum HistoryRow {
    static let event = """
        SELECT \(EventRow.columns),
            NOT EXISTS (SELECT 1 FROM delivery WHERE event = e.n) AND NOT EXISTS (SELECT 1 FROM member WHERE event = e.n),
            e.payload IS NULL
        FROM event e WHERE e.id = ?
        """
    static let deliveries = """
        SELECT id, destination, recipient, route, priority, state, due_at, held_for, attempt, first_failed_at, reason, settled_at
        FROM delivery WHERE event = ? ORDER BY id
        """
    static let attempts = "SELECT at, outcome, reason, detail, took FROM attempt WHERE delivery = ? ORDER BY n"
    static let windows = """
        SELECT m.told_at_once, \(WindowRow.columns), (SELECT id FROM event WHERE n = w.event),
            (SELECT e.id FROM member f JOIN event e ON e.n = f.event
                WHERE w.kind = 'storm' AND f.window_id = w.id AND f.told_at_once = 1 LIMIT 1)
        FROM member m JOIN event_window w ON w.id = m.window_id WHERE m.event = ?
        ORDER BY w.id
        """

    static func delivery(_ row: SQLRow) throws -> History.Delivery {
        History.Delivery(
            id: row[0], destination: row[1], recipient: row[2], route: RouteName(text: row[3]), priority: try row.priority(4),
            state: try row.word(5, for: "the state of a delivery"), dueAt: row.time(6),
            heldFor: try row.optionalWord(7, for: "why a delivery waits"),
            attempt: row[8], firstFailedAt: row.moment(9), reason: row[10], settledAt: row.moment(11), attempts: [])
    }

    static func withAttempts(_ delivery: History.Delivery, _ db: SQLSession) throws -> History.Delivery {
        var whole = delivery
        whole.attempts = try db.all(attempts, delivery.id) { row in
            Attempt(at: row.time(0), outcome: row[1], reason: row[2], detail: row[3], took: .milliseconds(row[4] as Int64))
        }
        return whole
    }
}
