import RelayCore

extension Ledger {
    /// Makes dead and unknown deliveries owed again, due at once and without counted attempts.
    ///
    /// - Returns: the number of deliveries.
    package func retry(_ selection: Selection) async throws(LedgerError) -> Int {
        let now = clock.now
        return try await writes.write("retry") { db in
            try ByHand.each(selection, db) { filter, value in
                try db.run(ByHand.retry + filter, now.milliseconds, value)
            }
        }
    }

    /// Drops owed and dead deliveries. A message that is being sent at this moment may still arrive.
    ///
    /// - Returns: the number of deliveries.
    package func drop(_ selection: Selection, reason: String) async throws(LedgerError) -> Int {
        let now = clock.now
        return try await writes.write("drop") { db in
            try ByHand.each(selection, db) { filter, value in
                try db.run(ByHand.dropOwed + filter, reason, now.milliseconds, value)
                    + db.run(ByHand.dropDead + filter, reason, now.milliseconds, value)
            }
        }
    }
}

/// The SQL of the commands `retry` and `drop`.
private enum ByHand {
    static let retry = """
        UPDATE delivery SET state = 'owed', due_at = ?, held_for = NULL, attempt = 0, first_failed_at = NULL, reason = NULL,
            settled_at = NULL, refusals = 0, refused_at = NULL WHERE state IN ('dead', 'unknown')
        """
    private static let drop = "UPDATE delivery SET state = 'dropped', reason = ?, settled_at = ?, held_for = NULL"
    static let dropOwed = "\(drop) WHERE state = 'owed'"
    static let dropDead = "\(drop) WHERE state IN ('dead', 'unknown') AND state = 'dead'"

    /// Runs the change for each delivery, event or destination that was named, and returns the number of changed rows.
    static func each(
        _ selection: Selection, _ db: SQLSession, _ change: (String, any SQLValue) throws -> Int
    ) throws -> Int {
        switch selection {
        case .deliveries(let ids):
            return try ids.reduce(0) { try $0 + change(" AND id = ?", $1) }
        case .events(let ids):
            return try ids.reduce(0) { count, id in
                guard let number = try EventRow.number(of: id, db) else { return count }
                return try count + change(" AND event = ?", number)
            }
        case .destination(let name): return try change(" AND destination = ?", name)
        case .all: return try change(" AND ?", 1)
        }
    }
}
