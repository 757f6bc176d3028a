import GRDB
import RelayCore
import RelayTesting
import Testing

@testable import Dedup

/// A store of version 5, whose answers do not say what was shown, becomes one whose answers do.
@Suite(.enabled(if: TestStore.isFile))
struct BindingMigrationTests {
    private let clock = ManualClock()
    private let folder = TestFolder()
    private var path: String { folder.path + "/relay.db" }

    /// Writes a store of version 5 with an approval, an answer that waits and its audit, and opens it.
    private func migrated() async throws -> Ledger {
        let old = try Ledger.open(.file(path), as: .leader, clock: clock, migrations: Migrations(steps: Array(Migration.all.prefix(5))))
        let now = clock.now.milliseconds
        try await old.writes.write("fill") { db in
            try db.database.execute(
                sql: """
                    INSERT INTO approval (account, id, version, shown_hash, payload, priority, open, seen_open, updated_at)
                        VALUES ('live', 'a1', 1, 'the hash', '{"is":"approval","id":"a1","state":"open"}', 2, 1, 1, ?);
                    INSERT INTO answer (n, account, approval, round, verdict, actor, via, asked_at, due_at, fence, state)
                        VALUES (7, 'live', 'a1', 1, 'approve', 'ann', 'link', ?, ?, 3, 'asked');
                    INSERT INTO answer (n, account, approval, round, verdict, actor, via, asked_at, due_at, fence, state)
                        VALUES (8, 'live', 'gone', 1, 'reject', 'bob', 'link', ?, ?, 1, 'taken');
                    INSERT INTO audit (n, at, account, approval, round, verdict, actor, via, state)
                        VALUES (4, ?, 'live', 'a1', 1, 'approve', 'ann', 'link', 'asked');
                    """, arguments: [now, now, now, now, now, now])
        }
        try old.close()
        return try Ledger.open(.file(path), as: .leader, clock: clock)
    }

    /// It may have been sent to RevKeen, so it is repeated under its key and cannot be withdrawn.
    @Test func `an answer that waits is for what the approval shows, and counts as called`() async throws {
        let ledger = try await migrated()
        defer { try? ledger.close() }
        let answer = try #require(try await ledger.lastAnswer(account: "live", approval: "a1"))
        #expect(answer.shown == "the hash" && answer.calledAt == clock.now && answer.fence == 3 && answer.state == .asked)
        #expect(try await ledger.lastAnswer(account: "live", approval: "gone")?.shown == "")
        guard case .tooLate = try await ledger.withdraw(account: "live", approval: "a1", actor: "ann", via: "link", address: nil) else {
            Issue.record("it was withdrawn")
            return
        }
    }

    @Test func `the audit is kept, and still changes nothing`() async throws {
        let ledger = try await migrated()
        defer { try? ledger.close() }
        #expect(try await ledger.audit(limit: 9).map(\.actor) == ["ann"])
        await #expect(throws: LedgerError.self) {
            try await ledger.writes.write("change") { try $0.post("UPDATE audit SET actor = 'eve'") }
        }
    }
}
