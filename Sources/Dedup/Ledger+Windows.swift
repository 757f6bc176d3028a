package import RelayCore

extension Ledger {
    /// The open windows that should have closed by now, the earliest first.
    package func dueWindows(at now: Timestamp) async throws(LedgerError) -> [Window] {
        try await read { try $0.all(WindowRow.due, now.milliseconds, make: WindowRow.make) }
    }

    /// Closes windows and admits the message that they become, in one transaction, so that the message covers every member.
    /// Windows that are closed already stay as they are.
    ///
    /// - Parameter message: makes the message; nil closes the windows without one.
    package func close(
        _ ids: [Int64], message: @escaping @Sendable (WindowReader) throws -> Admission?
    ) async throws(LedgerError) -> Closing {
        let now = clock.now
        return try await writes.write("close") { db in try WindowRow.close(ids, at: now, message: message, db) }
    }

    /// Closes the windows of a digest as one message.
    ///
    /// - Parameter end: closes the windows that end by then, and makes an empty one for the slot that ends then if nothing joined it.
    ///   Nil closes all open windows.
    package func closeDigest(
        _ name: String, through end: Timestamp?, message: @escaping @Sendable (WindowReader) throws -> Admission?
    ) async throws(LedgerError) -> Closing {
        let now = clock.now
        return try await writes.write("close") { db in
            if let end { try WindowRow.makeLast(name, end: end, db) }
            let ids = try db.all(WindowRow.openOfDigest, name, (end ?? .distantFuture).milliseconds) { $0[0] as Int64 }
            for id in ids { try db.post(WindowRow.cutShort, now.milliseconds, id, now.milliseconds) }
            return try WindowRow.close(ids, at: now, message: message, db)
        }
    }

    /// Reads windows as they are now, and changes nothing.
    package func readWindows<Value: Sendable>(
        _ ids: [Int64], _ body: @escaping @Sendable (WindowReader) throws -> Value
    ) async throws(LedgerError) -> Value {
        try await read { db in try body(try WindowRow.reader(of: ids, db)) }
    }

    /// The message of a closed window, and all windows that became that message; nil if the window has no message.
    package func told(of window: Int64) async throws(LedgerError) -> (event: Event, windows: [Int64])? {
        try await read { db in
            guard let event = try db.first(WindowRow.toldOf, window, make: { EventRow.make($0) }) else { return nil }
            return (event, try db.all(WindowRow.toldTogether, window) { $0[0] })
        }
    }

    /// The open windows of a kind, the next to close first.
    ///
    /// - Parameter name: nil finds windows of every name.
    package func openWindows(_ kind: WindowKind, named name: String? = nil) async throws(LedgerError) -> [Window] {
        try await read { try $0.all(WindowRow.openOfKind, kind.rawValue, name, make: WindowRow.make) }
    }

    /// All open windows with their numbers of members, the next to close first.
    package func openWindows() async throws(LedgerError) -> [(window: Window, count: Int)] {
        try await read { db in
            try db.all(WindowRow.open, make: WindowRow.make).map { window in
                (window, try db.first("SELECT count(*) FROM member WHERE window_id = ?", window.id) { $0[0] as Int } ?? 0)
            }
        }
    }

    /// The closed windows of a digest, the last first.
    package func closedWindows(ofDigest name: String, limit: Int) async throws(LedgerError) -> [Window] {
        try await read { try $0.all(WindowRow.closedOfDigest, name, limit, make: WindowRow.make) }
    }

    /// Makes sure that a digest has exactly one open window that ends in the future, and that it ends at `closesAt`.
    /// The members of windows that an older schedule left move into it.
    package func schedule(_ digest: String, opensAt: Timestamp, closesAt: Timestamp) async throws(LedgerError) {
        let now = clock.now
        let open = try await openWindows(.digest, named: digest).filter { $0.closesAt > now }
        if open.map(\.closesAt) == [closesAt] { return }
        try await writes.write("schedule") { db in
            try WindowRow.schedule(WindowJoin(kind: .digest, name: digest, opensAt: opensAt, closesAt: closesAt), at: now, db)
        }
    }
}

extension WindowRow {
    static let closedOfDigest = """
        SELECT \(columns) FROM event_window w WHERE w.kind = 'digest' AND w.name = ? AND w.closed_at IS NOT NULL
        ORDER BY w.closes_at DESC LIMIT ?
        """
    static let toldOf = "SELECT \(EventRow.columns) FROM event_window w JOIN event e ON e.n = w.event WHERE w.id = ?"
    static let toldTogether = "SELECT id FROM event_window WHERE event = (SELECT event FROM event_window WHERE id = ?) ORDER BY closes_at"
    private static let ending = """
        SELECT id, closes_at FROM event_window WHERE kind = 'digest' AND name = ? AND closed_at IS NULL AND closes_at > ?
        """

    static let openOfDigest = "SELECT id FROM event_window WHERE kind = 'digest' AND name = ? AND closed_at IS NULL AND closes_at <= ?"

    static func close(
        _ ids: [Int64], at now: Timestamp, message: (WindowReader) throws -> Admission?, _ db: SQLSession
    ) throws -> Closing {
        let closed = try ids.filter { try db.run(close, now.milliseconds, $0) == 1 }
        guard !closed.isEmpty, var admission = try message(try reader(of: closed, db)) else {
            return Closing(count: closed.count, told: nil)
        }
        let number = try admit(&admission, at: now, db)
        for window in closed { try db.post(tell, number, window) }
        return Closing(count: closed.count, told: admission)
    }

    /// Makes a window for the last slot that passed, because the message gets that slot's time as its id.
    static func makeLast(_ name: String, end: Timestamp, _ db: SQLSession) throws {
        let join = WindowJoin(kind: .digest, name: name, opensAt: end, closesAt: end)
        guard try db.first(lastOfDigest, name, end.milliseconds, make: { $0[0] as Int64 }) == nil else { return }
        let start = try db.first(
            "SELECT max(closes_at) FROM event_window WHERE kind = 'digest' AND name = ?1 AND closes_at < ?2", name, end.milliseconds
        ) { $0.moment(0) }
        _ = try Joining.make(join, opensAt: (start ?? nil) ?? end, closesAt: end, db)
    }

    private static let lastOfDigest = "SELECT id FROM event_window WHERE kind = 'digest' AND name = ? AND closes_at = ?"

    static func reader(of ids: [Int64], _ db: SQLSession) throws -> WindowReader {
        let windows = try ids.compactMap { try db.first(one, $0, make: make) }
        return WindowReader(windows.sorted { ($0.closesAt, $0.id) < ($1.closesAt, $1.id) }, db)
    }

    /// After the clock was set back the message's id may exist already.
    /// A number is then added to it, so that the window's message is sent in any case.
    static func admit(_ admission: inout Admission, at now: Timestamp, _ db: SQLSession) throws -> Int64? {
        let id = admission.event.id
        var turn = 2
        while try EventRow.number(of: admission.event.id, db) != nil {
            admission.event.id = "\(id)/\(turn)"
            turn += 1
        }
        _ = try AdmissionRow.admit(admission, at: now, db)
        return try EventRow.number(of: admission.event.id, db)
    }

    private static let moveMembers = """
        UPDATE member SET window_id = ?1 WHERE window_id = ?2
            AND NOT EXISTS (SELECT 1 FROM member o WHERE o.window_id = ?1 AND o.event = member.event)
        """
    private static let widen = """
        UPDATE event_window SET opens_at = (SELECT min(o.opens_at) FROM event_window o WHERE o.id IN (?1, ?2)) WHERE id = ?2
        """
    private static let deleteEmpty = """
        DELETE FROM event_window WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM member WHERE window_id = ?1)
        """

    static func schedule(_ join: WindowJoin, at now: Timestamp, _ db: SQLSession) throws {
        let open = try db.all(ending, join.name, now.milliseconds) { (id: $0[0] as Int64, closesAt: $0.time(1)) }
        let start = try db.first(Joining.floor, join.kind.rawValue, join.name, join.destination) { $0.moment(0) } ?? nil
        let opensAt = min(max(start ?? now, join.opensAt), now)
        let isTaken = "SELECT 1 FROM event_window WHERE kind = 'digest' AND name = ? AND closes_at = ? AND closed_at IS NOT NULL"
        // After the clock was set back, that slot may be closed already.
        guard try db.first(isTaken, join.name, join.closesAt.milliseconds, make: { $0[0] as Int }) == nil else { return }
        let kept = try open.first { $0.closesAt == join.closesAt }?.id ?? Joining.make(join, opensAt: opensAt, closesAt: join.closesAt, db)
        for other in open where other.id != kept {
            try db.post(moveMembers, kept, other.id)
            try db.post(widen, other.id, kept)
            try db.post(deleteEmpty, other.id)
        }
    }
}
