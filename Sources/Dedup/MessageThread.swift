import RelayCore

/// The deliveries about one approval or one absence. An update never overtakes its request, and it is dropped if the request can still show
/// the present facts. The beginning of an absence shows no later facts, so it is the beginning that is dropped.
enum MessageThread {
    struct Pair: Hashable {
        var destination: String
        var recipient: String

        init(_ owed: PlannedDelivery) {
            destination = owed.destination
            recipient = owed.recipient
        }

        init(destination: String, recipient: String) {
            self.destination = destination
            self.recipient = recipient
        }
    }

    /// How far the request got at one destination and recipient.
    enum Progress: Int, Comparable {
        /// It was sent and may have arrived.
        case sent
        /// It is being sent at this moment, and may show an older state.
        case underWay
        /// It is owed and not claimed, so it will show the state at the time when it is sent.
        case awaited

        static func < (a: Progress, b: Progress) -> Bool { a.rawValue < b.rawValue }
    }

    struct Request {
        var progress: Progress
        var options: DeliveryOptions
    }

    /// The requests of a subject that were sent or are still owed. Requests that are dead or were dropped unsent do not count.
    static func requests(of subject: String, before number: Int64, at now: Timestamp, _ db: SQLSession) throws -> [Pair: Request] {
        let found = try db.all(
            """
            SELECT d.destination, d.recipient, d.state, d.held_for, d.due_at, d.options
            FROM delivery d JOIN event e ON e.n = d.event
            WHERE d.thread = ? AND d.event < ? AND e.kind IN ('approval', 'absence')
                AND (d.state IN ('owed', 'delivered', 'unknown') OR \(MessageRefresh.isOne("d")))
            """, subject, number
        ) { row -> (Pair, Request) in
            let progress: Progress
            let options = DeliveryOptions(text: row[5])
            if row[2] as String != DeliveryState.owed.rawValue || options.refreshes {
                progress = .sent
            } else {
                let isClaimed = row[3] as String? == DeferReason.claim.rawValue && row.time(4) > now
                progress = isClaimed ? .underWay : .awaited
            }
            let pair = Pair(destination: row[0], recipient: row[1])
            return (pair, Request(progress: progress, options: options))
        }
        return Dictionary(found) { $0.progress > $1.progress ? $0 : $1 }
    }

    /// The deliveries that an event owes by following, besides those it owes anyway.
    /// They keep the request's `atMostOnce` and mention nobody.
    static func following(
        _ rule: FollowRule, event: Event, requests: [Pair: Request], besides named: [PlannedDelivery]
    ) -> [(PlannedDelivery, Progress)] {
        let taken = Set(named.map(Pair.init))
        let pairs = requests.keys.filter {
            !taken.contains($0) && (!rule.onlyEdits || rule.edits.union(rule.programs).contains($0.destination))
        }
        return pairs.sorted { ($0.destination, $0.recipient) < ($1.destination, $1.recipient) }.compactMap { pair in
            requests[pair].map { request in
                let due = rule.due(at: pair.destination)
                let owed = PlannedDelivery(
                    destination: pair.destination, recipient: pair.recipient, route: rule.route, priority: event.priority,
                    dueAt: due.at, heldFor: due.hold, options: DeliveryOptions(atMostOnce: request.options.atMostOnce))
                return (owed, request.progress)
            }
        }
    }

    /// Drops the beginning of an absence where it is still owed, because its end says everything.
    static func dropAwaited(_ subject: String, before number: Int64, at pair: Pair, now: Timestamp, _ db: SQLSession) throws {
        try db.post(
            """
            UPDATE delivery SET state = 'dropped', reason = 'superseded', settled_at = ?, held_for = NULL
            WHERE thread = ? AND event < ? AND destination = ? AND recipient = ? AND state = 'owed'
            """, now.milliseconds, subject, number, pair.destination, pair.recipient)
    }

    /// Drops the deliveries behind a request that is owed or just claimed, because the request shows the present facts.
    static func supersede(
        behind delivery: Int64, thread: String, destination: String, recipient: String, at now: Timestamp, _ db: SQLSession
    ) throws {
        try db.post(
            """
            UPDATE delivery SET state = 'dropped', reason = 'superseded', settled_at = ?, held_for = NULL
            WHERE thread = ? AND destination = ? AND recipient = ? AND state = 'owed' AND id > ?
            """, now.milliseconds, thread, destination, recipient, delivery)
    }

    /// The message about the subject that was sent to the claim's recipient; nil if there is none that can be found again. An uncertain
    /// attempt to edit a message keeps it.
    static func message(of claim: Claim, thread: String, _ db: SQLSession) throws -> StoredReceipt? {
        let stored = try receipt(subject: thread, destination: claim.destination, recipient: claim.recipient, db)
        return stored.flatMap { $0.state != .gone && !$0.receipt.remote.isEmpty ? $0 : nil }
    }

    /// Whether a message about the subject was sent that cannot be found again, because its receipt is damaged in the store.
    static func isReceiptDamaged(of claim: Claim, thread: String, _ db: SQLSession) throws -> Bool {
        try receipt(subject: thread, destination: claim.destination, recipient: claim.recipient, db)?.isReadable == false
    }

    static func receipt(subject: String, destination: String, recipient: String, _ db: SQLSession) throws -> StoredReceipt? {
        try db.first(
            "SELECT remote, version, state FROM receipt WHERE subject = ? AND destination = ? AND recipient = ?", subject, destination,
            recipient
        ) { row in
            let receipt = Receipt(text: row[0])
            return StoredReceipt(
                receipt: receipt ?? Receipt(), version: row[1], state: try row.word(2, for: "the state of a receipt"),
                isReadable: receipt != nil)
        }
    }

    /// The reason why a delivery that follows a request need not be sent; nil if it must be sent.
    ///
    /// The message that was sent was rendered from the present row, so it may show this version already. Or a later delivery is owed, which
    /// will show more.
    static func needless(_ claim: Claim, thread: String, _ db: SQLSession) throws -> String? {
        if claim.event.kind == .reminder { return try needlessReminder(claim, thread: thread, db) }
        guard let version = claim.event.shownVersion else { return nil }
        let later = try db.first(laterUpdate, thread, claim.destination, claim.recipient, claim.delivery) { $0[0] as Int64 }
        if later != nil { return superseded }
        if claim.options.refreshes { return try message(of: claim, thread: thread, db) == nil ? "its message is not known" : nil }
        guard let stored = try receipt(subject: thread, destination: claim.destination, recipient: claim.recipient, db) else { return nil }
        switch stored.state {
        case .gone: return "its message was deleted by hand"
        case .sent: return stored.version.map { $0 >= version } ?? false ? superseded : nil
        case .uncertain: return nil
        }
    }

    /// A reminder is needless once the approval or the absence is closed, and of several reminders only the last is sent.
    private static func needlessReminder(_ claim: Claim, thread: String, _ db: SQLSession) throws -> String? {
        if claim.present?.isOpen == false { return superseded }
        if case .absence = claim.event.payload.detail, try EventRow.number(of: thread + EventID.absenceEnd, db) != nil { return superseded }
        let later = try db.first(laterReminder, thread, claim.destination, claim.recipient, claim.delivery) { $0[0] as Int64 }
        return later == nil ? nil : superseded
    }

    private static let superseded = "superseded"
    static let laterReminder = """
        SELECT d.id FROM delivery d JOIN event e ON e.n = d.event
        WHERE d.thread = ? AND d.destination = ? AND d.recipient = ? AND d.state = 'owed' AND d.id > ? AND e.kind = 'reminder' LIMIT 1
        """
    static let laterUpdate = """
        SELECT d.id FROM delivery d JOIN event e ON e.n = d.event
        WHERE d.thread = ? AND d.destination = ? AND d.recipient = ? AND d.state = 'owed' AND d.id > ?
            AND e.kind IN ('approval', 'decision', 'absence') LIMIT 1
        """
}
