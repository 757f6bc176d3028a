import GRDB
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Dedup

/// Every function of the ledger with faults of SQLite: it throws the error, and nothing is half written.
struct FaultTests {
    private static let reasons: [StoreFault.Code: LedgerError.Reason] = [.ioError: .io, .full: .full, .busy: .busy, .corrupt: .corrupt]

    @Test(arguments: FaultCall.reads) func `a read that fails says so`(call: FaultCall) async throws {
        let (store, scene) = try await FaultScene.make()
        for code in StoreFault.Code.allCases {
            store.ledger.faults.follow(nth(1, StoreFault(code)))
            let error = await #expect(throws: LedgerError.self) { try await call.run(store.ledger, scene) }
            #expect(error?.reason == Self.reasons[code])
        }
        store.ledger.faults.follow(nil)
        try await call.run(store.ledger, scene)
    }

    @Test(arguments: FaultCall.writes, StoreFault.Code.allCases)
    func `a write that fails says so, and leaves nothing behind`(call: FaultCall, code: StoreFault.Code) async throws {
        for moment in [StoreFault.Moment.before, .during] {
            let (store, scene) = try await FaultScene.make()
            let before = try await store.dump()
            for access in 1... {
                let fired = Locked(false)
                store.ledger.faults.follow(nth(access, StoreFault(code, moment), fired))
                var reason: LedgerError.Reason?
                do { try await call.run(store.ledger, scene) } catch let error as LedgerError { reason = error.reason }
                store.ledger.faults.follow(nil)
                guard fired.withLock({ $0 }) else { break }
                #expect(reason == Self.reasons[code], "\(call.name), access \(access)")
                if !call.isSeveral { #expect(try await store.dump() == before, "\(call.name), \(moment)") }
            }
        }
    }

    @Test(arguments: FaultCall.writes)
    func `a write whose success was not heard of says that it failed, and was made whole`(call: FaultCall) async throws {
        let (store, scene) = try await FaultScene.make()
        let before = try await store.dump()
        store.ledger.faults.follow { $0 == .read ? nil : StoreFault(.ioError, .after) }
        let error = await #expect(throws: LedgerError.self) { try await call.run(store.ledger, scene) }
        #expect(error?.reason == .io)
        store.ledger.faults.follow(nil)
        let once = try await store.dump()
        if !["retain"].contains(call.name) { #expect(once != before) }
        // A caller that got the error calls again, which must do no harm.
        try await call.run(store.ledger, scene)
    }

    @Test func `a settlement that was written and not heard of is not written twice`() async throws {
        let (store, scene) = try await FaultScene.make()
        store.ledger.faults.follow(nth(1, StoreFault(.full, .after)))
        let settle = {
            try await store.ledger.settle(scene.claim, as: .delivered(Receipt()), attempt: store.attempt("delivered"))
        }
        await #expect(throws: LedgerError.self) { try await settle() }
        #expect(try await settle() == false)
        #expect(try await store.number("SELECT count(*) FROM attempt WHERE delivery = \(scene.claim.delivery)") == 1)
    }

    @Test func `a neighbour in the same transaction is written, whatever fails beside it`() async throws {
        let store = try TestStore()
        store.ledger.faults.follow { access in access == .write("mute") ? StoreFault(.ioError, .during) : nil }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...50 {
                group.addTask {
                    await #expect(throws: LedgerError.self) { try await store.ledger.mute("x", until: .distantFuture) }
                    try await store.admit(notification(number, at: store.clock), [store.owed()])
                }
            }
            try await group.waitForAll()
        }
        store.ledger.faults.follow(nil)
        #expect(try await store.number("SELECT count(*) FROM delivery") == 50)
        #expect(try await store.ledger.mutes().isEmpty)
    }

    @Test func `whether another process has written is asked again after a fault`() async throws {
        let store = try TestStore()
        _ = await store.ledger.changedElsewhere()
        let other = try store.another()
        try await other.mute("x", until: .distantFuture)
        try other.close()
        store.ledger.faults.follow(nth(1, StoreFault(.ioError)))
        #expect(await store.ledger.changedElsewhere() == false)
        #expect(await store.ledger.changedElsewhere())
    }

    @Test func `the beginning of an account is stored once and never moved`() async throws {
        let store = try TestStore()
        let start = store.clock.now
        #expect(try await store.ledger.begin(account: "live", at: start) == start)
        store.clock.advance(by: .seconds(3_600))
        #expect(try await store.ledger.begin(account: "live", at: store.clock.now) == start)
        try await store.ledger.save(FeedState(account: "live", name: "account", since: store.clock.now, firstReadAt: store.clock.now))
        let feed = try #require(try await store.ledger.feeds(account: "live").first)
        #expect(feed.since == start)
        #expect(feed.firstReadAt == start)
    }
}

/// Makes the n-th access from now on fail, counted from 1.
func nth(_ n: Int, _ fault: StoreFault, _ fired: Locked<Bool> = Locked(false)) -> FaultPoint.Plan {
    let count = Locked(0)
    return { _ in
        let number = count.withLock { count in
            count += 1
            return count
        }
        guard number == n else { return nil }
        fired.withLock { $0 = true }
        return fault
    }
}

extension TestStore {
    /// Every row of every table but the pulse, as text.
    func dump() async throws -> [String] {
        if let database { return try Self.dump(database) }
        return try await ledger.read { db in
            let tables = try String.fetchAll(
                db.database, sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'pulse' ORDER BY name")
            return try tables.flatMap { table in
                try Row.fetchAll(db.database, sql: "SELECT * FROM \"\(table)\"").map { "\(table): \($0.description)" }.sorted()
            }
        }
    }

    /// The beat of the leader counts every transaction, so it says nothing about what is stored.
    private static func dump(_ database: String) throws -> [String] {
        let tables = try TestDatabase.run(
            "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename NOT IN ('pulse', 'leader') ORDER BY 1",
            in: database)
        return try tables.flatMap { table in
            try TestDatabase.run("SELECT '\(table): ' || CAST(t AS TEXT) FROM \"\(table)\" t ORDER BY 1", in: database)
        }
    }
}
