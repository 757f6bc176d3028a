/// The position up to which updates were read from a service that keeps them until we confirm them.
package struct PollCursor: Sendable, Equatable {
    /// The service and the bot, like `telegram/<bot>`. It stays the same when a destination is renamed.
    package var source: String
    package var position: Int64
    /// The question that the update answers. It is over in the same transaction.
    package var answered: ReasonQuestion?

    package init(source: String, position: Int64, answered: ReasonQuestion? = nil) {
        self.source = source
        self.position = position
        self.answered = answered
    }
}

/// Writes cursors as rows. A stored position never goes back.
enum ListenerRow {
    static func save(_ cursor: PollCursor, _ db: SQLSession) throws {
        try db.post(
            """
            INSERT INTO listener (source, position) VALUES (?, ?)
            ON CONFLICT (source) DO UPDATE SET position = excluded.position WHERE excluded.position > listener.position
            """, cursor.source, cursor.position)
        if let question = cursor.answered { try QuestionRow.remove(question, db) }
    }
}
