import GRDB
import GRDBSQLite

/// The statements of a connection to SQLite.
///
/// GRDB owns the connections and keeps the prepared statements; values are bound and read here. That is several times cheaper than arrays
/// of boxed values.
struct SQLiteSession {
    let database: Database

    func run(_ sql: String, _ values: [(any SQLValue)?]) throws -> Int {
        let statement = try prepared(sql, values)
        defer { reset(statement) }
        while try step(statement) {}
        return database.changesCount
    }

    func insert(_ sql: String, _ values: [(any SQLValue)?]) throws -> Int64? {
        // `RETURNING` would make SQLite keep the row in a table of its own, which costs more than the insertion.
        try run(sql, values) == 1 ? database.lastInsertedRowID : nil
    }

    func all<Value>(_ sql: String, _ values: [(any SQLValue)?], make: (SQLRow) throws -> Value) throws -> [Value] {
        let statement = try prepared(sql, values)
        defer { reset(statement) }
        var made: [Value] = []
        while try step(statement) { made.append(try make(SQLRow(statement))) }
        return made
    }

    func each(_ sql: String, _ values: [(any SQLValue)?], body: (SQLRow) throws -> Void) throws {
        let statement = try prepared(sql, values)
        defer { reset(statement) }
        while try step(statement) { try body(SQLRow(statement)) }
    }

    func first<Value>(_ sql: String, _ values: [(any SQLValue)?], make: (SQLRow) throws -> Value) throws -> Value? {
        let statement = try prepared(sql, values)
        defer { reset(statement) }
        return try step(statement) ? try make(SQLRow(statement)) : nil
    }

    private func prepared(_ sql: String, _ values: [(any SQLValue)?]) throws -> SQLiteStatement {
        let statement = try database.cachedStatement(sql: sql).sqliteStatement
        for (index, value) in values.enumerated() {
            let place = CInt(index + 1)
            try check(value?.bind(to: statement, at: place) ?? sqlite3_bind_null(statement, place))
        }
        return statement
    }

    /// Moves to the next row and returns whether there is one.
    private func step(_ statement: SQLiteStatement) throws -> Bool {
        let code = sqlite3_step(statement)
        if code == SQLITE_ROW { return true }
        if code != SQLITE_DONE { try check(code) }
        return false
    }

    private func reset(_ statement: SQLiteStatement) {
        sqlite3_reset(statement)
        sqlite3_clear_bindings(statement)
    }

    private func check(_ code: CInt) throws {
        guard code != SQLITE_OK else { return }
        let message = database.sqliteConnection.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) }
        throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
    }
}
