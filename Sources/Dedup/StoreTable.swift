import GRDB

/// A table of the store as both databases have it, for `StoreCopy`.
struct StoreTable: Sendable, Equatable {
    enum Kind: Sendable, Equatable { case integer, real, text }

    struct Column: Sendable, Equatable {
        var name: String
        var kind: Kind
    }

    var name: String
    var columns: [Column]
    /// The places of the primary key's columns in `columns`, in the key's order.
    var key: [Int]

    /// The column whose numbers the database gives; nil if it gives none.
    var numbered: String? {
        guard key.count == 1, ["n", "id"].contains(columns[key[0]].name), columns[key[0]].kind == .integer else { return nil }
        return columns[key[0]].name
    }

    /// All tables that hold something, in an order in which a row comes after those that it refers to.
    static let names = [
        "event", "delivery", "attempt", "receipt", "lane", "event_window", "member", "mute", "arrival", "approval", "answer", "vote",
        "audit",
        "act", "ended_session", "reason_question", "listener", "feed", "run_watch", "gap", "outlook", "expectation", "expectation_rule",
        "finished",
    ]
    /// What each store has of its own.
    static let own: Set<String> = ["pulse", "leader"]

    /// Reads the tables from a store in memory, so that they are said once.
    static func all() throws -> [StoreTable] {
        let memory = try DatabaseQueue()
        return try memory.write { db in
            for step in Migration.all { try db.execute(sql: step.sql) }
            return try names.map { try table($0, db) }
        }
    }

    private static func table(_ name: String, _ db: Database) throws -> StoreTable {
        let columns = try db.columns(in: name)
        let key = try db.primaryKey(name).columns
        return StoreTable(
            name: name,
            columns: try columns.map { column in Column(name: column.name, kind: try kind(column.type)) },
            key: key.compactMap { part in columns.firstIndex { $0.name == part } })
    }

    private static func kind(_ type: String) throws -> Kind {
        switch type {
        case "INTEGER": .integer
        case "REAL": .real
        case "TEXT": .text
        default: throw LedgerError(.io, "a column of the type \(type) cannot be copied")
        }
    }
}
