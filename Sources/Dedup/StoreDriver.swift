import RelayCore

/// The database behind a ledger. The engine is an enum and no protocol, as in `SQLSession`.
enum StoreDriver: Sendable {
    case sqlite(SQLiteStore)
    case postgres(PostgresStore)

    static func open(
        _ address: StoreAddress, as role: StoreRole, clock: any WallClock, migrations: Migrations
    ) throws(LedgerError) -> StoreDriver {
        switch address {
        case .file(let path): .sqlite(try SQLiteStore.open(path, as: role, clock: clock, migrations: migrations))
        case .postgres(let address): .postgres(try PostgresStore.open(address, as: role, clock: clock))
        }
    }

    /// The store as errors name it. It has no password.
    var shown: String {
        switch self {
        case .sqlite(let store): store.path
        case .postgres(let store): store.shown
        }
    }

    var leadership: Leadership {
        switch self {
        case .sqlite(let store): store.leadership
        case .postgres(let store): store.leadership
        }
    }

    /// Closes the connections once the work that was accepted before is done.
    func close() throws(LedgerError) {
        switch self {
        case .sqlite(let store): try store.close()
        case .postgres(let store): store.close()
        }
    }

    /// Waits no longer for another process that holds the store, or for a server that does not answer.
    func hurry() {
        switch self {
        case .sqlite(let store): store.hurry()
        case .postgres(let store): store.hurry()
        }
    }

    /// Runs work on the writer's thread, outside of a transaction, after the work that was given before.
    func onWriter(_ work: @escaping @Sendable (SQLSession) -> Void) {
        switch self {
        case .sqlite(let store): store.onWriter(work)
        case .postgres(let store): store.onWriter(work)
        }
    }

    /// Reads in one transaction. It sees everything that was written before and nothing that is written meanwhile.
    func read<Value: Sendable>(_ work: @escaping @Sendable (SQLSession) throws -> Value) async throws(LedgerError) -> Value {
        switch self {
        case .sqlite(let store): try await store.read(work)
        case .postgres(let store): try await store.read(work)
        }
    }
}
