import RelayCore

/// The SQL of windows, and windows made from rows.
enum WindowRow {
    /// Whether no other window of the same kind, name and destination ends at a moment.
    static func isFree(_ moment: String) -> String {
        """
        NOT EXISTS (
            SELECT 1 FROM event_window o WHERE o.kind = event_window.kind AND o.name = event_window.name
                AND o.destination = event_window.destination AND o.closes_at = \(moment) AND o.id <> event_window.id)
        """
    }

    static let columns = "w.id, w.kind, w.name, w.destination, w.opens_at, w.closes_at, w.closed_at, w.released"
    static let due = "SELECT \(columns) FROM event_window w WHERE w.closed_at IS NULL AND w.closes_at <= ? ORDER BY w.closes_at, w.id"
    static let open = "SELECT \(columns) FROM event_window w WHERE w.closed_at IS NULL ORDER BY w.closes_at, w.id"
    static let members = """
        SELECT m.told_at_once, \(EventRow.columns) FROM member m JOIN event e ON e.n = m.event WHERE m.window_id = ?
        ORDER BY m.event
        """
    static let openOfKind = """
        SELECT \(columns) FROM event_window w WHERE w.closed_at IS NULL AND w.kind = ?1 AND (CAST(?2 AS TEXT) IS NULL OR w.name = ?2)
        ORDER BY w.closes_at, w.id
        """
    static let one = "SELECT \(columns) FROM event_window w WHERE w.id = ?"

    /// `upto` becomes the number of the last event in the store.
    static let close = """
        UPDATE event_window SET closed_at = ?, upto = (SELECT max(n) FROM event) WHERE id = ? AND closed_at IS NULL
        """
    /// A window that closes early ends at that moment.
    static let cutShort = "UPDATE event_window SET closes_at = ? WHERE id = ? AND closed_at IS NULL AND closes_at > ?"
    static let tell = "UPDATE event_window SET event = ? WHERE id = ?"

    static func make(_ row: SQLRow) throws -> Window { try make(row, from: 0) }

    static func make(_ row: SQLRow, from offset: Int) throws -> Window {
        Window(
            id: row[offset], kind: try row.word(offset + 1, for: "the kind of a window"), name: row[offset + 2],
            destination: row[offset + 3], opensAt: row.time(offset + 4), closesAt: row.time(offset + 5),
            closedAt: row.moment(offset + 6), isReleased: (row[offset + 7] as Int) != 0)
    }
}

/// Puts an event into a window, inside the transaction that admits the event.
enum Joining {
    static let member = "INSERT INTO member (window_id, event, told_at_once) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    static let anyOpen = """
        SELECT id FROM event_window WHERE kind = ? AND name = ? AND destination = ? AND closed_at IS NULL ORDER BY closes_at LIMIT 1
        """
    /// The open window that contains a moment.
    static let containing = """
        SELECT id FROM event_window
        WHERE kind = ? AND name = ? AND destination = ? AND closes_at > ? AND opens_at <= ? AND closed_at IS NULL
        ORDER BY closes_at LIMIT 1
        """
    /// The end of the last closed window; if none has closed, the beginning of the first open one.
    static let floor = """
        SELECT coalesce(
            (SELECT closes_at FROM event_window WHERE kind = ?1 AND name = ?2 AND destination = ?3 AND closed_at IS NOT NULL
                ORDER BY closes_at DESC LIMIT 1),
            (SELECT min(opens_at) FROM event_window WHERE kind = ?1 AND name = ?2 AND destination = ?3))
        """
    private static let insert = "INSERT INTO event_window (kind, name, destination, opens_at, closes_at) VALUES (?, ?, ?, ?, ?)"
    private static let find = """
        SELECT id, closed_at FROM event_window WHERE kind = ? AND name = ? AND destination = ? AND closes_at = ?
        """

    /// - Returns: the window that the event joined.
    @discardableResult
    static func join(_ join: WindowJoin, event: Int64, _ db: SQLSession) throws -> Int64 {
        let window = try open(join, db)
        try db.post(member, window, event, join.toldAtOnce)
        return window
    }

    /// Finds the open window to join, or makes it.
    private static func open(_ join: WindowJoin, _ db: SQLSession) throws -> Int64 {
        if let slot = join.slot { return try open(slot, join, db) }
        if join.joinsAnyOpen, let found = try anyOpen(join, db) { return found }
        let length = max(join.opensAt.duration(to: join.closesAt), .seconds(1))
        var opens = join.opensAt
        var closes = join.closesAt
        // If that window has closed already, the next one of the same length is joined.
        while let found = try find(join, closesAt: closes, db) {
            if found.isOpen { return found.id }
            opens = closes
            closes = closes + length
        }
        return try make(join, opensAt: opens, closesAt: closes, db)
    }

    static func anyOpen(_ join: WindowJoin, _ db: SQLSession) throws -> Int64? {
        try db.first(anyOpen, join.kind.rawValue, join.name, join.destination) { $0[0] }
    }

    /// An event from before the end of the last closed window joins the slot after that end; one from the future joins the present slot.
    private static func open(_ slot: WindowJoin.Slot, _ join: WindowJoin, _ db: SQLSession) throws -> Int64 {
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

    private static func containing(_ moment: Timestamp, _ join: WindowJoin, _ db: SQLSession) throws -> Int64? {
        try db.first(containing, join.kind.rawValue, join.name, join.destination, moment.milliseconds, moment.milliseconds) { $0[0] }
    }

    static func make(_ join: WindowJoin, opensAt: Timestamp, closesAt: Timestamp, _ db: SQLSession) throws -> Int64 {
        let made = try db.insert(
            insert, numbered: "id", join.kind.rawValue, join.name, join.destination, opensAt.milliseconds, closesAt.milliseconds)
        guard let made else { throw LedgerError(.io, "a window cannot be made") }
        return made
    }

    private static func find(_ join: WindowJoin, closesAt: Timestamp, _ db: SQLSession) throws -> (id: Int64, isOpen: Bool)? {
        try db.first(find, join.kind.rawValue, join.name, join.destination, closesAt.milliseconds) { row in
            (row[0], row.moment(1) == nil)
        }
    }
}
