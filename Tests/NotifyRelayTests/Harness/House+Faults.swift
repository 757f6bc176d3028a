import RelayCore
import Testing

@testable import Dedup
@testable import NotifyRelay

/// Makes single operations of the store fail until the test lifts that.
extension House {
    /// Makes a change of the store fail from now on.
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

    /// Makes a table neither readable nor writable while the body runs.
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
