import GRDB
import RelayCore

extension Database {
    /// Runs a prepared statement and returns how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ values: (any DatabaseValueConvertible)?...) throws -> Int {
        let statement = try cachedStatement(sql: sql)
        statement.setUncheckedArguments(StatementArguments(values))
        try statement.execute()
        return changesCount
    }

    /// All rows of a prepared query, each made into a value.
    func all<Value>(_ sql: String, _ values: (any DatabaseValueConvertible)?..., make: (Row) throws -> Value) throws -> [Value] {
        let statement = try cachedStatement(sql: sql)
        statement.setUncheckedArguments(StatementArguments(values))
        let rows = try Row.fetchCursor(statement)
        var made: [Value] = []
        while let row = try rows.next() { made.append(try make(row)) }
        return made
    }

    /// The first row of a prepared query, made into a value; nil if there is none.
    func first<Value>(_ sql: String, _ values: (any DatabaseValueConvertible)?..., make: (Row) throws -> Value) throws -> Value? {
        let statement = try cachedStatement(sql: sql)
        statement.setUncheckedArguments(StatementArguments(values))
        let rows = try Row.fetchCursor(statement)
        return try rows.next().map(make)
    }
}

extension Row {
    func time(_ column: Int) -> Timestamp { Timestamp(milliseconds: self[column]) }

    func moment(_ column: Int) -> Timestamp? { (self[column] as Int64?).map(Timestamp.init(milliseconds:)) }

    func priority(_ column: Int) -> Priority { Priority(rawValue: self[column]) ?? .normal }
}
