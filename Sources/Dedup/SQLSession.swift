import GRDB
import GRDBSQLite

/// The statements of one connection, inside of the transaction that is open. The whole ledger speaks to its store through these six functions.
///
/// GRDB owns the connections and keeps the prepared statements; values are bound and read here. Every message passes through a handful
/// of statements, and this way is several times cheaper than arrays of boxed values.
struct SQLSession {
    /// Only tests about SQLite itself reach for it from elsewhere.
    let database: Database

    init(_ database: Database) { self.database = database }

    /// Runs a prepared statement and returns how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ values: (any SQLValue)?...) throws -> Int { try run(sql, list: values) }

    @discardableResult
    func run(_ sql: String, list values: [(any SQLValue)?]) throws -> Int {
        let statement = try prepared(sql, values)
        defer { statement.reset() }
        while try step(statement) {}
        return database.changesCount
    }

    /// Runs a prepared INSERT of one row and returns the number that the table gave it; nil if a conflict left it out.
    func insert(_ sql: String, _ values: (any SQLValue)?...) throws -> Int64? {
        // `RETURNING` would make SQLite keep the row in a table of its own, which costs more than the insertion.
        try run(sql, list: values) == 1 ? database.lastInsertedRowID : nil
    }

    /// Makes a value of each row of a prepared query. `make` must not run the same query.
    func all<Value>(_ sql: String, _ values: (any SQLValue)?..., make: (SQLRow) throws -> Value) throws -> [Value] {
        try all(sql, list: values, make: make)
    }

    func all<Value>(_ sql: String, list values: [(any SQLValue)?], make: (SQLRow) throws -> Value) throws -> [Value] {
        let statement = try prepared(sql, values)
        defer { statement.reset() }
        var made: [Value] = []
        while try step(statement) { made.append(try make(statement)) }
        return made
    }

    /// Passes each row of a prepared query to `body`, one at a time. `body` must not run the same query.
    func each(_ sql: String, _ values: (any SQLValue)?..., body: (SQLRow) throws -> Void) throws {
        let statement = try prepared(sql, values)
        defer { statement.reset() }
        while try step(statement) { try body(statement) }
    }

    /// Makes a value of the first row of a prepared query; nil if there is no row.
    func first<Value>(_ sql: String, _ values: (any SQLValue)?..., make: (SQLRow) throws -> Value) throws -> Value? {
        let statement = try prepared(sql, values)
        defer { statement.reset() }
        return try step(statement) ? try make(statement) : nil
    }

    /// Runs statements without values, of which no result is wanted.
    func script(_ sql: String) throws { try database.execute(sql: sql) }

    /// Begins a transaction that writes. Another process that writes is waited for here, and not in the middle.
    func begin() throws { try run("BEGIN IMMEDIATE") }

    func commit() throws { try run("COMMIT") }

    /// Ends a transaction without a trace; does nothing if SQLite has ended it by itself.
    func rollback() throws { try database.rollback() }

    private func prepared(_ sql: String, _ values: [(any SQLValue)?]) throws -> SQLRow {
        let statement = SQLRow(try database.cachedStatement(sql: sql).sqliteStatement)
        for (index, value) in values.enumerated() { try check(statement.bind(value, at: CInt(index + 1))) }
        return statement
    }

    /// Moves to the next row and returns whether there is one.
    private func step(_ statement: SQLRow) throws -> Bool {
        let code = statement.step()
        if code == SQLITE_ROW { return true }
        if code != SQLITE_DONE { try check(code) }
        return false
    }

    private func check(_ code: CInt) throws {
        guard code != SQLITE_OK else { return }
        let message = database.sqliteConnection.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) }
        throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
    }
}
