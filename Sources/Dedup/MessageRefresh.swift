import RelayCore

/// Refreshes messages whose facts have changed. No new event is made; the delivery of the message is owed again.
enum MessageRefresh {
    /// A SQL condition on a row of `delivery`: the delivery is or was a refresh.
    static func isOne(_ row: String) -> String { "coalesce(\(row).options, '') LIKE '%\"refreshes\":true%'" }

    /// Makes the last delivered request, update or decision of a thread owed again.
    /// It does nothing if another one is owed there, which will show the present facts.
    private static let owe = """
        UPDATE delivery SET state = 'owed', due_at = ?, held_for = NULL, attempt = 0, first_failed_at = NULL,
            refusals = 0, refused_at = NULL,
            options = json_remove(json_set(\(DeliveryRow.options), '$.refreshes', json('true')), '$.mention')
        WHERE id = (
                SELECT max(d.id) FROM delivery d JOIN event e ON e.n = d.event
                WHERE d.thread = ? AND d.destination = ? AND d.recipient = ? AND d.state = 'delivered'
                    AND e.kind IN ('approval', 'decision'))
            AND NOT EXISTS (
                SELECT 1 FROM delivery o JOIN event e ON e.n = o.event
                WHERE o.thread = delivery.thread AND o.destination = delivery.destination AND o.recipient = delivery.recipient
                    AND o.state = 'owed' AND e.kind IN ('approval', 'decision'))
        """
    private static let messages = """
        SELECT destination, recipient FROM receipt WHERE subject = ? AND state = 'sent' AND remote <> '{}' ORDER BY n
        """

    /// - Returns: the destinations that a refresh is owed to now.
    static func owe(_ rows: [ApprovalRow], at destinations: Set<String>, now: Timestamp, _ db: SQLSession) throws -> Set<String> {
        var owing = Set<String>()
        for row in rows where !destinations.isEmpty {
            let thread = EventID.approvalSubject(row.id, account: row.account)
            let found = try db.all(messages, thread) { (destination: $0[0] as String, recipient: $0[1] as String) }
            for message in found where destinations.contains(message.destination) {
                let changed = try db.run(
                    owe, now.milliseconds, thread, message.destination, message.recipient)
                if changed == 1 { owing.insert(message.destination) }
            }
        }
        return owing
    }
}
