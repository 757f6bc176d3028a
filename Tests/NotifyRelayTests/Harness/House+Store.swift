import RelayCore
import RelaySupport
import RelayTesting

@testable import Dedup
@testable import NotifyRelay

/// Makes the store fail, and work again.
extension House {
    /// The tables that cannot be written: attempts, and the pulse that the relay writes to test the store.
    private static let tables = ["attempt", "pulse"]

    func breakStore() async throws {
        for table in Self.tables { for change in ["INSERT", "UPDATE"] { try await refuse(change, on: table) } }
    }

    func mendStore() async throws {
        for table in Self.tables { for change in ["INSERT", "UPDATE"] { try await accept(change, on: table) } }
    }

    /// Makes writes faster by not forcing them to the disk, since no test loses power.
    func hurry() async throws {
        if database == nil { try await ledger.writes.betweenTransactions { try $0.post("PRAGMA synchronous = OFF") } }
    }

    /// Changes rows as a damaged disk would.
    func damage(_ sql: String) async throws { try await ledger.writes.write("damage") { db in try db.post(sql) } }

    /// Makes every change of a delivery's destination fail, so that a renaming cannot be stored.
    func breakRenaming() async throws { try await refuse("UPDATE OF destination", on: "delivery") }

    /// Makes the store refuse or accept new windows.
    func refuseWindows(_ refuses: Bool) async throws {
        if refuses { try await refuse("INSERT", on: "event_window") } else { try await accept("INSERT", on: "event_window") }
    }

    /// From now on a kind of change of a table fails.
    private func refuse(_ change: String, on table: String) async throws {
        let trigger = "CREATE TRIGGER \(Self.name(change, table)) BEFORE \(change) ON \(table)"
        guard let database else {
            return try await ledger.writes.write("test") { try $0.post("\(trigger) BEGIN SELECT RAISE(ABORT, 'no room'); END") }
        }
        try TestDatabase.run(
            """
            CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room'; END $$;
            \(trigger) FOR EACH ROW EXECUTE FUNCTION refuse();
            """, in: database)
    }

    private func accept(_ change: String, on table: String) async throws {
        let name = Self.name(change, table)
        guard let database else { return try await ledger.writes.write("test") { try $0.post("DROP TRIGGER \(name)") } }
        try TestDatabase.run("DROP TRIGGER \(name) ON \(table)", in: database)
    }

    private static func name(_ change: String, _ table: String) -> String { "broken_\(table)_\(change.replacing(" ", with: "_"))" }
}
