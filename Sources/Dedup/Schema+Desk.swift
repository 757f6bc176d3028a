extension Schema {
    /// What the desk keeps.
    /// `ended_session` holds sessions that were ended before their time, until they would have ended by themselves.
    /// `act` has a row for each act of an operator, by the desk or by a command. Rows are added and never changed.
    static let desk = """
        CREATE TABLE ended_session (
            id TEXT PRIMARY KEY,
            until INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE act (
            n INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            via TEXT NOT NULL,
            address TEXT,
            what TEXT NOT NULL,
            subject TEXT NOT NULL,
            outcome TEXT NOT NULL
        ) STRICT;
        CREATE INDEX act_at ON act(at);
        CREATE TRIGGER act_stays BEFORE UPDATE ON act BEGIN SELECT RAISE(ABORT, 'acts are added to and never changed'); END;
        """
}
