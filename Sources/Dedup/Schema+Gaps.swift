extension Schema {
    /// The parts of lists that were not read yet.
    /// `about` is the automation whose runs the list shows, or empty. `before_n` is the last row of `run_watch` or `approval` when the gap
    /// opened. `reached` counts the entries from the top of the list that were read.
    static let gaps = """
        CREATE TABLE gap (
            account TEXT NOT NULL,
            feed TEXT NOT NULL CHECK (feed IN ('approvals', 'runs')),
            about TEXT NOT NULL,
            opened_at INTEGER NOT NULL,
            before_n INTEGER NOT NULL,
            oldest INTEGER,
            reached INTEGER NOT NULL,
            PRIMARY KEY (account, feed, about)
        ) STRICT, WITHOUT ROWID;
        """
}
