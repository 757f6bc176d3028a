import GRDB
import RelayCore

/// Windows as rows.
enum WindowRow {
    static let columns = "w.id, w.kind, w.name, w.destination, w.opens_at, w.closes_at, w.closed_at"
    static let due = "SELECT \(columns) FROM window w WHERE w.closed_at IS NULL AND w.closes_at <= ? ORDER BY w.closes_at, w.id"
    static let open = "SELECT \(columns) FROM window w WHERE w.closed_at IS NULL ORDER BY w.closes_at, w.id"
    static let members = """
        SELECT m.told_at_once, \(EventRow.columns) FROM member m JOIN event e ON e.n = m.event WHERE m.window_id = ?
        ORDER BY m.event
        """
    static let openByName = "SELECT \(columns) FROM window w WHERE w.closed_at IS NULL AND w.name = ? ORDER BY w.closes_at, w.id"
    static let one = "SELECT \(columns) FROM window w WHERE w.id = ?"

    /// `upto` is the last event that there is.
    static let close = """
        UPDATE window SET closed_at = ?, upto = (SELECT max(n) FROM event) WHERE id = ? AND closed_at IS NULL
        """
    /// What is closed before its time ended then.
    static let cutShort = "UPDATE window SET closes_at = ? WHERE id = ? AND closed_at IS NULL AND closes_at > ?"
    static let tell = "UPDATE window SET event = ? WHERE id = ?"

    static func make(_ row: SQLRow) throws -> Window { try make(row, from: 0) }

    static func make(_ row: SQLRow, from offset: Int) throws -> Window {
        Window(
            id: row[offset], kind: try row.word(offset + 1, for: "the kind of a window"), name: row[offset + 2],
            destination: row[offset + 3], opensAt: row.time(offset + 4), closesAt: row.time(offset + 5),
            closedAt: row.moment(offset + 6))
    }
}

/// Joining a window, inside the transaction that admits the event.
enum Joining {
    static let member = "INSERT INTO member (window_id, event, told_at_once) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    static let anyOpen = """
        SELECT id FROM window WHERE kind = ? AND name = ? AND destination = ? AND closed_at IS NULL ORDER BY closes_at LIMIT 1
        """
    /// The open one that a moment lies in.
    static let containing = """
        SELECT id FROM window WHERE kind = ? AND name = ? AND destination = ? AND closes_at > ? AND opens_at <= ? AND closed_at IS NULL
        ORDER BY closes_at LIMIT 1
        """
    /// Where the last closed one ended; where none has, where the first open one begins.
    static let floor = """
        SELECT coalesce(
            (SELECT closes_at FROM window WHERE kind = ?1 AND name = ?2 AND destination = ?3 AND closed_at IS NOT NULL
                ORDER BY closes_at DESC LIMIT 1),
            (SELECT min(opens_at) FROM window WHERE kind = ?1 AND name = ?2 AND destination = ?3))
        """
    private static let insert = "INSERT INTO window (kind, name, destination, opens_at, closes_at) VALUES (?, ?, ?, ?, ?)"
    private static let find = """
        SELECT id, closed_at FROM window WHERE kind = ? AND name = ? AND destination = ? AND closes_at = ?
        """

    /// - Returns: the window that took it.
    @discardableResult
    static func join(_ join: WindowJoin, event: Int64, _ db: Database) throws -> Int64 {
        let window = try open(join, db)
        try db.run(member, window, event, join.toldAtOnce)
        return window
    }

    /// The open window to join, made if there is none.
    private static func open(_ join: WindowJoin, _ db: Database) throws -> Int64 {
        if let slot = join.slot { return try open(slot, join, db) }
        if join.joinsAnyOpen, let found = try anyOpen(join, db) { return found }
        let length = max(join.opensAt.duration(to: join.closesAt), .seconds(1))
        var opens = join.opensAt
        var closes = join.closesAt
        // If the one that was meant has closed meanwhile, the next one of the same length.
        while let found = try find(join, closesAt: closes, db) {
            if found.isOpen { return found.id }
            opens = closes
            closes = closes + length
        }
        return try make(join, opensAt: opens, closesAt: closes, db)
    }

    static func anyOpen(_ join: WindowJoin, _ db: Database) throws -> Int64? {
        try db.first(anyOpen, join.kind.rawValue, join.name, join.destination) { $0[0] }
    }

    /// What happened before the end of what was closed, or in the future, is of the present.
    private static func open(_ slot: WindowJoin.Slot, _ join: WindowJoin, _ db: Database) throws -> Int64 {
        let now = join.opensAt
        let floor = try db.first(floor, join.kind.rawValue, join.name, join.destination) { $0.moment(0) } ?? nil
        var start = max(min(slot.happened, now), floor ?? now)
        if let found = try containing(start, join, db) { return found }
        while true {
            let closes = slot.schedule.next(after: start) ?? start + .seconds(86_400)
            if let found = try find(join, closesAt: closes, db) {
                if found.isOpen { return found.id }
                start = closes
                continue
            }
            let opens = slot.schedule.previous(atOrBefore: start) ?? start
            return try make(join, opensAt: min(max(opens, floor ?? opens), closes), closesAt: closes, db)
        }
    }

    private static func containing(_ moment: Timestamp, _ join: WindowJoin, _ db: Database) throws -> Int64? {
        try db.first(containing, join.kind.rawValue, join.name, join.destination, moment.milliseconds, moment.milliseconds) { $0[0] }
    }

    static func make(_ join: WindowJoin, opensAt: Timestamp, closesAt: Timestamp, _ db: Database) throws -> Int64 {
        try db.run(insert, join.kind.rawValue, join.name, join.destination, opensAt.milliseconds, closesAt.milliseconds)
        return db.lastInsertedRowID
    }

    private static func find(_ join: WindowJoin, closesAt: Timestamp, _ db: Database) throws -> (id: Int64, isOpen: Bool)? {
        try db.first(find, join.kind.rawValue, join.name, join.destination, closesAt.milliseconds) { row in
            (row[0], row.moment(1) == nil)
        }
    }
}
