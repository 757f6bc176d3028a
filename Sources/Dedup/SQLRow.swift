import GRDB
import GRDBSQLite
import RelayCore

/// The current row of a running statement. Columns count from 0.
struct SQLRow {
    private enum Source {
        case sqlite(SQLiteStatement)
        case postgres(PostgresRow)
    }

    private let source: Source

    init(_ statement: SQLiteStatement) { source = .sqlite(statement) }

    init(_ row: PostgresRow) { source = .postgres(row) }

    subscript<Value: SQLValue>(column: Int) -> Value {
        switch source {
        case .sqlite(let statement): Value.read(statement, CInt(column))
        case .postgres(let row): Value.read(row, column)
        }
    }

    subscript<Value: SQLValue>(column: Int) -> Value? {
        switch source {
        case .sqlite(let statement):
            sqlite3_column_type(statement, CInt(column)) == SQLITE_NULL ? nil : Value.read(statement, CInt(column))
        case .postgres(let row): row.isNull(column) ? nil : Value.read(row, column)
        }
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
}

/// A type that a column can hold. The tables are `STRICT`, so a column has the type that it was declared with.
protocol SQLValue {
    /// Returns a SQLite result code.
    func bind(to statement: SQLiteStatement, at index: CInt) -> CInt
    static func read(_ statement: SQLiteStatement, _ column: CInt) -> Self
    func put(into parameters: inout PostgresParameters)
    static func read(_ row: PostgresRow, _ column: Int) -> Self
}

extension Int64: SQLValue {
    func bind(to statement: SQLiteStatement, at index: CInt) -> CInt { sqlite3_bind_int64(statement, index, self) }
    static func read(_ statement: SQLiteStatement, _ column: CInt) -> Int64 { sqlite3_column_int64(statement, column) }
    func put(into parameters: inout PostgresParameters) { parameters.add(self) }
    static func read(_ row: PostgresRow, _ column: Int) -> Int64 { row.integer(column) }
}

extension Int: SQLValue {
    func bind(to statement: SQLiteStatement, at index: CInt) -> CInt { sqlite3_bind_int64(statement, index, Int64(self)) }
    static func read(_ statement: SQLiteStatement, _ column: CInt) -> Int { Int(sqlite3_column_int64(statement, column)) }
    func put(into parameters: inout PostgresParameters) { parameters.add(Int64(self)) }
    static func read(_ row: PostgresRow, _ column: Int) -> Int { Int(row.integer(column)) }
}

extension Double: SQLValue {
    func bind(to statement: SQLiteStatement, at index: CInt) -> CInt { sqlite3_bind_double(statement, index, self) }
    static func read(_ statement: SQLiteStatement, _ column: CInt) -> Double { sqlite3_column_double(statement, column) }
    func put(into parameters: inout PostgresParameters) { parameters.add(self) }
    static func read(_ row: PostgresRow, _ column: Int) -> Double { row.real(column) }
}

extension Bool: SQLValue {
    func bind(to statement: SQLiteStatement, at index: CInt) -> CInt { sqlite3_bind_int64(statement, index, self ? 1 : 0) }
    static func read(_ statement: SQLiteStatement, _ column: CInt) -> Bool { sqlite3_column_int64(statement, column) != 0 }
    func put(into parameters: inout PostgresParameters) { parameters.add(self ? 1 as Int64 : 0) }
    static func read(_ row: PostgresRow, _ column: Int) -> Bool { row.integer(column) != 0 }
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

    func put(into parameters: inout PostgresParameters) { parameters.add(self) }

    static func read(_ row: PostgresRow, _ column: Int) -> String { row.text(column) }
}

/// `SQLITE_TRANSIENT`: SQLite copies the text at once. The macro is a cast that Swift cannot import.
private let copying = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
