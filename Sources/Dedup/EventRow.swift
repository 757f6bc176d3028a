import RelayCore

/// Reads and writes events as rows.
enum EventRow {
    /// The columns in the order in which `read` reads them.
    static let columns = "e.id, e.account, e.kind, e.subject, e.priority, e.occurred_at, e.seen_at, e.payload"
    static let columnCount = 8

    /// - Parameter offset: where `columns` begin.
    static func make(_ row: SQLRow, from offset: Int = 0) -> Event { read(row, from: offset).event }

    /// Reads an event. A damaged row becomes an event that says so, so that its deliveries are still made.
    ///
    /// - Parameter offset: where `columns` begin.
    /// - Returns: the event, and false if its kind, its priority or its payload is damaged.
    static func read(_ row: SQLRow, from offset: Int = 0) -> (event: Event, isReadable: Bool) {
        let kind = Event.Kind(rawValue: row[offset + 2]), priority = Priority(rawValue: row[offset + 4])
        let text: String? = row[offset + 7]
        var event = Event(
            id: row[offset], account: row[offset + 1], kind: kind ?? .relay, subject: row[offset + 3], priority: priority ?? .high,
            occurredAt: row.time(offset + 5), seenAt: row.time(offset + 6), payload: PayloadText.emptied(kind ?? .relay))
        // A null payload is not damage, because retention empties payloads.
        guard kind == nil || text != nil else { return (event, priority != nil) }
        if let kind, let payload = text.flatMap({ PayloadText.read($0, kind: kind) }) {
            event.payload = payload
            return (event, priority != nil)
        }
        event.makeUnreadable()
        return (event, false)
    }

    static func number(of id: String, _ db: SQLSession) throws -> Int64? {
        try db.first("SELECT n FROM event WHERE id = ?", id) { $0[0] }
    }

    /// Returns the event's number, or nil if its id was admitted before.
    static func insert(_ event: Event, _ db: SQLSession) throws -> Int64? {
        try db.insert(
            """
            INSERT INTO event (id, account, kind, subject, priority, occurred_at, seen_at, payload)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
            """, event.id, event.account, event.kind.rawValue, event.subject, event.priority.rawValue,
            event.occurredAt.milliseconds, event.seenAt.milliseconds, try PayloadText.write(event.payload))
    }
}

extension Event {
    /// The subject that all events about one approval or one absence share; their deliveries may replace one another. Nil for all others.
    var thread: String? {
        switch kind {
        case .approval, .decision, .reminder, .absence: subject
        case .notification, .run, .digest, .relay: nil
        }
    }

    /// The version of the approval or absence that a message shows; nil for reminders and for all other events.
    var shownVersion: Int? {
        switch payload.detail {
        case .approval(let detail): kind == .reminder ? nil : detail.version
        case .absence(let detail): detail.state == .open ? 1 : 2
        case .notification, .run, .digest, .relay: nil
        }
    }

    /// The event is the request of an approval. Updates and decisions edit its message.
    var isFirstRequest: Bool { kind == .approval && shownVersion ?? 1 <= 1 }
}

extension Event {
    /// Replaces a payload that cannot be read with a line that names the event and the command that shows what is known of it.
    ///
    /// A notification keeps its kind. So does an event about an approval, because its message is rendered from the approval's own row,
    /// which may be readable. All others become an event of the kind `relay`, because their outcome or contents are not known.
    fileprivate mutating func makeUnreadable() {
        let text = PayloadText.unreadable(id)
        switch kind {
        case .notification: payload = Payload(detail: .notification(NotificationDetail(message: text)))
        case .approval, .decision, .reminder:
            guard !subject.contains("/absence/") else { return makeReport(text) }
            let approval = subject.split(separator: "/").last.map(String.init) ?? ""
            let version = id.split(separator: "/").last.flatMap { $0.first == "v" ? Int($0.dropFirst()) : nil }
            let state: ApprovalDetail.State = kind == .decision ? .closed : .open
            payload = Payload(detail: .approval(ApprovalDetail(id: approval, version: version ?? 1, state: state, action: text)))
        case .run, .digest, .relay, .absence: makeReport(text)
        }
    }

    private mutating func makeReport(_ text: String) {
        kind = .relay
        payload = Payload(detail: .relay(RelayDetail(topic: "unreadable", about: id, detail: text)))
    }
}
