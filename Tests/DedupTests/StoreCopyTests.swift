import Foundation
import GRDB
import RelayCore
import RelayTesting
import Testing

@testable import Dedup

/// A store is copied whole, from either kind to either, and the copy is verified.
struct StoreCopyTests {
    /// A store with a row in nearly every table, and texts that are hard to keep.
    private func filled() async throws -> TestStore {
        let store = try TestStore()
        let clock = store.clock, ledger = store.ledger
        for number in 1...1_205 {
            try await store.admit(notification(number, at: clock, message: number == 7 ? "a\u{301}, 'quoted' \\ 🙂" : "late"), [])
        }
        try await store.admit(notification(5_000, at: clock), [store.owed(), store.owed("mail")])
        let claim = try await store.claimOne()
        _ = try await ledger.settle(claim, as: .delivered(Receipt(["ts": "1"])), attempt: store.attempt("delivered"))
        try await store.admit(approval(at: clock), [store.owed()])
        _ = try await ledger.ask(account: "live", approval: "a1", choice: .approve, actor: "ann", via: "test")
        try await ledger.save([RunWatch(account: "live", run: "r1", automation: "m1", shown: "x", dueAt: clock.now)])
        try await ledger.mute("m1", until: clock.now + .seconds(60))
        return store
    }

    private func file() throws -> (Ledger, TestFolder) {
        let folder = TestFolder()
        return (try Ledger.open(.file(folder.path + "/copy.db"), as: .leader, clock: ManualClock()), folder)
    }

    @Test func `a copy has the same rows, and goes on from there`() async throws {
        let store = try await filled(), (target, folder) = try file()
        let tables = try await StoreCopy(from: store.ledger, to: target).run()
        #expect(tables.map(\.name) == StoreTable.names)
        #expect(tables.first { $0.name == "event" }?.rows == 1_207)
        #expect(try await target.history("live/notification/5000").deliveries.map(\.state) == [.delivered, .owed])
        #expect(try await target.unfinished(at: store.clock.now) == (try await store.ledger.unfinished(at: store.clock.now)))
        // New rows get numbers of their own.
        let clock = store.clock
        #expect(try await target.admit([Admission(event: notification(9_999, at: clock), owed: [store.owed()])]) == [.admitted(owed: 1)])
        try target.close()
        _ = folder
    }

    @Test func `there and back it is the same`() async throws {
        let store = try await filled(), (middle, folder) = try file(), last = try TestStore()
        let first = try await StoreCopy(from: store.ledger, to: middle).run()
        #expect(try await StoreCopy(from: middle, to: last.ledger).run() == first)
        #expect(try await last.admit(notification(9_999, at: last.clock), [last.owed()]) == .admitted(owed: 1))
        try middle.close()
        _ = folder
    }

    @Test func `a store that holds something is left alone`() async throws {
        let store = try await filled(), full = try TestStore()
        try await full.admit(notification(1, at: full.clock), [])
        let error = await #expect(throws: LedgerError.self) { try await StoreCopy(from: store.ledger, to: full.ledger).run() }
        #expect(error?.detail.contains("holds a store already") == true)
        #expect(try await full.number("SELECT count(*) FROM event") == 1)
    }

    @Test func `a copy that fails in the middle leaves nothing`() async throws {
        let store = try await filled(), target = try TestStore()
        try await target.refuseRows(in: "audit")
        await #expect(throws: LedgerError.self) { try await StoreCopy(from: store.ledger, to: target.ledger).run() }
        #expect(try await target.number("SELECT count(*) FROM event") == 0)
    }

    @Test(.enabled(if: TestStore.isFile)) func `a NUL in a text is replaced, as PostgreSQL needs it`() async throws {
        let store = try TestStore(), target = try TestStore()
        try await store.admit(notification(1, at: store.clock), [store.owed()])
        try await store.ledger.writes.write("spoil") { try $0.post("UPDATE delivery SET reason = ?", "a\0b") }
        _ = try await StoreCopy(from: store.ledger, to: target.ledger).run()
        #expect(try await target.ledger.read { try $0.first("SELECT reason FROM delivery") { $0[0] as String } } == "a\u{FFFD}b")
    }

    @Test(.enabled(if: TestStore.isFile)) func `every table is copied or known to be each store's own`() async throws {
        let store = try TestStore()
        let tables = try await store.ledger.read {
            try $0.all("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'") { $0[0] as String }
        }
        #expect(Set(tables) == Set(StoreTable.names).union(StoreTable.own))
    }
}
