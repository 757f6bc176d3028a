import GRDB
import RelayTesting

@testable import Dedup

/// What tests do to a store behind the ledger's back, in either database.
extension SQLSession {
    /// SQLite's connection, for tests about SQLite itself.
    var database: Database {
        guard case .sqlite(let session) = engine else { preconditionFailure("this test is about SQLite") }
        return session.database
    }

    /// Runs statements of SQLite without values.
    func script(_ sql: String) throws { try database.execute(sql: sql) }

    /// The value of a PRAGMA.
    func pragma(_ name: String) throws -> Int { try first("PRAGMA \(name)") { $0[0] } ?? 0 }
}

extension TestStore {
    /// From now on a table takes no new row for which a condition holds.
    func refuseRows(in table: String, where condition: String = "1 = 1") async throws {
        try await change(
            sqlite: "CREATE TRIGGER refuse BEFORE INSERT ON \(table) WHEN \(condition) BEGIN SELECT RAISE(ABORT, 'no'); END",
            postgres: """
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
                CREATE TRIGGER refuse BEFORE INSERT ON \(table) FOR EACH ROW WHEN (\(condition)) EXECUTE FUNCTION refuse();
                """)
    }

    /// Changes rows as a damaged disk would, without the checks of the tables.
    func damage(_ sql: String) async throws {
        if TestDatabase.isThere {
            let checks = try await ledger.read { db in
                let checks = """
                    SELECT CAST(CAST(conrelid AS regclass) AS TEXT), conname FROM pg_constraint
                    WHERE contype = 'c' AND connamespace = CAST(current_schema() AS regnamespace)
                    """
                return try db.all(checks) {
                    "ALTER TABLE \($0[0] as String) DROP CONSTRAINT \($0[1] as String)"
                }
            }
            for drop in checks { try TestDatabase.run(drop, in: database) }
        }
        try await change(sqlite: "PRAGMA ignore_check_constraints = ON; \(sql); PRAGMA ignore_check_constraints = OFF", postgres: sql)
    }

    /// Reads a number with a connection of its own, as another process would.
    var reader: @Sendable (_ sql: String) throws -> Int? {
        { [path, database] sql in
            if let database { return try TestDatabase.run(sql, in: database).first.flatMap { Int($0) } }
            return try DatabaseQueue(path: path).read { try Int.fetchOne($0, sql: sql) }
        }
    }

    private func change(sqlite: String, postgres: String) async throws {
        if TestDatabase.isThere {
            try TestDatabase.run(postgres, in: database)
        } else {
            try await ledger.writes.betweenTransactions { try $0.script(sqlite) }
        }
    }
}
