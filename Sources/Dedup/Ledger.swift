package import RelayCore
package import RelaySupport

/// The store of everything that was seen and is still owed, in one SQLite file or in one PostgreSQL database.
///
/// Every function that writes returns once its transaction is on the disk. A kill at any instruction leaves either all of it or
/// nothing. Several processes may hold the same store open; only the one that leads may release claims or migrate.
package final class Ledger: Sendable {
    /// The store as errors name it. It has no password.
    package let path: String
    /// Makes accesses fail where a test asks for it.
    package let faults: FaultPoint
    let clock: any WallClock
    let writes: WriteQueue
    let store: StoreDriver
    /// The version of the store when it was last asked for. It changes when another connection writes, in this process or another.
    private let seenVersion: Locked<Int>
    let mutesOfCrowd = Locked<MutesOfCrowd?>(nil)

    private init(_ store: StoreDriver, clock: any WallClock, turns: any TurnTaking) {
        path = store.shown
        self.clock = clock
        self.store = store
        seenVersion = Locked(store.firstVersion)
        faults = FaultPoint()
        writes = WriteQueue(store, faults: faults, turns: turns)
    }

    /// Opens a store. A file that is damaged, foreign or from a newer version stays as it is.
    ///
    /// - Parameter role: who asks. With SQLite only the holder of the `StoreLock` may be the leader or a standby. A command finds a store
    ///   that is not there `.missing` and an older one `.older`.
    /// - Parameter turns: writes that are asked for in one turn go into one transaction.
    package static func open(
        _ address: StoreAddress, as role: StoreRole, clock: any WallClock, turns: any TurnTaking = WithoutTurns()
    ) throws(LedgerError) -> Ledger {
        try open(address, as: role, clock: clock, turns: turns, migrations: Migrations())
    }

    static func open(
        _ address: StoreAddress, as role: StoreRole, clock: any WallClock, turns: any TurnTaking = WithoutTurns(), migrations: Migrations
    ) throws(LedgerError) -> Ledger {
        Ledger(try StoreDriver.open(address, as: role, clock: clock, migrations: migrations), clock: clock, turns: turns)
    }

    /// Closes both connections once the work that was accepted before is done.
    package func close() throws(LedgerError) {
        writes.close()
        try store.close()
    }

    /// Waits no longer for another process that holds the store: what waits for it fails with `.busy`, and so does everything later.
    package func hurry() { store.hurry() }

    /// Closes both connections and ignores errors. Everything that was written before is on the disk either way.
    package func end() {
        do { try close() } catch { return }
    }

    /// Whether another process has written since the last call. If the file cannot be read it returns false, and the next call that can
    /// read it reports the change.
    package func changedElsewhere() async -> Bool {
        if faults.fault(in: .read) != nil { return false }
        let version: Int
        do {
            version = try await store.version(writes)
        } catch {
            return false
        }
        return seenVersion.withLock { seen in
            defer { seen = version }
            return seen != version
        }
    }

    /// It grows with each change of the store that this process makes, and with PostgreSQL also with those of others.
    package var changeCount: Int { writes.crowd + store.changesOfOthers }

    /// The error that writing gives now; nil if the store can be written. It writes a little to find out.
    package func isWritable() async -> LedgerError? {
        let now = clock.now
        do {
            try await writes.write("pulse") { [store] db in
                try store.pulse(at: now, db)
            }
            return nil
        } catch {
            return error
        }
    }

    /// Reads in one transaction. It sees everything that was written before and nothing that is written meanwhile.
    func read<Value: Sendable>(_ work: @escaping @Sendable (SQLSession) throws -> Value) async throws(LedgerError) -> Value {
        if let fault = faults.fault(in: .read) { throw LedgerError(fault.error, store: path) }
        return try await store.read(work)
    }
}
