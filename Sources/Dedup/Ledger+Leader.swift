import RelayCore

extension Ledger {
    /// Whether this process leads, and who does.
    package var leadership: Leadership { store.leadership }

    /// The relay that leads, or that led last; nil if none ever did.
    package func leader() async throws(LedgerError) -> Leader? {
        try await read { try LeaderRow.read($0) }
    }
}

enum LeaderRow {
    private static let one = "SELECT epoch, holder, since FROM leader WHERE epoch > 0"
    private static let reign = "UPDATE leader SET epoch = epoch + 1, beat = 0, holder = ?, since = ?"

    static func read(_ db: SQLSession) throws -> Leader? {
        try db.first(one) { Leader(epoch: $0[0], holder: $0[1], since: $0.time(2)) }
    }

    /// Begins a reign.
    static func write(_ holder: String, at now: Timestamp, _ db: SQLSession) throws { try db.post(reign, holder, now.milliseconds) }
}
