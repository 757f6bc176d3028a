import CPostgres

/// What each session asks of the server. A plain role may set all of it.
enum PostgresSettings {
    /// - Parameter writes: the session may hold the lock of the leader, so the server must notice soon when its client is gone.
    static func apply(to connection: PostgresConnection, writes: Bool) throws(PostgresFailure) {
        var settings = [
            ("statement_timeout", "60000"), ("lock_timeout", "8000"), ("idle_in_transaction_session_timeout", "10000"),
            // A plan is kept. One that was made while the tables were small would go through all rows for ever; our queries have their indices.
            // The planner then believes that what has none is dear, and must not compile it for that.
            ("enable_seqscan", "off"), ("jit", "off"),
            ("tcp_keepalives_idle", "2"), ("tcp_keepalives_interval", "1"), ("tcp_keepalives_count", "3"),
        ]
        if connection.serverVersion >= 140_000, writes { settings.append(("client_connection_check_interval", "1000")) }
        for (name, value) in settings { try connection.post("SELECT set_config(?, ?, false)", [name, value]) }
        // What was committed must survive a loss of power; a stronger setting of the server stays.
        try connection.post(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local')")
        try connection.sync()
        if connection.serverVersion < 130_000 {
            throw PostgresFailure(
                state: "0AREL", words: "the server is PostgreSQL \(connection.serverVersion / 10_000); 13 or newer is needed")
        }
    }
}
