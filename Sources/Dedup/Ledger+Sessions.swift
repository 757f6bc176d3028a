package import RelayCore

extension Ledger {
    /// Ends a session before its time.
    ///
    /// - Parameter until: when it would have ended by itself.
    package func endSession(_ id: String, until: Timestamp) async throws(LedgerError) {
        let now = clock.now
        try await writes.write("sign out") { db in
            try db.post("DELETE FROM ended_session WHERE until < ?", now.milliseconds)
            try db.post("INSERT INTO ended_session (id, until) VALUES (?, ?) ON CONFLICT DO NOTHING", id, until.milliseconds)
        }
    }

    package func isSessionEnded(_ id: String) async throws(LedgerError) -> Bool {
        try await read { try $0.first("SELECT 1 FROM ended_session WHERE id = ?", id) { $0[0] as Int } != nil }
    }
}
