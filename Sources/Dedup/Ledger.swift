import Dispatch
import GRDB
package import RelayCore
package import RelaySupport

/// The store of everything that was seen and is still owed, in one SQLite file.
///
/// Every function that writes returns once its transaction is on the disk. A kill at any instruction leaves either all of it or
/// nothing. Several processes may hold the same store open; only the one with its `StoreLock` may release claims or migrate.
package final class Ledger: Sendable {
    package let path: String
    /// Makes accesses fail where a test asks for it.
    package let faults: FaultPoint
    let clock: any WallClock
    let writes: WriteQueue
    private let writer: DatabaseQueue
    private let reader: DatabaseQueue
    private let patience: BusyPatience
    /// `PRAGMA data_version` when it was last read. It changes when another connection writes, in this process or another.
    private let seenVersion: Locked<Int>
    let mutesOfCrowd = Locked<MutesOfCrowd?>(nil)

    private init(
        path: String, clock: any WallClock, turns: any TurnTaking, writer: DatabaseQueue, reader: DatabaseQueue, patience: BusyPatience,
        version: Int
    ) {
        self.path = path
        self.clock = clock
        self.writer = writer
        self.reader = reader
        self.patience = patience
        seenVersion = Locked(version)
        faults = FaultPoint()
        writes = WriteQueue(writer, path: path, faults: faults, turns: turns)
    }

    /// Opens a store. A file that is damaged, foreign or from a newer version stays as it is.
    ///
    /// - Parameter create: makes a store where there is none and brings an older one up to date. Only the holder of the `StoreLock`
    ///   may ask for that; without it a missing store is `.missing` and an older one `.older`.
    /// - Parameter turns: writes that are asked for in one turn go into one transaction.
    package static func open(
        _ path: String, create: Bool, clock: any WallClock, turns: any TurnTaking = WithoutTurns()
    ) throws(LedgerError) -> Ledger {
        try open(path, create: create, clock: clock, turns: turns, migrations: Migrations())
    }

    static func open(
        _ path: String, create: Bool, clock: any WallClock, turns: any TurnTaking = WithoutTurns(), migrations: Migrations
    ) throws(LedgerError) -> Ledger {
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
            return Ledger(
                path: path, clock: clock, turns: turns, writer: writer, reader: reader, patience: patience,
                version: try writer.inDatabase { try dataVersion(SQLSession($0)) })
        } catch {
            throw LedgerError(error, store: path)
        }
    }

    /// Closes both connections once the work that was accepted before is done.
    package func close() throws(LedgerError) {
        writes.close()
        do {
            try reader.close()
            try writer.close()
        } catch {
            throw LedgerError(error, store: path)
        }
    }

    /// Waits no longer for another process that holds the store: what waits for it fails with `.busy`, and so does everything later.
    package func hurry() { patience.end() }

    /// Closes both connections and ignores errors. Everything that was written before is on the disk either way.
    package func end() {
        do { try close() } catch { return }
    }

    /// Whether another process has written since the last call. If the file cannot be read it returns false, and the next call that can
    /// read it reports the change.
    package func changedElsewhere() async -> Bool {
        let version: Int
        do {
            version = try await writes.betweenTransactions(Self.dataVersion)
        } catch {
            return false
        }
        return seenVersion.withLock { seen in
            defer { seen = version }
            return seen != version
        }
    }

    /// How many groups of writes this process has made. It grows with each change of the store that is not made by another process.
    package var transactions: Int { writes.crowd }

    /// The error that writing gives now; nil if the store can be written. It writes a little to find out.
    package func isWritable() async -> LedgerError? {
        let now = clock.now
        do {
            try await writes.write("pulse") { db in
                // Allocating some room and freeing it again detects a full disk.
                try db.run("UPDATE pulse SET room = zeroblob(16384)")
                try db.run("UPDATE pulse SET room = NULL, at = ?", now.milliseconds)
            }
            return nil
        } catch {
            return error
        }
    }

    /// Reads in one transaction. It sees everything that was written before and nothing that is written meanwhile.
    func read<Value: Sendable>(_ work: @escaping @Sendable (SQLSession) throws -> Value) async throws(LedgerError) -> Value {
        if let fault = faults.fault(in: .read) { throw LedgerError(fault.error, store: path) }
        let result: Result<Value, LedgerError> = await withCheckedContinuation { continuation in
            reader.asyncRead { [path] database in
                continuation.resume(returning: Result { try work(SQLSession(database.get())) }.mapError { LedgerError($0, store: path) })
            }
        }
        return try result.get()
    }

    /// Runs work that must not be inside a transaction, on a connection of its own, so that no reader waits.
    func readOutsideTransaction(_ work: @escaping @Sendable (SQLSession) throws -> Void) async throws(LedgerError) {
        if let fault = faults.fault(in: .read) { throw LedgerError(fault.error, store: path) }
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
}

extension Ledger {
    @Sendable
    private static func dataVersion(_ db: SQLSession) throws -> Int { try db.first("PRAGMA data_version") { $0[0] } ?? 0 }

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
