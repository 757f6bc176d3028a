import RelayCore
import Testing

@testable import Dedup
@testable import NotifyRelay

/// A store of which one thing fails, and works again when the test says so.
extension House {
    /// From now on a change of the store fails.
    ///
    /// - Parameter change: an event of a trigger, such as `INSERT ON answer`.
    func refuse(_ change: String, when condition: String = "true") async throws {
        try await ledger.writes.write("test") { db in
            _ = try db.run("CREATE TRIGGER refused BEFORE \(change) WHEN \(condition) BEGIN SELECT RAISE(ABORT, 'no room'); END")
        }
    }

    func refuseNothing() async throws {
        try await ledger.writes.write("test") { db in _ = try db.run("DROP TRIGGER refused") }
    }

    /// As long as the body runs, a table can be neither read nor written.
    func without<Result>(_ table: String, _ body: () async throws -> Result) async throws -> Result {
        try await rename(table, "\(table)_away")
        let result: Result
        do {
            result = try await body()
        } catch {
            try await rename("\(table)_away", table)
            throw error
        }
        try await rename("\(table)_away", table)
        return result
    }

    private func rename(_ table: String, _ name: String) async throws {
        try await ledger.writes.write("test") { db in _ = try db.run("ALTER TABLE \(table) RENAME TO \(name)") }
    }
}
