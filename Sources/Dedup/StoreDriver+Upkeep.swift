import RelayCore

/// What differs between the databases beside the statements.
extension StoreDriver {
    /// A number that changes when another connection writes, in this process or another, as it was when the store was opened.
    var firstVersion: Int {
        switch self {
        case .sqlite(let store): store.firstVersion
        case .postgres(let store): store.version
        }
    }

    /// It grows when others have written, as far as the database tells by itself.
    var changesOfOthers: Int {
        switch self {
        case .sqlite: 0
        case .postgres(let store): store.version
        }
    }

    /// The version as it is now. If the file cannot be read it throws.
    func version(_ writes: WriteQueue) async throws(LedgerError) -> Int {
        switch self {
        case .sqlite: try await writes.betweenTransactions(SQLiteStore.version)
        case .postgres(let store): store.version
        }
    }

    /// Writes a little, to find out whether the store can be written.
    func pulse(at now: Timestamp, _ db: SQLSession) throws {
        switch self {
        case .sqlite: try SQLiteStore.pulse(at: now, db)
        case .postgres: try db.post("UPDATE pulse SET at = ?", now.milliseconds)
        }
    }

    /// Writes a consistent copy while the store is in use.
    func backup(to target: String) async throws(LedgerError) {
        switch self {
        case .sqlite(let store): try await store.backup(to: target)
        case .postgres:
            throw LedgerError(
                .refused, "\(shown) is a database of a server: copy it with `pg_dump --format=custom --file=\(target) …`")
        }
    }

    func bytes(_ db: SQLSession) throws -> LedgerGauges.Bytes {
        switch self {
        case .sqlite(let store): try SQLiteStore.bytes(of: store.path, db)
        case .postgres:
            LedgerGauges.Bytes(data: try db.first("SELECT pg_database_size(current_database())") { $0[0] } ?? 0, free: 0, log: 0)
        }
    }

    /// Whether free room can be given back to the file system. A server does that by itself.
    func hasRoomToGive(keeping kept: Int, _ db: SQLSession) throws -> Bool {
        switch self {
        case .sqlite: try SQLiteStore.hasRoomToGive(keeping: kept, db)
        case .postgres: false
        }
    }
}
