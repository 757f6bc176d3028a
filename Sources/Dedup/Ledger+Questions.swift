package import RelayCore

/// A question to somebody in a chat why they reject, which they answer with a reply.
package struct ReasonQuestion: Sendable, Equatable {
    /// The service and the bot, as in `PollCursor`.
    package var source: String
    package var chat: String
    /// The number of the question in its chat.
    package var message: Int64
    /// The chat's id of the person who is asked.
    package var person: String
    /// The token of the button that was pressed.
    package var token: String
    package var until: Timestamp

    package init(source: String, chat: String, message: Int64, person: String, token: String, until: Timestamp) {
        self.source = source
        self.chat = chat
        self.message = message
        self.person = person
        self.token = token
        self.until = until
    }
}

extension Ledger {
    /// Records a question that was sent. The press that led to it is not read again after a crash.
    package func ask(_ question: ReasonQuestion, cursor: PollCursor) async throws(LedgerError) {
        try await writes.write("ask why") { db in
            try ListenerRow.save(cursor, db)
            try QuestionRow.put(question, db)
        }
    }

    /// The question with a number in a chat; nil if there is none, or if it was answered.
    package func question(_ message: Int64, in chat: String, of source: String) async throws(LedgerError) -> ReasonQuestion? {
        try await read { try $0.first(QuestionRow.one, source, chat, message, make: QuestionRow.make) }
    }

    /// All questions of a source that wait for a reply or have ended, the oldest first.
    package func questions(of source: String) async throws(LedgerError) -> [ReasonQuestion] {
        try await read { try $0.all(QuestionRow.all, source, make: QuestionRow.make) }
    }

    /// Forgets a question that has ended.
    package func forget(_ question: ReasonQuestion) async throws(LedgerError) {
        try await writes.write("ask why") { try QuestionRow.remove(question, $0) }
    }
}

enum QuestionRow {
    private static let columns = "source, chat, message, person, token, until"
    static let one = "SELECT \(columns) FROM reason_question WHERE source = ? AND chat = ? AND message = ?"
    static let all = "SELECT \(columns) FROM reason_question WHERE source = ? ORDER BY until"

    static func put(_ question: ReasonQuestion, _ db: SQLSession) throws {
        try db.post(
            "INSERT INTO reason_question (\(columns)) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", question.source, question.chat,
            question.message, question.person, question.token, question.until.milliseconds)
    }

    static func remove(_ question: ReasonQuestion, _ db: SQLSession) throws {
        try db.post(
            "DELETE FROM reason_question WHERE source = ? AND chat = ? AND message = ?", question.source, question.chat, question.message)
    }

    static func make(_ row: SQLRow) -> ReasonQuestion {
        ReasonQuestion(source: row[0], chat: row[1], message: row[2], person: row[3], token: row[4], until: row.time(5))
    }
}
