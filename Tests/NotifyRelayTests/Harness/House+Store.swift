import RelayCore
import RelaySupport

@testable import Dedup
@testable import NotifyRelay

/// A store that cannot be written, and one that can be again.
extension House {
    /// What cannot be written: the answer of a delivery and the pulse by which the relay tries the store.
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

    /// Forces nothing on to the disk any more: no test loses power.
    func hurry() async throws { try await ledger.writes.betweenTransactions { _ = try $0.run("PRAGMA synchronous = OFF") } }

    /// Changes rows as a damaged disk would.
    func damage(_ sql: String) async throws { try await ledger.writes.write("damage") { db in _ = try db.run(sql) } }

    /// Nothing that bears the name of a destination or an account can change it.
    func breakRenaming() async throws {
        try await ledger.writes.write("test") { db in
            _ = try db.run(
                "CREATE TRIGGER broken_name BEFORE UPDATE OF destination ON delivery BEGIN SELECT RAISE(ABORT, 'no room'); END")
        }
    }

    /// No window can be opened, or all can again.
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
