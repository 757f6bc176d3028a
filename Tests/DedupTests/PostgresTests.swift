import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Dedup

/// These tests are about PostgreSQL alone. They need a server, which `scripts/postgres` starts.
@Suite(.serialized, .enabled(if: TestDatabase.isThere))
struct PostgresTests {
    @Test func `its tables are those of SQLite`() async throws {
        let store = try TestStore()
        for table in try StoreTable.all() {
            let columns = try await store.ledger.read { db in
                try db.all(
                    """
                    SELECT column_name || ' ' || data_type FROM information_schema.columns
                    WHERE table_schema = current_schema() AND table_name = ? ORDER BY ordinal_position
                    """, table.name
                ) { $0[0] as String }
            }
            let kinds: [StoreTable.Kind: String] = [.integer: "bigint", .real: "double precision", .text: "text"]
            #expect(columns == table.columns.map { "\($0.name) \(kinds[$0.kind] ?? "?")" }, "\(table.name)")
        }
    }

    @Test func `texts are ordered by their bytes, as in SQLite`() async throws {
        let store = try TestStore()
        let others = try await store.number(
            """
            SELECT count(*) FROM information_schema.columns WHERE table_schema = current_schema() AND data_type = 'text'
                AND collation_name IS DISTINCT FROM 'C'
            """)
        #expect(others == 0)
    }

    /// With sequential scans off, one that is left has no index that could serve the query.
    @Test func `a hot query is answered by an index`() async throws {
        let store = try TestStore()
        let database = try #require(store.database)
        for (name, sql) in QueryPlanTests.queries {
            let text = PostgresStatement.translate(sql)
            let count = text.matches(of: /\$(\d+)/).compactMap { Int($0.1) }.max() ?? 0
            let nulls = count == 0 ? "" : "(\(Array(repeating: "NULL", count: count).joined(separator: ", ")))"
            let plan = try TestDatabase.run(
                """
                SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; PREPARE q AS \(text); EXPLAIN EXECUTE q\(nulls)
                """, in: database)
            #expect(!plan.contains { $0.contains("Seq Scan") }, "\(name): \(plan.joined(separator: "\n"))")
        }
    }

    @Test func `a session that is ended in the middle of a transaction loses nothing and repeats nothing`() async throws {
        let store = try TestStore()
        let ends = Locked(1), database = try #require(store.database)
        store.ledger.writes.stopPoint.withLock { hook in
            hook = { place in
                guard place == "admit.before-commit",
                    ends.withLock({ left in
                        defer { left -= 1 }
                        return left > 0
                    })
                else { return }
                endSessions(of: database)
            }
        }
        #expect(try await store.admit(notification(1, at: store.clock), [store.owed()]) == .admitted(owed: 1))
        #expect(try await store.number("SELECT count(*) FROM delivery") == 1)
        #expect(store.ledger.leadership.mayAct)
    }

    @Test func `a read whose session is ended is made again`() async throws {
        let store = try TestStore()
        try await store.admit(notification(1, at: store.clock), [])
        endSessions(of: try #require(store.database))
        #expect(try await store.number("SELECT count(*) FROM event") == 1)
    }

    @Test func `a leader whose reign is over writes nothing more`() async throws {
        let store = try TestStore()
        try await store.admit(notification(1, at: store.clock), [])
        try TestDatabase.run("UPDATE leader SET epoch = epoch + 1, holder = 'another'", in: store.database)
        let error = await #expect(throws: LedgerError.self) { try await store.admit(notification(2, at: store.clock), []) }
        #expect(error?.reason == .fenced)
        #expect(try await store.number("SELECT count(*) FROM event") == 1)
        #expect(!store.ledger.leadership.mayAct)
        // Until all that it led has ended, nothing is written at all.
        await #expect(throws: LedgerError.self) { try await store.admit(notification(2, at: store.clock), []) }
    }

    @Test func `a row of the leader that somebody deleted is made anew`() async throws {
        let store = try TestStore()
        try TestDatabase.run("DELETE FROM leader", in: store.database)
        await #expect(throws: LedgerError.self) { try await store.admit(notification(1, at: store.clock), []) }
        store.ledger.leadership.standBy()
        await store.ledger.leadership.wait { if case .leads = $0 { true } else { false } }
        #expect(store.ledger.leadership.leader?.epoch == 2)
        #expect(try await store.admit(notification(1, at: store.clock), []) == .admitted(owed: 0))
    }

    @Test func `a second leader is refused, a standby takes over, and a command writes beside`() async throws {
        let store = try TestStore()
        let refused = #expect(throws: LedgerError.self) { try Ledger.open(store.address, as: .leader, clock: store.clock).close() }
        #expect(refused?.reason == .busy)
        let standby = try Ledger.open(store.address, as: .standby, clock: store.clock), command = try store.another()
        #expect(standby.leadership.state == .standsBy && !standby.leadership.mayAct)
        try await command.mute("m1", until: store.clock.now + .seconds(60))
        try await standby.mute("m2", until: store.clock.now + .seconds(60))
        #expect(try await store.ledger.mutes().count == 2)
        try store.ledger.close()
        await standby.leadership.wait { if case .leads = $0 { true } else { false } }
        #expect(standby.leadership.leader?.epoch == 2)
        #expect(try await standby.leader()?.epoch == 2)
        try command.close()
        try standby.close()
    }

    @Test func `what a command writes is noticed`() async throws {
        let store = try TestStore(), command = try store.another()
        #expect(await store.ledger.changedElsewhere() == false)
        try await command.mute("m1", until: store.clock.now + .seconds(60))
        var isSeen = false
        for _ in 0..<100 where !isSeen {
            isSeen = await store.ledger.changedElsewhere()
            if !isSeen { try await Task.sleep(for: .milliseconds(10)) }
        }
        #expect(isSeen)
        #expect(await store.ledger.changedElsewhere() == false)
        try command.close()
    }

    @Test func `tables of another program, and those of a newer version, are left alone`() throws {
        let foreign = try TestDatabase.make()
        try TestDatabase.run("CREATE TABLE event (id INT)", in: foreign)
        let store = try TestStore(), database = try #require(store.database)
        try TestDatabase.run("UPDATE store_step SET number = 99", in: database)
        for (uri, reason) in [(foreign, LedgerError.Reason.foreign), (database, .newer)] {
            for role in [StoreRole.leader, .standby, .beside] {
                let address = try #require(StoreAddress(uri))
                let error = #expect(throws: LedgerError.self) { try Ledger.open(address, as: role, clock: store.clock).close() }
                #expect(error?.reason == reason, "\(role)")
            }
        }
        try TestDatabase.drop(foreign)
    }

    @Test func `a command makes no tables`() throws {
        let empty = try TestDatabase.make(), address = try #require(StoreAddress(empty))
        let error = #expect(throws: LedgerError.self) { try Ledger.open(address, as: .beside, clock: ManualClock()).close() }
        #expect(error?.reason == .missing)
        #expect(try TestDatabase.run("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()", in: empty).isEmpty)
        try TestDatabase.drop(empty)
    }

    @Test func `a server that is not there, or does not know us, is named without the password`() throws {
        let server = try #require(TestDatabase.server)
        let cases = [
            ("postgresql://relay:s3cret@127.0.0.1:1/relay", LedgerError.Reason.unreachable),
            (server.replacing("/postgres", with: "/no_such_database"), .refused),
            (server.replacing("relay@", with: "nobody:s3cret@"), .refused),
        ]
        for (uri, reason) in cases {
            let address = try #require(StoreAddress(uri))
            let error = #expect(throws: LedgerError.self) { try Ledger.open(address, as: .beside, clock: ManualClock()).close() }
            #expect(error?.reason == reason, "\(error?.detail ?? "")")
            #expect(error?.detail.contains("s3cret") == false)
        }
    }

    @Test func `a NUL in a text does not stop its event`() async throws {
        let store = try TestStore()
        var event = notification(1, at: store.clock)
        event.subject = "a\0b"
        #expect(try await store.admit(event, []) == .admitted(owed: 0))
        #expect(try await store.ledger.event(event.id)?.event.subject == "a\u{FFFD}b")
    }
}

/// Ends all sessions that stand in the schema's tests, as an administrator does.
private func endSessions(of database: String) {
    _ = try? TestDatabase.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'notify-relay' AND pid <> pg_backend_pid()",
        in: database)
}
