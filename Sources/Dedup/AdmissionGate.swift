package import RelayCore

/// Decides which deliveries a collapse rule or a ceiling holds.
/// It runs inside the transaction that admits the event, because only there is it known what came before.
enum AdmissionGate {
    /// The shortest time between two edits of a message that shows a count, so that many events do not cause many edits.
    static let refreshEvery = Duration.seconds(30)
    static let openCollapse = """
        SELECT id FROM event_window WHERE kind = ? AND name = ? AND destination = ? AND closed_at IS NULL AND closes_at > ?
        ORDER BY closes_at DESC LIMIT 1
        """
    static let arrivals = "SELECT count(*) FROM (SELECT 1 FROM arrival WHERE destination = ? AND at > ? LIMIT ?) a"
    static let forget = "DELETE FROM arrival WHERE destination = ? AND at <= ?"
    /// The delivered message of a collapse's first event.
    static let first = """
        SELECT id, options FROM delivery WHERE state = 'delivered' AND destination = ?
            AND event IN (SELECT event FROM member WHERE window_id = ? AND told_at_once = 1)
        """

    /// - Returns: the deliveries that are still owed, with the window that counts what follows in their options.
    static func pass(_ owed: [PlannedDelivery], event: Int64, at now: Timestamp, _ db: SQLSession) throws -> [PlannedDelivery] {
        guard owed.contains(where: { $0.gate != nil }) else { return owed }
        var passed: [PlannedDelivery] = []
        var judged: [String: Passage] = [:]
        for var one in owed {
            guard let gate = one.gate else {
                passed.append(one)
                continue
            }
            let passage = try judged[one.destination] ?? judge(gate, one.destination, event: event, at: now, db)
            judged[one.destination] = passage
            guard case .told(let collapseWindow) = passage else { continue }
            one.options.collapseWindow = collapseWindow
            passed.append(one)
        }
        return passed
    }

    private enum Passage {
        /// The event is sent; the window is nil if no collapse rule counts what follows.
        case told(collapseWindow: Int64?)
        /// The event joined a window instead.
        case held
    }

    private static func judge(_ gate: GateRules, _ destination: String, event: Int64, at now: Timestamp, _ db: SQLSession) throws -> Passage
    {
        if let join = gate.collapse, try joined(join, gate, destination, event: event, at: now, db) { return .held }
        if let ceiling = gate.ceiling, try isFull(ceiling, destination, at: now, db) {
            let join = WindowJoin(
                kind: .ceiling, destination: destination, opensAt: now, closesAt: (now + ceiling.within).wholeSecond, joinsAnyOpen: true)
            try Joining.join(join, event: event, db)
            return .held
        }
        guard var first = gate.collapse else { return .told(collapseWindow: nil) }
        first.toldAtOnce = true
        return .told(collapseWindow: try Joining.join(first, event: event, db))
    }

    /// - Returns: false if no window for events like this one is open.
    private static func joined(
        _ join: WindowJoin, _ gate: GateRules, _ destination: String, event: Int64, at now: Timestamp, _ db: SQLSession
    ) throws -> Bool {
        let open = try db.first(openCollapse, join.kind.rawValue, join.name, join.destination, now.milliseconds) { $0[0] as Int64 }
        guard let open else { return false }
        try db.post(Joining.member, open, event, false)
        if gate.refreshes { try DeliveryRow.refresh(first, destination, open, due: now + refreshEvery, db) }
        return true
    }

    /// Counts the arrival and returns whether it is above the ceiling.
    /// While the ceiling's window is open every event counts as above it, so that none overtakes those in the window.
    private static func isFull(_ ceiling: Ceiling, _ destination: String, at now: Timestamp, _ db: SQLSession) throws -> Bool {
        let start = now - ceiling.within
        try db.post(forget, destination, start.milliseconds)
        let come = try db.first(arrivals, destination, start.milliseconds, ceiling.most) { $0[0] as Int } ?? 0
        try db.post("INSERT INTO arrival (destination, at) VALUES (?, ?)", destination, now.milliseconds)
        if ceiling.isExempt { return false }
        let open = try db.first(Joining.anyOpen, WindowKind.ceiling.rawValue, "", destination) { $0[0] as Int64 }
        return open != nil || come >= ceiling.most
    }
}

extension Timestamp {
    /// The moment rounded up to a whole second, because event ids contain whole seconds.
    package var wholeSecond: Timestamp { Timestamp(seconds: (milliseconds + 999).dividedDown(by: 1_000)) }
}
