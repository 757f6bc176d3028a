import GRDB

/// The statements of one connection, inside of the transaction that is open. The whole ledger speaks to its store through these functions,
/// whichever database it is.
///
/// The engine is an enum and no protocol, because every message passes through a handful of statements.
struct SQLSession {
    enum Engine {
        case sqlite(SQLiteSession)
        case postgres(PostgresSession)
    }

    let engine: Engine

    init(_ database: Database) { engine = .sqlite(SQLiteSession(database: database)) }

    init(_ session: PostgresSession) { engine = .postgres(session) }

    /// Runs a prepared statement and returns how many rows it changed.
    func run(_ sql: String, _ values: (any SQLValue)?...) throws -> Int { try run(sql, list: values) }

    func run(_ sql: String, list values: [(any SQLValue)?]) throws -> Int {
        switch engine {
        case .sqlite(let session): try session.run(sql, values)
        case .postgres(let session): try session.run(sql, values)
        }
    }

    /// Runs a prepared statement of which nobody wants to know what it did. PostgreSQL is not waited for; if the statement fails, a later one
    /// or the end of the transaction throws.
    func post(_ sql: String, _ values: (any SQLValue)?...) throws { try post(sql, list: values) }

    func post(_ sql: String, list values: [(any SQLValue)?]) throws {
        switch engine {
        case .sqlite(let session): _ = try session.run(sql, values)
        case .postgres(let session): try session.post(sql, values)
        }
    }

    /// Runs a prepared statement that changes one row, if all is as its caller expects, and returns whether it did.
    ///
    /// In a crowd, PostgreSQL is not waited for: if the statement did not change one row, the crowd is rolled back and each piece of its work is
    /// run by itself, where the answer is waited for.
    func changesOne(_ sql: String, _ values: (any SQLValue)?...) throws -> Bool {
        switch engine {
        case .sqlite(let session): try session.run(sql, values) == 1
        case .postgres(let session): try session.changesOne(sql, values)
        }
    }

    /// Runs a prepared INSERT of one row and returns the number that the table gave it; nil if a conflict left it out.
    ///
    /// - Parameter column: the column with that number.
    func insert(_ sql: String, numbered column: String = "n", _ values: (any SQLValue)?...) throws -> Int64? {
        switch engine {
        case .sqlite(let session): try session.insert(sql, values)
        case .postgres(let session): try session.insert(sql, column, values)
        }
    }

    /// Makes a value of each row of a prepared query. `make` must not run the same query.
    func all<Value>(_ sql: String, _ values: (any SQLValue)?..., make: (SQLRow) throws -> Value) throws -> [Value] {
        try all(sql, list: values, make: make)
    }

    func all<Value>(_ sql: String, list values: [(any SQLValue)?], make: (SQLRow) throws -> Value) throws -> [Value] {
        switch engine {
        case .sqlite(let session): try session.all(sql, values, make: make)
        case .postgres(let session): try session.all(sql, values, make: make)
        }
    }

    /// Passes each row of a prepared query to `body`, one at a time. `body` must not run the same query.
    func each(_ sql: String, _ values: (any SQLValue)?..., body: (SQLRow) throws -> Void) throws {
        switch engine {
        case .sqlite(let session): try session.each(sql, values, body: body)
        case .postgres(let session): try session.each(sql, values, body: body)
        }
    }

    /// Makes a value of the first row of a prepared query; nil if there is no row.
    func first<Value>(_ sql: String, _ values: (any SQLValue)?..., make: (SQLRow) throws -> Value) throws -> Value? {
        switch engine {
        case .sqlite(let session): try session.first(sql, values, make: make)
        case .postgres(let session): try session.first(sql, values, make: make)
        }
    }

    /// Begins a transaction that writes. Whoever else writes is waited for here, and not in the middle.
    ///
    /// - Parameter ofCrowd: several pieces of work share it.
    func begin(ofCrowd: Bool) throws {
        switch engine {
        case .sqlite(let session): _ = try session.run("BEGIN IMMEDIATE", [])
        case .postgres(let session): try session.begin(ofCrowd: ofCrowd)
        }
    }

    func commit() throws {
        switch engine {
        case .sqlite(let session): _ = try session.run("COMMIT", [])
        case .postgres(let session): try session.commit()
        }
    }

    /// Ends a transaction without a trace; does nothing if the engine has ended it by itself.
    func rollback() throws {
        switch engine {
        case .sqlite(let session): try session.database.rollback()
        case .postgres(let session): try session.rollback()
        }
    }

    /// Whether the transaction that an error ended may be run again at once. It waits a little for a server that comes back.
    func recovers(from error: any Error) -> Bool {
        switch engine {
        case .sqlite: false
        case .postgres(let session): session.recovers(from: error)
        }
    }
}
