import Foundation
import GRDB
import Testing

@testable import Dedup

/// A store that another process holds for long.
@Suite(.enabled(if: TestStore.isFile))
struct BusyTests {
    /// A connection of another process, which may hold the store.
    private func other(_ store: TestStore) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        return try DatabaseQueue(path: store.path, configuration: configuration)
    }

    @Test func `who is in a hurry does not wait for another process`() async throws {
        let store = try TestStore()
        let other = try self.other(store)
        try await other.writeWithoutTransaction { db in
            try db.execute(sql: "BEGIN IMMEDIATE")
        }
        let waiting = Task { await store.ledger.isWritable() }
        try await Task.sleep(for: .milliseconds(50))
        let start = ContinuousClock.now
        store.ledger.hurry()
        #expect(await waiting.value?.reason == .busy)
        #expect(await store.ledger.isWritable()?.reason == .busy)
        #expect(ContinuousClock.now - start < .seconds(2))
        try await other.writeWithoutTransaction { db in
            try db.execute(sql: "ROLLBACK")
        }
        #expect(await store.ledger.isWritable() == nil)
    }

    @Test func `who is not waits until it goes on`() async throws {
        let store = try TestStore()
        let other = try self.other(store)
        try await other.writeWithoutTransaction { db in
            try db.execute(sql: "BEGIN IMMEDIATE")
        }
        let waiting = Task { await store.ledger.isWritable() }
        try await Task.sleep(for: .milliseconds(50))
        try await other.writeWithoutTransaction { db in
            try db.execute(sql: "COMMIT")
        }
        #expect(await waiting.value == nil)
    }
}
