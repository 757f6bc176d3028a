import Dispatch
import GRDB
import RelayCore
import RelaySupport

/// The two connections to the one SQLite file: one that writes, and one that reads beside it.
final class SQLiteStore: Sendable {
    let path: String
    let leadership: Leadership
    /// The version when the store was opened.
    let firstVersion: Int
    private let writer: DatabaseQueue
    private let reader: DatabaseQueue
    private let patience: BusyPatience

    private init(
        path: String, leadership: Leadership, firstVersion: Int, writer: DatabaseQueue, reader: DatabaseQueue, patience: BusyPatience
    ) {
        self.path = path
        self.leadership = leadership
        self.firstVersion = firstVersion
        self.writer = writer
        self.reader = reader
        self.patience = patience
    }

    /// - Parameter role: a leader or standby holds the `StoreLock` already, so it leads from the start.
    static func open(_ path: String, as role: StoreRole, clock: any WallClock, migrations: Migrations) throws(LedgerError) -> SQLiteStore {
        let create = role != .beside
        let file = StoreFile(path: path)
        let condition = try file.condition()
        // The header of the file shows an older version until SQLite has moved a migration from the WAL into it, so only the connection can
        // say that a store is too old.
        if !condition.isOlder(than: migrations.newest) { try accept(condition, of: path, create: create, newest: migrations.newest) }
        do {
            if condition == .missing || condition == .empty { try file.prepare() }
            let patience = BusyPatience()
            let writer = try DatabaseQueue(path: path, configuration: configuration(readonly: false, patience))
            // It can only be chosen before the first page is written, so older stores go on without it.
            if condition == .missing || condition == .empty {
                try writer.inDatabase { try $0.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL") }
            }
            if create { try migrations.apply(to: writer, store: file) }
            try accept(.ours(version: writer.inDatabase(Migrations.version)), of: path, create: false, newest: migrations.newest)
            // The mode is stored in the file, so only the first opening changes anything.
            try writer.inDatabase { try $0.execute(sql: "PRAGMA journal_mode = WAL") }
            let reader = try DatabaseQueue(path: path, configuration: configuration(readonly: true, patience))
            let leadership = Leadership(role == .beside ? .beside : .standsBy, hasLease: false)
            // A store of a later version than this program has been refused; one that tests have cut short has no such table.
            if create, migrations.newest >= Self.firstWithLeader { try lead(leadership, writer, clock) }
            let version = try writer.inDatabase { try Self.version(SQLSession($0)) }
            return SQLiteStore(
                path: path, leadership: leadership, firstVersion: version, writer: writer, reader: reader, patience: patience)
        } catch {
            throw LedgerError(error, store: path)
        }
    }

    private static let firstWithLeader = 13

    private static func lead(_ leadership: Leadership, _ writer: DatabaseQueue, _ clock: any WallClock) throws {
        let now = clock.now
        let leader = try writer.inDatabase { database in
            let db = SQLSession(database)
            try LeaderRow.write(ProcessName.own, at: now, db)
            return try LeaderRow.read(db)
        }
        if let leader { leadership.lead(leader, acknowledgedFrom: .zero) }
    }

    /// Closes both connections once the work that was accepted before is done.
    func close() throws(LedgerError) {
        do {
            try reader.close()
            try writer.close()
        } catch {
            throw LedgerError(error, store: path)
        }
    }

    /// Waits no longer for another process that holds the store.
    func hurry() { patience.end() }

    /// Runs work on the writer's thread, outside of a transaction, after the work that was given before.
    func onWriter(_ work: @escaping @Sendable (SQLSession) -> Void) {
        writer.asyncWriteWithoutTransaction { work(SQLSession($0)) }
    }

    /// Reads in one transaction. It sees everything that was written before and nothing that is written meanwhile.
    func read<Value: Sendable>(_ work: @escaping @Sendable (SQLSession) throws -> Value) async throws(LedgerError) -> Value {
        let result: Result<Value, LedgerError> = await withCheckedContinuation { continuation in
            reader.asyncRead { [path] database in
                continuation.resume(returning: Result { try work(SQLSession(database.get())) }.mapError { LedgerError($0, store: path) })
            }
        }
        return try result.get()
    }

    /// Runs work that must not be inside a transaction, on a connection of its own, so that no reader waits.
    func readApart(_ work: @escaping @Sendable (SQLSession) throws -> Void) async throws(LedgerError) {
        let result: Result<Void, LedgerError> = await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [path, patience] in
                let outcome = Result {
                    let queue = try DatabaseQueue(path: path, configuration: Self.configuration(readonly: true, patience))
                    defer { try? queue.close() }
                    try queue.inDatabase { try work(SQLSession($0)) }
                }
                continuation.resume(returning: outcome.mapError { LedgerError($0, store: path) })
            }
        }
        return try result.get()
    }

    /// A number that changes when another connection writes, in this process or another.
    @Sendable static func version(_ db: SQLSession) throws -> Int { try db.first("PRAGMA data_version") { $0[0] } ?? 0 }

    private static func accept(
        _ condition: StoreFile.Condition, of path: String, create: Bool, newest: Int
    ) throws(LedgerError) {
        switch condition {
        case .ours(let version) where version > newest:
            throw LedgerError(
                .newer,
                "the store \(path) is from a newer version (schema \(version), this program knows \(newest)): run that version")
        case .ours(let version) where version < newest && !create:
            throw LedgerError(
                .older,
                "the store \(path) is from an older version (schema \(version) of \(newest)): start `run` once to move it on")
        case .ours: return
        case .missing, .empty:
            if create { return }
            throw LedgerError(.missing, "there is no store at \(path): start `run` once, or name the right file in `store`")
        case .foreign:
            throw LedgerError(.foreign, "\(path) is a database of another program: name another file in `store`")
        case .notSQLite:
            throw LedgerError(
                .corrupt,
                "\(path) is no store, or its beginning is damaged: put a backup in its place, \(LedgerError.beside)")
        }
    }

    /// The caches are small, because the file system caches too and the program shares a small machine.
    private static func configuration(readonly: Bool, _ patience: BusyPatience) -> Configuration {
        var configuration = Configuration()
        configuration.readonly = readonly
        configuration.busyMode = .callback { patience.pauses(after: $0) }
        configuration.label = readonly ? "ledger.read" : "ledger.write"
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA cache_size = -2000; PRAGMA mmap_size = 0")
            // FULL, not WAL's usual NORMAL: what was committed must survive a loss of power.
            // A longer WAL is moved into the file less often; a page that was written several times is moved once.
            if !readonly {
                try db.execute(
                    sql: "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216; PRAGMA wal_autocheckpoint = 3000")
            }
        }
        return configuration
    }
}
