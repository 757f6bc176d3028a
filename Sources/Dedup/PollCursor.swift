import GRDB

/// How far the updates were read that somebody keeps for us until we say that we have them.
package struct PollCursor: Sendable, Equatable {
    /// Whose they are: a name of ours that does not change when a destination gets another.
    package var source: String
    package var position: Int64

    package init(source: String, position: Int64) {
        self.source = source
        self.position = position
    }
}

/// Positions as rows. They only go forward.
enum ListenerRow {
    static func save(_ cursor: PollCursor, _ db: Database) throws {
        try db.run(
            """
            INSERT INTO listener (source, position) VALUES (?, ?)
            ON CONFLICT (source) DO UPDATE SET position = max(position, excluded.position)
            """, cursor.source, cursor.position)
    }
}
