import Foundation
import GRDB
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Dedup

/// A file that is not a good store gives a clear error and is not changed.
@Suite(.enabled(if: TestStore.isFile))
struct StoreFileTests {
    let store: TestStore

    init() throws { store = try TestStore() }

    private func refusal(_ path: String, as role: StoreRole = .leader, migrations: Migrations = Migrations()) throws -> LedgerError {
        try #require(throws: LedgerError.self) {
            try Ledger.open(.file(path), as: role, clock: store.clock, migrations: migrations).close()
        }
    }

    @Test func `a command makes no store where there is none`() throws {
        let path = store.folder + "/none.db"
        #expect(try refusal(path, as: .beside).reason == .missing)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `only its owner can read a store, and what stands beside it`() async throws {
        try await store.admit(notification(1, at: store.clock), [store.owed()])
        for end in ["", "-wal", "-shm"] {
            let rights = try FileManager.default.attributesOfItem(atPath: store.path + end)[.posixPermissions] as? Int
            #expect(rights == 0o600)
        }
    }

    @Test func `the database of another program is left alone`() throws {
        let path = store.folder + "/other.db"
        try DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE customer (id INTEGER)") }
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        let error = try refusal(path)
        #expect(error.reason == .foreign)
        #expect(error.detail.contains(path))
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }

    @Test func `a store from a newer version is left alone`() throws {
        try store.ledger.close()
        try DatabaseQueue(path: store.path).writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA user_version = 99; PRAGMA journal_mode = DELETE")
        }
        let before = try Data(contentsOf: URL(fileURLWithPath: store.path))
        #expect(try refusal(store.path).reason == .newer)
        #expect(try Data(contentsOf: URL(fileURLWithPath: store.path)) == before)
    }

    @Test(arguments: ["no database at all", LongText(String(repeating: "x", count: 5_000)), "SQLite format 3\0"])
    func `a file that is no store is left alone`(text: LongText) throws {
        let text = text.text
        let path = store.folder + "/text.db"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        #expect(try refusal(path).reason == .corrupt)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(text.utf8))
    }

    @Test func `a store damaged inside says so and what to do`() async throws {
        for number in 0..<200 { try await store.admit(notification(number, at: store.clock), [store.owed()]) }
        try store.ledger.close()
        let file = try #require(FileHandle(forUpdatingAtPath: store.path))
        let size = try file.seekToEnd()
        try file.seek(toOffset: 4_096)
        try file.write(contentsOf: Data(repeating: 0xA5, count: Int(size) - 4_096))
        try file.close()
        let error = await #expect(throws: LedgerError.self) {
            let ledger = try Ledger.open(.file(store.path), as: .leader, clock: store.clock)
            defer { try? ledger.close() }
            _ = try await ledger.claim("ops", limit: 9, lease: .seconds(60))
            _ = try await ledger.overview()
        }
        #expect(error?.reason == .corrupt)
        #expect(error?.detail.contains("backup") == true)
    }

    @Test func `a folder that is not there is named`() throws {
        #expect(try refusal(store.folder + "/none/relay.db").detail.contains("folder"))
    }

    @Test func `a full disk refuses what comes, keeps what was, and goes on when there is room`() async throws {
        try await store.admit(notification(1, at: store.clock), [store.owed()])
        try await store.ledger.writes.betweenTransactions { try $0.script("PRAGMA max_page_count = 1") }
        let long = String(repeating: "x", count: 100_000)
        let refused = await #expect(throws: LedgerError.self) {
            for number in 2..<60 { try await store.admit(notification(number, at: store.clock, message: long), [store.owed()]) }
        }
        #expect(refused?.reason == .full)
        #expect(await store.ledger.isWritable()?.reason == .full)
        #expect(try await store.states(of: "live/notification/1") == [.owed])
        try await store.ledger.writes.betweenTransactions { try $0.script("PRAGMA max_page_count = 1000000") }
        #expect(try await store.admit(notification(60, at: store.clock, message: long), [store.owed()]) == .admitted(owed: 1))
        #expect(await store.ledger.isWritable() == nil)
    }

    @Test func `a store that cannot be written says so`() async throws {
        try await store.ledger.writes.betweenTransactions { try $0.script("PRAGMA query_only = ON") }
        let error = await #expect(throws: LedgerError.self) {
            try await store.admit(notification(1, at: store.clock), [store.owed()])
        }
        #expect(error?.reason == .readOnly)
        #expect(await store.ledger.isWritable()?.reason == .readOnly)
    }

    @Test func `only one relay runs on a store`() throws {
        let lock = try StoreLock.acquire(store: store.path)
        let error = #expect(throws: LedgerError.self) { try StoreLock.acquire(store: store.path) }
        #expect(error?.reason == .busy)
        #expect(error?.detail.contains("process \(ProcessInfo.processInfo.processIdentifier)") == true)
        lock.release()
        try StoreLock.acquire(store: store.path).release()
    }

    @Test func `a closed ledger says that it is closed`() async throws {
        try store.ledger.close()
        let error = await #expect(throws: LedgerError.self) {
            try await store.admit(notification(1, at: store.clock), [store.owed()])
        }
        #expect(error?.reason == .closed)
    }

    @Test func `a backup is whole, for its owner only, and never writes over a file`() async throws {
        for number in 0..<50 { try await store.admit(notification(number, at: store.clock), [store.owed()]) }
        let target = store.folder + "/copy.db"
        try await store.ledger.backup(to: target)
        let copy = try Ledger.open(.file(target), as: .beside, clock: store.clock)
        #expect(try await copy.overview().owed == 50)
        try copy.close()
        #expect(try FileManager.default.attributesOfItem(atPath: target)[.posixPermissions] as? Int == 0o600)
        await #expect(throws: LedgerError.self) { try await store.ledger.backup(to: target) }
        #expect(!FileManager.default.fileExists(atPath: target + ".part"))
    }
}

/// How an older store becomes a newer one.
@Suite(.enabled(if: TestStore.isFile))
struct MigrationTests {
    let store: TestStore
    private static let next = Migration(number: Migration.all.count + 1, sql: "ALTER TABLE lane ADD COLUMN colour TEXT;")
    private static let broken = Migration(
        number: Migration.all.count + 2, sql: "CREATE TABLE half (n INTEGER); SELECT nothing FROM nowhere;")

    init() throws { store = try TestStore() }

    @Test func `an older store is copied, then moved on with all that it holds`() async throws {
        try await store.admit(notification(1, at: store.clock), [store.owed()])
        try store.ledger.close()
        let steps = Migrations(steps: Migration.all + [Self.next])
        let ledger = try Ledger.open(.file(store.path), as: .leader, clock: store.clock, migrations: steps)
        defer { try? ledger.close() }
        #expect(try await ledger.overview().owed == 1)
        #expect(try await ledger.read { try $0.database.columns(in: "lane").map(\.name).contains("colour") })
        let before = try Ledger.open(.file("\(store.path).before-\(Self.next.number)"), as: .beside, clock: store.clock)
        #expect(try await before.overview().owed == 1)
        try before.close()
    }

    @Test func `a step that fails leaves the store at the step before it`() async throws {
        try await store.admit(notification(1, at: store.clock), [store.owed()])
        try store.ledger.close()
        let steps = Migrations(steps: Migration.all + [Self.next, Self.broken])
        #expect(throws: LedgerError.self) {
            try Ledger.open(.file(store.path), as: .leader, clock: store.clock, migrations: steps).close()
        }
        let two = Migrations(steps: Migration.all + [Self.next])
        let ledger = try Ledger.open(.file(store.path), as: .beside, clock: store.clock, migrations: two)
        defer { try? ledger.close() }
        #expect(try await ledger.read { try $0.database.tableExists("half") } == false)
        #expect(try await ledger.overview().owed == 1)
    }

    @Test func `only the relay itself moves a store on`() throws {
        let steps = Migrations(steps: Migration.all + [Self.next])
        let error = #expect(throws: LedgerError.self) {
            try Ledger.open(.file(store.path), as: .beside, clock: store.clock, migrations: steps).close()
        }
        #expect(error?.detail.contains("older version") == true)
    }

    @Test func `a command opens a store that the running relay has just moved on`() throws {
        try store.ledger.close()
        let steps = Migrations(steps: Migration.all + [Self.next])
        let daemon = try Ledger.open(.file(store.path), as: .leader, clock: store.clock, migrations: steps)
        defer { try? daemon.close() }
        #expect(try StoreFile(path: store.path).condition() == .ours(version: Self.next.number))
        try Ledger.open(.file(store.path), as: .beside, clock: store.clock, migrations: steps).close()
    }

    @Test func `the version in the WAL counts, not the one in the header of the file`() async throws {
        let number = Self.next.number
        try await store.ledger.writes.betweenTransactions { try $0.script("PRAGMA user_version = \(number)") }
        #expect(try StoreFile(path: store.path).condition() == .ours(version: number - 1))
        let steps = Migrations(steps: Migration.all + [Self.next])
        try Ledger.open(.file(store.path), as: .beside, clock: store.clock, migrations: steps).close()
    }
}
