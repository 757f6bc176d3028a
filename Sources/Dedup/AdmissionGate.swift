import GRDB
package import RelayCore

/// What is gathered instead of owed, decided inside the transaction that admits it: only there is known what came before.
enum AdmissionGate {
    static let ceilingName = "ceiling"
    /// A message that counts is brought up to date after so long, so that a storm of events is no storm of edits.
    static let refreshEvery = Duration.seconds(30)
    static let openAlike = """
        SELECT id FROM window WHERE kind = ? AND name = ? AND destination = ? AND closed_at IS NULL AND closes_at > ?
        ORDER BY closes_at DESC LIMIT 1
        """
    static let arrivals = "SELECT count(*) FROM (SELECT 1 FROM arrival WHERE destination = ? AND at > ? LIMIT ?)"
    static let forget = "DELETE FROM arrival WHERE destination = ? AND at <= ?"
    /// The first of a storm, where it was delivered: it is owed again, to be changed.
    static let refresh = """
        UPDATE delivery SET state = 'owed', due_at = ?, held_for = NULL, attempt = 0, first_failed_at = NULL,
            options = json_remove(json_set(\(DeliveryRow.options), '$.refreshes', json('true')), '$.mention')
        WHERE state = 'delivered' AND destination = ?
            AND event IN (SELECT event FROM member WHERE window_id = ? AND told_at_once = 1)
        """

    /// - Returns: what is owed after all, with its storm written on it.
    static func pass(_ owed: [PlannedDelivery], event: Int64, at now: Timestamp, _ db: Database) throws -> [PlannedDelivery] {
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
            guard case .told(let storm) = passage else { continue }
            one.options.storm = storm
            passed.append(one)
        }
        return passed
    }

    private enum Passage {
        case told(storm: Int64?)
        case gathered
    }

    private static func judge(_ gate: GateRules, _ destination: String, event: Int64, at now: Timestamp, _ db: Database) throws -> Passage {
        if let join = gate.alike, try joined(join, gate, destination, event: event, at: now, db) { return .gathered }
        if let ceiling = gate.ceiling, try isFull(ceiling, destination, at: now, db) {
            let join = WindowJoin(
                kind: .storm, name: ceilingName, destination: destination, opensAt: now, closesAt: (now + ceiling.within).wholeSecond,
                joinsAnyOpen: true)
            try Joining.join(join, event: event, db)
            return .gathered
        }
        guard var first = gate.alike else { return .told(storm: nil) }
        first.toldAtOnce = true
        return .told(storm: try Joining.join(first, event: event, db))
    }

    private static func joined(
        _ join: WindowJoin, _ gate: GateRules, _ destination: String, event: Int64, at now: Timestamp, _ db: Database
    ) throws -> Bool {
        let open = try db.first(openAlike, join.kind.rawValue, join.name, join.destination, now.milliseconds) { $0[0] as Int64 }
        guard let open else { return false }
        try db.run(Joining.member, open, event, false)
        if gate.refreshes { try db.run(refresh, (now + refreshEvery).milliseconds, destination, open) }
        return true
    }

    /// Counts what comes, and says whether it is too much. While a window is open everything goes into it, so that nothing overtakes it.
    private static func isFull(_ ceiling: Ceiling, _ destination: String, at now: Timestamp, _ db: Database) throws -> Bool {
        let start = now - ceiling.within
        try db.run(forget, destination, start.milliseconds)
        let come = try db.first(arrivals, destination, start.milliseconds, ceiling.most) { $0[0] as Int } ?? 0
        try db.run("INSERT INTO arrival (destination, at) VALUES (?, ?)", destination, now.milliseconds)
        if ceiling.isExempt { return false }
        let open = try db.first(Joining.anyOpen, WindowKind.storm.rawValue, ceilingName, destination) { $0[0] as Int64 }
        return open != nil || come >= ceiling.most
    }
}

extension Timestamp {
    /// Rounded up: ids bear whole seconds.
    package var wholeSecond: Timestamp { Timestamp(seconds: (milliseconds + 999).dividedDown(by: 1_000)) }
}
