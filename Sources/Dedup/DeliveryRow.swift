import RelayCore

/// The SQL of deliveries.
enum DeliveryRow {
    /// - Parameters:
    ///   - thread: the subject if later deliveries about it may replace this one; nil for most events.
    ///   - superseded: stores the delivery as dropped, because a request that is still owed will show the present facts.
    /// - Returns: false if the event has a delivery there already.
    @discardableResult
    static func insert(
        _ owed: PlannedDelivery, event: Int64, thread: String?, superseded: Bool = false, at now: Timestamp, _ db: SQLSession
    ) throws -> Bool {
        try db.run(
            """
            INSERT INTO delivery
                (event, destination, recipient, route, priority, state, due_at, held_for, thread, options, reason, settled_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (event, destination, recipient) DO NOTHING
            """, event, owed.destination, owed.recipient, owed.route.text, owed.priority.rawValue,
            superseded ? DeliveryState.dropped.rawValue : DeliveryState.owed.rawValue, owed.dueAt.milliseconds,
            superseded ? nil : owed.heldFor?.rawValue, thread, owed.options.text,
            superseded ? "superseded" : nil, superseded ? now.milliseconds : nil) == 1
    }

    /// The options of a delivery as JSON that SQL can change. Damaged ones become what `DeliveryOptions` reads from them.
    static let options = """
        CASE WHEN options IS NULL THEN '{}' WHEN json_valid(options) THEN options ELSE '{"at_most_once":true}' END
        """

    /// A condition on the delivery `d`: no earlier delivery about the same approval is owed to the same recipient.
    static let isFirstOfItsThread = """
        (d.thread IS NULL OR NOT EXISTS (
            SELECT 1 FROM delivery b WHERE b.thread = d.thread AND b.destination = d.destination
                AND b.recipient = d.recipient AND b.state = 'owed' AND b.id < d.id))
        """

    static func insert(_ attempt: Attempt, delivery: Int64, _ db: SQLSession) throws {
        try db.run(
            "INSERT INTO attempt (delivery, at, outcome, reason, detail, took) VALUES (?, ?, ?, ?, ?, ?)", delivery,
            attempt.at.milliseconds, attempt.outcome, attempt.reason, attempt.detail, attempt.took.milliseconds)
    }
}
