import CPostgres

/// The statements of one thread's session with the server. It connects by itself, also anew after a loss.
///
/// Only the thread that made it uses it.
final class PostgresSession {
    private let address: PostgresAddress
    private let store: String
    private let patience: Duration
    private let isHurried: () -> Bool
    private var connection: PostgresConnection?
    private var backoff = PostgresBackoff()
    /// Several pieces of work share the transaction.
    private var isOfCrowd = false
    /// What a transaction begins with, and what follows a lost answer; nil for a session that only reads.
    var writing: PostgresWriting?
    /// Called with each new connection before its first use.
    var onConnect: ((PostgresConnection) throws -> Void)?

    /// - Parameter store: the address as errors show it.
    init(_ address: PostgresAddress, store: String, patience: Duration, isHurried: @escaping () -> Bool) {
        self.address = address
        self.store = store
        self.patience = patience
        self.isHurried = isHurried
    }

    /// The connection, if there is one that works.
    var open: PostgresConnection? { connection.flatMap { $0.isBroken ? nil : $0 } }

    /// The connection, made anew if need be. After failures it is not tried again until a moment has passed.
    func ready() throws -> PostgresConnection {
        if let open { return open }
        connection = nil
        if let error = backoff.refusal(at: Leadership.now) { throw error }
        if isHurried() { throw PostgresFailure.timedOut }
        do {
            let new = try PostgresConnection.open(address, patience: patience, isHurried: isHurried)
            try PostgresSettings.apply(to: new, writes: writing != nil)
            // It is set before it is used, so that it can say what became of the last transaction.
            connection = new
            try onConnect?(new)
            backoff.succeeded()
            return new
        } catch {
            connection = nil
            let failure = LedgerError(error, store: store)
            if failure.reason != .fenced { backoff.failed(failure, at: Leadership.now) }
            throw failure
        }
    }

    func disconnect() { connection = nil }

    func begin(ofCrowd: Bool = false) throws {
        isOfCrowd = ofCrowd
        let connection = try ready()
        guard let writing else {
            return try connection.post("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        }
        try writing.begin(connection)
    }

    func commit() throws {
        guard let connection = open else { throw PostgresFailure(state: nil, words: "the connection is lost") }
        guard let writing else { return try connection.commit() }
        try writing.commit(connection, reconnect: { [self] in recovers(from: $0) ? open : nil })
    }

    func rollback() throws {
        if open?.isFenced == true { writing?.isFenced() }
        try open?.rollback()
    }

    /// Whether the transaction that an error ended may be run again at once. A server that restarts is waited for, but not long.
    func recovers(from error: any Error) -> Bool {
        guard let failure = error as? PostgresFailure else { return false }
        if failure.isPassing || failure.isOfOldStatements { return true }
        guard failure.isLoss else { return false }
        let end = Leadership.now + Self.longestRecovery
        repeat {
            do {
                _ = try ready()
                return true
            } catch {
                guard LedgerError(error, store: store).reason == .unreachable, !isHurried() else { return false }
            }
            PostgresBackoff.pause()
        } while Leadership.now < end
        return false
    }

    private static let longestRecovery = Duration.seconds(3)

    // MARK: Statements

    func run(_ sql: String, _ values: [(any SQLValue)?]) throws -> Int {
        let result = try ready().ask(sql, values)
        defer { PQclear(result) }
        return PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
    }

    func post(_ sql: String, _ values: [(any SQLValue)?]) throws { try ready().post(sql, values) }

    func changesOne(_ sql: String, _ values: [(any SQLValue)?]) throws -> Bool {
        guard isOfCrowd else { return try run(sql, values) == 1 }
        try ready().postExpectingOne(sql, values)
        return true
    }

    func insert(_ sql: String, _ column: String, _ values: [(any SQLValue)?]) throws -> Int64? {
        try first("\(sql) RETURNING \(column)", values) { $0[0] }
    }

    func all<Value>(_ sql: String, _ values: [(any SQLValue)?], make: (SQLRow) throws -> Value) throws -> [Value] {
        let result = try ready().ask(sql, values)
        defer { PQclear(result) }
        return try (0..<PQntuples(result)).map { try make(SQLRow(PostgresRow(result: result, index: $0))) }
    }

    func each(_ sql: String, _ values: [(any SQLValue)?], body: (SQLRow) throws -> Void) throws {
        let result = try ready().ask(sql, values)
        defer { PQclear(result) }
        for index in 0..<PQntuples(result) { try body(SQLRow(PostgresRow(result: result, index: index))) }
    }

    func first<Value>(_ sql: String, _ values: [(any SQLValue)?], make: (SQLRow) throws -> Value) throws -> Value? {
        let result = try ready().ask(sql, values)
        defer { PQclear(result) }
        return PQntuples(result) > 0 ? try make(SQLRow(PostgresRow(result: result, index: 0))) : nil
    }
}
