import GRDB
import GRDBSQLite
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Dedup

/// The work of a query in steps of SQLite's virtual machine: held and settled rows add nothing to the frequent queries.
@Suite(.enabled(if: TestStore.isFile))
struct WorkTests {
    private static let many = 100_000

    /// A store in which one event has `count` deliveries to recipients of `ops`, in a given state and due later.
    private func store(with count: Int, state: DeliveryState = .owed) async throws -> TestStore {
        let store = try TestStore()
        try await store.admit(notification(1, at: store.clock), [])
        let due = (store.clock.now + .seconds(3_600)).milliseconds
        try await store.ledger.writes.write("fill") { db in
            _ = try db.run(
                """
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
                INSERT INTO delivery (event, destination, recipient, route, priority, state, due_at, held_for)
                SELECT 1, 'ops', i, 'loud', i % 4, ?, ? + i, 'throttle' FROM n
                """, count, state.rawValue, due)
        }
        return store
    }

    /// The result of `work`, and the steps that the statement took while it ran.
    private func steps<Value: Sendable>(
        _ sql: String, in store: TestStore, _ work: @escaping @Sendable (SQLSession) throws -> Value
    ) async throws -> (value: Value, steps: Int) {
        try await store.ledger.read { db in
            let statement = try db.database.cachedStatement(sql: sql).sqliteStatement
            sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1)
            let value = try work(db)
            return (value, Int(sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 0)))
        }
    }

    private func claim(_ store: TestStore) async throws -> Int {
        let now = store.clock.now
        let (found, steps) = try await steps(ClaimRow.due, in: store) { db in
            try Priority.allCases.flatMap { try ClaimRow.due("ops", $0, at: now, limit: 50, probing: false, db) }.count
        }
        #expect(found == 0 && steps > 0)
        return steps
    }

    private func wait(_ store: TestStore) async throws -> Int {
        let (_, steps) = try await steps(ClaimRow.nextDue, in: store) { db in
            try Priority.allCases.compactMap { try ClaimRow.nextDue("ops", $0, db) }.min()
        }
        #expect(steps > 0)
        return steps
    }

    @Test(arguments: [DeliveryState.owed, .delivered, .dead])
    func `a hundred thousand that are held or settled add no step to an empty claim`(state: DeliveryState) async throws {
        let few = try await store(with: 8, state: state), full = try await store(with: Self.many, state: state)
        let (leastClaim, leastWait) = (try await claim(few), try await wait(few))
        #expect(try await claim(full) == leastClaim)
        #expect(try await wait(full) == leastWait)
    }

    @Test func `a claim of fifty takes as many steps out of a hundred thousand as out of few`() async throws {
        func claimFifty(of count: Int) async throws -> Int {
            let store = try await store(with: count)
            store.clock.advance(by: .seconds(7_200))
            let now = store.clock.now
            let (found, steps) = try await steps(ClaimRow.due, in: store) { db in
                try ClaimRow.due("ops", .normal, at: now, limit: 50, probing: false, db).count
            }
            #expect(found == 50)
            return steps
        }
        let least = try await claimFifty(of: 400)
        #expect(try await claimFifty(of: Self.many) == least)
    }

    /// A store of `count` events without deliveries.
    private func events(_ count: Int) async throws -> TestStore {
        let store = try TestStore()
        let clock = store.clock
        _ = try await store.ledger.admit((1...count).map { Admission(event: notification($0, at: clock)) })
        return store
    }

    @Test func `an id is found as soon among ten thousand as among ten`() async throws {
        func find(among count: Int) async throws -> Int {
            let (found, steps) = try await steps("SELECT n FROM event WHERE id = ?", in: try await events(count)) { db in
                try ["live/notification/7", "live/notification/none"].map { try EventRow.number(of: $0, db) != nil }
            }
            #expect(found == [true, false] && steps > 0)
            return steps
        }
        let least = try await find(among: 10)
        #expect(try await find(among: 10_000) == least)
    }

    @Test func `unrouted events are counted among the newest only`() async throws {
        func count(among count: Int) async throws -> Int {
            let (found, steps) = try await steps(OverviewRow.unrouted, in: try await events(count)) { db in
                try db.first(OverviewRow.unrouted, 10) { $0[0] as Int }
            }
            #expect(found == 10 && steps > 0)
            return steps
        }
        let least = try await count(among: 20)
        #expect(try await count(among: 5_000) == least)
    }
}
