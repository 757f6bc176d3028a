import RelayCore

/// Refreshes messages whose facts have changed. No new event is made; the delivery of the message is owed again.
enum MessageRefresh {
    /// A SQL condition on a row of `delivery`: the delivery is or was a refresh.
    static func isOne(_ row: String) -> String { "coalesce(\(row).options, '') LIKE '%\"refreshes\":true%'" }

    /// Makes the last delivered request, update or decision of a thread owed again.
    /// It does nothing if another one is owed there, which will show the present facts.
    private static let last = """
        SELECT l.id, l.options FROM delivery l
        WHERE l.id = (
                SELECT max(d.id) FROM delivery d JOIN event e ON e.n = d.event
                WHERE d.thread = ?1 AND d.destination = ?2 AND d.recipient = ?3 AND d.state = 'delivered'
                    AND e.kind IN ('approval', 'decision'))
            AND NOT EXISTS (
                SELECT 1 FROM delivery o JOIN event e ON e.n = o.event
                WHERE o.thread = ?1 AND o.destination = ?2 AND o.recipient = ?3
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
                let refreshed = try DeliveryRow.refresh(last, thread, message.destination, message.recipient, due: now, db)
                if refreshed == 1 { owing.insert(message.destination) }
            }
        }
        return owing
    }
}
