import RelayCore
import RelaySupport

@testable import Dedup
@testable import NotifyRelay

/// Makes the store fail, and work again.
extension House {
    /// The tables that cannot be written: attempts, and the pulse that the relay writes to test the store.
    private static let tables = ["attempt", "pulse"]

    func breakStore() async throws {
        try await ledger.writes.write("test") { db in
            for table in Self.tables {
                for change in ["INSERT", "UPDATE"] {
                    try db.run(
                        "CREATE TRIGGER broken_\(table)_\(change) BEFORE \(change) ON \(table) BEGIN SELECT RAISE(ABORT, 'no room'); END")
                }
            }
        }
    }

    func mendStore() async throws {
        try await ledger.writes.write("test") { db in
            for table in Self.tables { for change in ["INSERT", "UPDATE"] { try db.run("DROP TRIGGER broken_\(table)_\(change)") } }
        }
    }

    /// Makes writes faster by not forcing them to the disk, since no test loses power.
    func hurry() async throws { try await ledger.writes.betweenTransactions { _ = try $0.run("PRAGMA synchronous = OFF") } }

    /// Changes rows as a damaged disk would.
    func damage(_ sql: String) async throws { try await ledger.writes.write("damage") { db in _ = try db.run(sql) } }

    /// Makes every change of a delivery's destination fail, so that a renaming cannot be stored.
    func breakRenaming() async throws {
        try await ledger.writes.write("test") { db in
            _ = try db.run(
                "CREATE TRIGGER broken_name BEFORE UPDATE OF destination ON delivery BEGIN SELECT RAISE(ABORT, 'no room'); END")
        }
    }

    /// Makes the store refuse or accept new windows.
    func refuseWindows(_ refuses: Bool) async throws {
        try await ledger.writes.write("test") { db in
            let table = "event_window"
            _ = try db.run(
                refuses
                    ? "CREATE TRIGGER broken_windows BEFORE INSERT ON \(table) BEGIN SELECT RAISE(ABORT, 'no room'); END"
                    : "DROP TRIGGER broken_windows")
        }
    }
}
