import GRDB
package import RelayCore

extension Ledger {
    /// Windows that are open and whose time has come, the earliest first.
    package func dueWindows(at now: Timestamp) async throws(LedgerError) -> [Window] {
        try await read { try $0.all(WindowRow.due, now.milliseconds, make: WindowRow.make) }
    }

    /// In the order of their admission. An open window grows; a closed one says the same for ever.
    package func members(of window: Int64) async throws(LedgerError) -> [WindowMember] {
        try await read { db in
            try db.all(WindowRow.members, window) { row in
                WindowMember(event: EventRow.make(row, from: 1), toldAtOnce: row[0])
            }
        }
    }

    /// Closes a window and admits the message that it becomes, in one transaction: whoever joined is in it.
    ///
    /// - Parameters:
    ///   - most: how many members `message` is given.
    ///   - message: nil closes the window without a word.
    /// - Returns: false if it is closed already; then nothing changed.
    package func closeWindow(
        _ id: Int64, most: Int, message: @escaping @Sendable (WindowContents) -> Admission?
    ) async throws(LedgerError) -> Bool {
        let now = clock.now
        return try await writes.write("close") { db in
            guard try db.run(WindowRow.close, now.milliseconds, id) == 1 else { return false }
            if let admission = message(try WindowRow.contents(of: id, most: most, db)) {
                _ = try AdmissionRow.admit(admission, at: now, db)
            }
            return true
        }
    }

    /// Windows of a name that are open, whenever they are to close.
    package func openWindows(named name: String) async throws(LedgerError) -> [Window] {
        try await read { try $0.all(WindowRow.openByName, name, make: WindowRow.make) }
    }
}

/// Windows as rows.
enum WindowRow {
    static let columns = "w.id, w.kind, w.name, w.destination, w.opens_at, w.closes_at, w.closed_at"
    static let due = "SELECT \(columns) FROM window w WHERE w.closed_at IS NULL AND w.closes_at <= ? ORDER BY w.closes_at, w.id"
    static let members = """
        SELECT m.told_at_once, \(EventRow.columns) FROM member m JOIN event e ON e.n = m.event WHERE m.window_id = ?
        ORDER BY m.event
        """
    static let openByName = "SELECT \(columns) FROM window w WHERE w.closed_at IS NULL AND w.name = ? ORDER BY w.closes_at, w.id"
    private static let span = """
        SELECT count(*), min(e.occurred_at), max(e.occurred_at) FROM member m JOIN event e ON e.n = m.event WHERE m.window_id = ?
        """
    private static let earliest = """
        SELECT \(EventRow.columns) FROM member m JOIN event e ON e.n = m.event WHERE m.window_id = ?
        ORDER BY e.occurred_at, e.id LIMIT ?
        """

    static func contents(of window: Int64, most: Int, _ db: Database) throws -> WindowContents {
        let span = try db.first(span, window) { (count: $0[0] as Int, from: $0.moment(1), until: $0.moment(2)) }
        return WindowContents(
            count: span?.count ?? 0, from: span?.from, until: span?.until,
            first: try db.all(earliest, window, most) { EventRow.make($0) })
    }

    static let close = "UPDATE window SET closed_at = ? WHERE id = ? AND closed_at IS NULL"

    static func make(_ row: SQLRow) -> Window { make(row, from: 0) }

    static func make(_ row: SQLRow, from offset: Int) -> Window {
        Window(
            id: row[offset], kind: WindowKind(rawValue: row[offset + 1]) ?? .digest, name: row[offset + 2],
            destination: row[offset + 3], opensAt: row.time(offset + 4), closesAt: row.time(offset + 5),
            closedAt: row.moment(offset + 6))
    }

    static func join(_ join: WindowJoin, event: Int64, _ db: Database) throws {
        try db.run(
            "INSERT INTO member (window_id, event, told_at_once) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            try open(join, db), event, join.toldAtOnce)
    }

    static let anyOpen = """
        SELECT id FROM window WHERE kind = ? AND name = ? AND destination = ? AND closed_at IS NULL ORDER BY closes_at LIMIT 1
        """

    /// The open window to join. If the one that was meant has closed meanwhile, the next one of the same length.
    private static func open(_ join: WindowJoin, _ db: Database) throws -> Int64 {
        let length = max(join.opensAt.duration(to: join.closesAt), .seconds(1))
        if join.joinsAnyOpen, let found = try db.first(anyOpen, join.kind.rawValue, join.name, join.destination, make: { $0[0] as Int64 }) {
            return found
        }
        var opens = join.opensAt
        var closes = join.closesAt
        while let found = try find(join, closesAt: closes, db) {
            if found.isOpen { return found.id }
            opens = closes
            closes = closes + length
        }
        try db.run(
            "INSERT INTO window (kind, name, destination, opens_at, closes_at) VALUES (?, ?, ?, ?, ?)", join.kind.rawValue,
            join.name, join.destination, opens.milliseconds, closes.milliseconds)
        return db.lastInsertedRowID
    }

    private static func find(_ join: WindowJoin, closesAt: Timestamp, _ db: Database) throws -> (id: Int64, isOpen: Bool)? {
        try db.first(
            "SELECT id, closed_at FROM window WHERE kind = ? AND name = ? AND destination = ? AND closes_at = ?",
            join.kind.rawValue, join.name, join.destination, closesAt.milliseconds
        ) { row in (row[0], row.moment(1) == nil) }
    }
}
