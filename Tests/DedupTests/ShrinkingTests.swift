import GRDB
import RelayCore
import RelayTesting
import Testing

@testable import Dedup

/// What retention frees is given back to the file system, in small steps.
@Suite(.enabled(if: TestStore.isFile))
struct ShrinkingTests {
    private let folder = TestFolder()

    private func pages(_ ledger: Ledger) async throws -> (all: Int, free: Int) {
        try await ledger.read { (try $0.pragma("page_count"), try $0.pragma("freelist_count")) }
    }

    @Test func `a new store gives free pages back until the room that it keeps`() async throws {
        let ledger = try Ledger.open(.file(folder.path + "/relay.db"), as: .leader, clock: ManualClock())
        defer { ledger.end() }
        #expect(try await ledger.read { try $0.pragma("auto_vacuum") } == 2)
        try await ledger.writes.write("fill") { db in
            try db.script("CREATE TABLE ballast (room BLOB)")
            for _ in 0..<2_000 { try db.script("INSERT INTO ballast VALUES (zeroblob(4000))") }
        }
        #expect(try await !ledger.shrink(keeping: 100), "nothing is free yet")
        try await ledger.writes.write("empty") { try $0.script("DELETE FROM ballast") }
        let before = try await pages(ledger)
        #expect(before.free > 1_900)
        var steps = 0
        while try await ledger.shrink(keeping: 100) { steps += 1 }
        let after = try await pages(ledger)
        #expect(steps >= 6)
        // Pages that only say where others are go with them.
        #expect(before.all - after.all >= steps * Ledger.pagesOfStep)
        #expect(after.free <= 100 + Ledger.pagesOfStep || after.free * 10 <= after.all)
        #expect(try await !ledger.shrink(), "a small store keeps what it has")
    }

    @Test func `a store that cannot give pages back keeps them`() async throws {
        let path = folder.path + "/old.db"
        let old = try DatabaseQueue(path: path)
        try old.inDatabase { try $0.execute(sql: "PRAGMA auto_vacuum = NONE; CREATE TABLE x (y)") }
        try old.close()
        let ledger = try Ledger.open(.file(folder.path + "/new.db"), as: .leader, clock: ManualClock())
        defer { ledger.end() }
        try await ledger.writes.write("as before") { try $0.script("PRAGMA auto_vacuum = NONE") }
        #expect(try await !ledger.shrink(keeping: 0))
    }
}
