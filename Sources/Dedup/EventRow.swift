import GRDB
import RelayCore

/// Events as rows.
enum EventRow {
    /// In the order that `make` reads them.
    static let columns = "e.id, e.account, e.kind, e.subject, e.priority, e.occurred_at, e.seen_at, e.payload"
    static let columnCount = 8

    /// - Parameter offset: where `columns` begin.
    static func make(_ row: SQLRow, from offset: Int = 0) -> Event {
        let kind = Event.Kind(rawValue: row[offset + 2]) ?? .notification
        return Event(
            id: row[offset], account: row[offset + 1], kind: kind, subject: row[offset + 3], priority: row.priority(offset + 4),
            occurredAt: row.time(offset + 5), seenAt: row.time(offset + 6),
            payload: PayloadText.read(row[offset + 7], kind: kind))
    }

    static func number(of id: String, _ db: Database) throws -> Int64? {
        try db.first("SELECT n FROM event WHERE id = ?", id) { $0[0] }
    }

    /// Returns its number, or nil if its id was admitted before.
    static func insert(_ event: Event, _ db: Database) throws -> Int64? {
        guard try number(of: event.id, db) == nil else { return nil }
        try db.run(
            """
            INSERT INTO event (id, account, kind, subject, priority, occurred_at, seen_at, payload)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """, event.id, event.account, event.kind.rawValue, event.subject, event.priority.rawValue,
            event.occurredAt.milliseconds, event.seenAt.milliseconds, try PayloadText.write(event.payload))
        return db.lastInsertedRowID
    }
}

extension Event {
    /// What belongs to an approval shares its subject, and there one delivery may stand for another.
    var thread: String? {
        switch kind {
        case .approval, .decision, .reminder: subject
        case .notification, .run, .digest, .relay: nil
        }
    }

    /// Which version of its approval an update or a decision shows; nil of everything else.
    var shownVersion: Int? {
        guard kind == .approval || kind == .decision, case .approval(let detail) = payload.detail else { return nil }
        return detail.version
    }

    /// The first word about an approval: what follows is about its message.
    var isFirstRequest: Bool { kind == .approval && shownVersion ?? 1 <= 1 }
}
