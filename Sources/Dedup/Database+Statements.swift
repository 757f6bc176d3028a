import GRDB
import GRDBSQLite
import RelayCore

/// GRDB owns the connections and keeps the prepared statements; values are bound and read here. Every message passes through a handful
/// of statements, and this way is several times cheaper than arrays of boxed values.
extension Database {
    /// Runs a prepared statement and returns how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ values: (any SQLValue)?...) throws -> Int { try run(sql, list: values) }

    @discardableResult
    func run(_ sql: String, list values: [(any SQLValue)?]) throws -> Int {
        let statement = try prepared(sql, values)
        defer { statement.reset() }
        while try step(statement) {}
        return changesCount
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

    private func prepared(_ sql: String, _ values: [(any SQLValue)?]) throws -> SQLRow {
        let statement = SQLRow(pointer: try cachedStatement(sql: sql).sqliteStatement)
        for (index, value) in values.enumerated() {
            let place = CInt(index + 1)
            try check(value?.bind(to: statement.pointer, at: place) ?? sqlite3_bind_null(statement.pointer, place))
        }
        return statement
    }

    /// Moves to the next row and returns whether there is one.
    private func step(_ statement: SQLRow) throws -> Bool {
        let code = sqlite3_step(statement.pointer)
        if code == SQLITE_ROW { return true }
        if code != SQLITE_DONE { try check(code) }
        return false
    }

    private func check(_ code: CInt) throws {
        guard code != SQLITE_OK else { return }
        let message = sqliteConnection.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) }
        throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
    }
}

/// The current row of a running statement. Columns count from 0.
struct SQLRow {
    fileprivate let pointer: SQLiteStatement

    subscript<Value: SQLValue>(column: Int) -> Value { Value.read(pointer, CInt(column)) }

    subscript<Value: SQLValue>(column: Int) -> Value? {
        sqlite3_column_type(pointer, CInt(column)) == SQLITE_NULL ? nil : Value.read(pointer, CInt(column))
    }

    func time(_ column: Int) -> Timestamp { Timestamp(milliseconds: self[column]) }

    func moment(_ column: Int) -> Timestamp? { (self[column] as Int64?).map(Timestamp.init(milliseconds:)) }

    func priority(_ column: Int) throws -> Priority {
        guard let priority = Priority(rawValue: self[column]) else { throw LedgerError.unknownWord(for: "a priority") }
        return priority
    }

    /// Reads a word of a closed set. Any other word means that the store is damaged and is an error, never a default.
    ///
    /// - Parameter what: what the word is for, in an error: `the state of a lane`.
    func word<Word: RawRepresentable>(_ column: Int, for what: @autoclosure () -> String) throws -> Word where Word.RawValue == String {
        guard let word = Word(rawValue: self[column]) else { throw LedgerError.unknownWord(for: what()) }
        return word
    }

    /// A word of a closed set in a column that may be null. Any other word is an error, as in `word`.
    func optionalWord<Word: RawRepresentable>(_ column: Int, for what: @autoclosure () -> String) throws -> Word?
    where Word.RawValue == String {
        guard let text: String = self[column] else { return nil }
        guard let word = Word(rawValue: text) else { throw LedgerError.unknownWord(for: what()) }
        return word
    }

    fileprivate func reset() {
        sqlite3_reset(pointer)
        sqlite3_clear_bindings(pointer)
    }
}

/// A type that a column can hold. The tables are `STRICT`, so a column has the type that it was declared with.
protocol SQLValue {
    /// Returns a SQLite result code.
    func bind(to statement: SQLiteStatement, at index: CInt) -> CInt
    static func read(_ statement: SQLiteStatement, _ column: CInt) -> Self
}

extension Int64: SQLValue {
    func bind(to statement: SQLiteStatement, at index: CInt) -> CInt { sqlite3_bind_int64(statement, index, self) }
    static func read(_ statement: SQLiteStatement, _ column: CInt) -> Int64 { sqlite3_column_int64(statement, column) }
}

extension Int: SQLValue {
    func bind(to statement: SQLiteStatement, at index: CInt) -> CInt { sqlite3_bind_int64(statement, index, Int64(self)) }
    static func read(_ statement: SQLiteStatement, _ column: CInt) -> Int { Int(sqlite3_column_int64(statement, column)) }
}

extension Double: SQLValue {
    func bind(to statement: SQLiteStatement, at index: CInt) -> CInt { sqlite3_bind_double(statement, index, self) }
    static func read(_ statement: SQLiteStatement, _ column: CInt) -> Double { sqlite3_column_double(statement, column) }
}

extension Bool: SQLValue {
    func bind(to statement: SQLiteStatement, at index: CInt) -> CInt { sqlite3_bind_int64(statement, index, self ? 1 : 0) }
    static func read(_ statement: SQLiteStatement, _ column: CInt) -> Bool { sqlite3_column_int64(statement, column) != 0 }
}

extension String: SQLValue {
    func bind(to statement: SQLiteStatement, at index: CInt) -> CInt {
        var text = self
        return text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                // An empty text is not null, so it needs an address too.
                guard let start = characters.baseAddress else { return sqlite3_bind_text(statement, index, "", 0, copying) }
                return sqlite3_bind_text(statement, index, start, CInt(characters.count), copying)
            }
        }
    }

    static func read(_ statement: SQLiteStatement, _ column: CInt) -> String {
        guard let start = sqlite3_column_text(statement, column) else { return "" }
        let count = Int(sqlite3_column_bytes(statement, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }
}

/// `SQLITE_TRANSIENT`: SQLite copies the text at once. The macro is a cast that Swift cannot import.
private let copying = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
