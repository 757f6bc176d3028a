import RelayCore

/// The SQL of deliveries.
enum DeliveryRow {
    /// Stores a delivery, unless the event has one there already.
    ///
    /// - Parameters:
    ///   - thread: the subject if later deliveries about it may replace this one; nil for most events.
    ///   - superseded: stores the delivery as dropped, because a request that is still owed will show the present facts.
    static func insert(
        _ owed: PlannedDelivery, event: Int64, thread: String?, superseded: Bool = false, at now: Timestamp, _ db: SQLSession
    ) throws {
        try db.post(insert, list: values(owed, event: event, thread: thread, superseded: superseded, at: now))
    }

    /// Like `insert`.
    ///
    /// - Returns: false if the event has a delivery there already.
    static func insertIfNew(_ owed: PlannedDelivery, event: Int64, thread: String?, at now: Timestamp, _ db: SQLSession) throws -> Bool {
        try db.run(insert, list: values(owed, event: event, thread: thread, superseded: false, at: now)) == 1
    }

    private static let insert = """
        INSERT INTO delivery
            (event, destination, recipient, route, priority, state, due_at, held_for, thread, options, reason, settled_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (event, destination, recipient) DO NOTHING
        """

    private static func values(
        _ owed: PlannedDelivery, event: Int64, thread: String?, superseded: Bool, at now: Timestamp
    ) -> [(any SQLValue)?] {
        [
            event, owed.destination, owed.recipient, owed.route.text, owed.priority.rawValue,
            superseded ? DeliveryState.dropped.rawValue : DeliveryState.owed.rawValue, owed.dueAt.milliseconds,
            superseded ? nil : owed.heldFor?.rawValue, thread, owed.options.text,
            superseded ? "superseded" : nil, superseded ? now.milliseconds : nil,
        ]
    }

    private static let refresh = """
        UPDATE delivery SET state = 'owed', due_at = ?, held_for = NULL, attempt = 0, first_failed_at = NULL,
            refusals = 0, refused_at = NULL, options = ?
        WHERE id = ?
        """

    /// Makes messages owed again that were delivered. They are edited, and mention nobody a second time.
    ///
    /// - Parameter query: finds the ids and the options of the deliveries.
    /// - Returns: how many there are.
    @discardableResult
    static func refresh(_ query: String, _ values: (any SQLValue)?..., due: Timestamp, _ db: SQLSession) throws -> Int {
        let found = try db.all(query, list: values) { (id: $0[0] as Int64, options: $0[1] as String?) }
        for delivery in found {
            var options = DeliveryOptions(text: delivery.options)
            options.refreshes = true
            options.mention = nil
            try db.post(refresh, due.milliseconds, options.text, delivery.id)
        }
        return found.count
    }

    /// A condition on the delivery `d`: no earlier delivery about the same approval is owed to the same recipient.
    static let isFirstOfItsThread = """
        (d.thread IS NULL OR NOT EXISTS (
            SELECT 1 FROM delivery b WHERE b.thread = d.thread AND b.destination = d.destination
                AND b.recipient = d.recipient AND b.state = 'owed' AND b.id < d.id))
        """

    static func insert(_ attempt: Attempt, delivery: Int64, _ db: SQLSession) throws {
        try db.post(
            "INSERT INTO attempt (delivery, at, outcome, reason, detail, took) VALUES (?, ?, ?, ?, ?, ?)", delivery,
            attempt.at.milliseconds, attempt.outcome, attempt.reason, attempt.detail, attempt.took.milliseconds)
    }
}
