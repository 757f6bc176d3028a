package import RelayCore

/// The message of a failed run, at one destination and recipient, to which its automation's recovery matters.
package struct ToldFailure: Sendable, Equatable {
    package var delivery: Int64
    package var destination: String
    package var recipient: String
    package var route: RouteName
    package var onRecovery: DeliveryOptions.OnRecovery
    /// The message is owed and not begun, so it will say itself that the automation recovered.
    package var isAwaited: Bool
}

extension AdmissionReader {
    /// The first message about the failures that a success ends, for each destination and recipient that got one or still owes one.
    ///
    /// - Parameter moment: when the run ended that succeeded.
    package func toldFailures(of automation: AutomationKey, endedBy moment: Timestamp) throws -> [ToldFailure] {
        try db.all(RecoverySQL.told, automation.account, automation.automation, moment.milliseconds, "") { row in
            DeliveryOptions(text: row[4]).onRecovery.map {
                ToldFailure(
                    delivery: row[0], destination: row[1], recipient: row[2], route: RouteName(text: row[3]), onRecovery: $0,
                    isAwaited: row[5])
            }
        }.compactMap(\.self)
    }
}

/// Reads what became of an automation after one of its runs failed.
enum Recovery {
    /// The success that ended the failures to which a failed run belongs; nil if there is none yet.
    static func of(_ event: Event, _ db: SQLSession) throws -> RunDetail.Recovery? {
        guard case .run(let detail) = event.payload.detail, detail.outcome == .failed, let automation = AutomationKey(event) else {
            return nil
        }
        return try db.first(RecoverySQL.after, automation.account, automation.automation, event.occurredAt.milliseconds, "") { row in
            row.moment(0).map { RunDetail.Recovery(at: $0, failures: row[1]) }
        } ?? nil
    }

    /// Makes messages owed again that were delivered. Their edit says that the automation recovered.
    static func owe(_ failures: [ToldFailure], at now: Timestamp, _ db: SQLSession) throws {
        for failure in failures { try DeliveryRow.refresh(RecoverySQL.delivered, failure.delivery, due: now, db) }
    }

    /// Makes the message of a claim owed again, if its automation recovered while the message was being sent.
    static func catchUp(_ claim: Claim, at now: Timestamp, _ db: SQLSession) throws {
        guard claim.options.onRecovery == .edit, claim.recovery == nil, try of(claim.event, db) != nil else { return }
        try DeliveryRow.refresh(RecoverySQL.delivered, claim.delivery, due: now, db)
    }
}

enum RecoverySQL {
    static let told = """
        SELECT t.id, t.destination, t.recipient, t.route, t.options, t.waits, t.at FROM (
            SELECT d.id, d.destination, d.recipient, d.route, d.options,
                d.state = 'owed' AND coalesce(d.held_for, '') <> 'claim' AS waits, f.at,
                row_number() OVER (PARTITION BY d.destination, d.recipient ORDER BY f.at, d.id) AS place
            FROM (SELECT event, at FROM finished WHERE account = ?1 AND automation = ?2 AND failed = 1 AND at <= ?3
                    AND at > \(AdmissionReaderSQL.lastSuccess("< ?3")) ORDER BY at LIMIT \(AdmissionReader.mostCounted)) f
                JOIN delivery d ON d.event = f.event
            WHERE d.state IN ('owed', 'delivered', 'unknown') AND d.options LIKE '%"on_recovery"%') t
        WHERE t.place = 1 ORDER BY t.id
        """
    static let after = """
        SELECT s.at, (SELECT count(*) FROM (
            SELECT 1 FROM finished WHERE account = ?1 AND automation = ?2 AND failed = 1 AND at <= s.at AND at > \(AdmissionReaderSQL.lastSuccess("< s.at"))
            LIMIT \(AdmissionReader.mostCounted)) c)
        FROM (SELECT min(at) AS at FROM finished WHERE account = ?1 AND automation = ?2 AND failed = 0 AND at >= ?3) s
        """
    static let delivered = "SELECT id, options FROM delivery WHERE state = 'delivered' AND id = ?"
}
