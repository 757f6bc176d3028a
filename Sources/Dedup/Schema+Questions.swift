extension Schema {
    /// `reason_question` has a row for each question to somebody in a chat why they reject, until it is answered or has ended.
    /// `source` is the bot as in `listener`, `message` the number of the question in its chat, `token` the button that was pressed.
    static let questions = """
        CREATE TABLE reason_question (
            source TEXT NOT NULL,
            chat TEXT NOT NULL,
            message INTEGER NOT NULL,
            person TEXT NOT NULL,
            token TEXT NOT NULL,
            until INTEGER NOT NULL,
            PRIMARY KEY (source, chat, message)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX reason_question_until ON reason_question(source, until);
        """
}
