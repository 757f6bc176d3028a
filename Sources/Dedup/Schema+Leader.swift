extension Schema {
    /// Who acts for all relays of the store. `epoch` counts the reigns, `beat` the leader's transactions within its own (PostgreSQL only).
    static let leader = """
        CREATE TABLE leader (
            n INTEGER PRIMARY KEY CHECK (n = 1),
            epoch INTEGER NOT NULL,
            beat INTEGER NOT NULL,
            holder TEXT NOT NULL,
            since INTEGER NOT NULL
        ) STRICT;
        INSERT INTO leader VALUES (1, 0, 0, '', 0);
        """
}
