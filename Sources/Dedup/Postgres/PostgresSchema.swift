import CPostgres

/// The tables of a database: whether they are there, and how they come to be.
enum PostgresSchema {
    static let newest = Migrations().newest

    enum Condition: Sendable, Equatable {
        case missing
        case ours(version: Int)
        /// There are tables of these names that this program did not make.
        case foreign

        /// Refuses what a command cannot use.
        func accept(at store: String) throws(LedgerError) {
            switch self {
            case .ours(let version) where version < newest:
                throw LedgerError(
                    .older, "the store \(store) is from an older version (schema \(version) of \(newest)): start `run` once to move it on")
            case .missing: throw LedgerError(.missing, "there is no store at \(store): start `run` once, or name the right one in `store`")
            case .ours, .foreign: try acceptForRun(at: store)
            }
        }

        /// Refuses what `run` can neither use nor bring up to date.
        func acceptForRun(at store: String) throws(LedgerError) {
            switch self {
            case .ours(let version) where version > newest:
                throw LedgerError(
                    .newer,
                    "the store \(store) is from a newer version (schema \(version), this program knows \(newest)): run that version")
            case .foreign:
                throw LedgerError(
                    .foreign, "the database \(store) has tables of another program: give the relay a database or a schema of its own")
            case .ours, .missing: return
            }
        }
    }

    private static let presence = """
        SELECT to_regclass('store_step') IS NOT NULL, coalesce(to_regclass('leader'), to_regclass('event'), to_regclass('delivery')) IS NOT NULL
        """
    private static let version = "SELECT max(number) FROM store_step"

    static func condition(_ connection: PostgresConnection) throws -> Condition {
        let result = try connection.askAlone(presence)
        defer { PQclear(result) }
        let row = PostgresRow(result: result, index: 0)
        guard row.integer(0) != 0 else { return row.integer(1) != 0 ? .foreign : .missing }
        let number = try connection.askAlone(version)
        defer { PQclear(number) }
        return .ours(version: Int(PostgresRow(result: number, index: 0).integer(0)))
    }

    /// Makes the tables, or brings older ones up to date, in one transaction. Only who holds the lock of the leader may ask for it.
    static func bringUp(_ connection: PostgresConnection, at store: String) throws {
        let condition = try condition(connection)
        switch condition {
        case .ours(let version) where version == newest: return
        case .missing: try make(connection)
        default: try condition.acceptForRun(at: store)
        }
    }

    private static func make(_ connection: PostgresConnection) throws {
        try connection.post("BEGIN")
        for statement in statements(of: PostgresTables.all) { try connection.post(statement) }
        try connection.commit()
    }

    /// The statements of a script. One ends at a semicolon at the end of a line, outside of a body in dollar signs.
    static func statements(of script: String) -> [String] {
        var statements: [String] = [], current = "", isInBody = false
        for line in script.split(separator: "\n", omittingEmptySubsequences: true) {
            current += line + "\n"
            if line.split(separator: "$$", omittingEmptySubsequences: false).count.isMultiple(of: 2) { isInBody.toggle() }
            guard !isInBody, line.hasSuffix(";") else { continue }
            statements.append(String(current.trimmingPrefix { $0.isWhitespace }.dropLast(2)))
            current = ""
        }
        return statements
    }
}
