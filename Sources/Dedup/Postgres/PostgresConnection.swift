import CPostgres
import Glibc

/// One session with the server, always in pipeline mode: statements are sent at once, and the program waits only where it wants an answer.
/// https://www.postgresql.org/docs/current/libpq-pipeline-mode.html
///
/// Only the thread that made it may use it. Nothing of it waits longer than `patience`, because libpq itself waits for ever.
final class PostgresConnection {
    /// What was sent and is not answered yet.
    private enum Sent: Equatable {
        /// A statement whose result nobody wants.
        case posted
        /// A statement whose result nobody wants, if it changed one row.
        case expected
        /// A statement whose result is returned.
        case asked
        /// The statement that a transaction of the leader begins with. It must change one row.
        case fence
        case commit
        case sync
    }

    private let raw: OpaquePointer
    /// The names of the prepared statements, by the ledger's texts.
    private var names: [String: String] = [:]
    private var lastName = 0
    /// The texts that were prepared since the last `sync`. If something fails, the server may have skipped them.
    private var newTexts: [String] = []
    private var parameters = PostgresParameters()
    private var sent: [Sent] = []
    /// The first error since the last `sync`. The server ignores what was sent after it.
    private var failure: PostgresFailure?
    private var patience: Duration
    /// So many answers are left unread at most. A server that cannot send its answers takes no more statements, which then fill the memory.
    private static let mostUnread = 512
    private static let longestConnect = Duration.seconds(5)
    private let isHurried: () -> Bool
    /// What the last fence returned: the beat of the transaction.
    private(set) var beat: Int64?
    private(set) var hasCommitted = false
    /// The last fence changed no row: another relay leads.
    private(set) var isFenced = false
    /// Nothing more can be done with this session.
    private(set) var isBroken = false

    private init(_ raw: OpaquePointer, patience: Duration, isHurried: @escaping () -> Bool) {
        self.raw = raw
        self.patience = patience
        self.isHurried = isHurried
    }

    deinit { PQfinish(raw) }

    static func open(
        _ address: PostgresAddress, patience: Duration, isHurried: @escaping () -> Bool
    ) throws(PostgresFailure) -> PostgresConnection {
        // libpq goes on from a silent server to the next one after a time, but only in a call that blocks.
        let several = address.hasSeveralHosts
        guard let raw = address.withParameters({ several ? PQconnectdbParams($0, $1, 0) : PQconnectStartParams($0, $1, 0) }) else {
            throw PostgresFailure(state: nil, words: "no memory for a connection")
        }
        if !several { connect(raw, isHurried) }
        guard PQstatus(raw) == CONNECTION_OK || PQstatus(raw) == CONNECTION_BAD else {
            PQfinish(raw)
            throw .timedOut
        }
        guard PQstatus(raw) == CONNECTION_OK, PQsetnonblocking(raw, 1) == 0, PQenterPipelineMode(raw) == 1 else {
            let failure = PostgresFailure(connection: raw)
            PQfinish(raw)
            throw failure
        }
        _ = PQsetNoticeReceiver(raw, { _, _ in }, nil)
        return PostgresConnection(raw, patience: patience, isHurried: isHurried)
    }

    /// Waits until the connection is made, or fails, or takes too long. Only the look-up of the name blocks beyond that.
    private static func connect(_ raw: OpaquePointer, _ isHurried: () -> Bool) {
        let end = Leadership.now + longestConnect
        var state = PGRES_POLLING_WRITING
        while PQstatus(raw) != CONNECTION_BAD, Leadership.now < end, !isHurried() {
            let wanted = state == PGRES_POLLING_READING ? Int16(POLLIN) : Int16(POLLOUT)
            var entry = pollfd(fd: PQsocket(raw), events: wanted, revents: 0)
            guard poll(&entry, 1, 100) > 0 else { continue }
            state = PQconnectPoll(raw)
            if state == PGRES_POLLING_OK || state == PGRES_POLLING_FAILED { return }
        }
    }

    var socket: CInt { PQsocket(raw) }
    /// The number of the server's process that serves this session.
    var process: Int { Int(PQbackendPID(raw)) }
    var serverVersion: Int { Int(PQserverVersion(raw)) }

    // MARK: Statements

    /// Sends a statement whose result nobody wants. An error of it comes with the next answer.
    func post(_ sql: String, _ values: [(any SQLValue)?] = []) throws(PostgresFailure) { try send(sql, values, .posted) }

    /// Sends a statement that must change one row. If it does not, the next answer is an error.
    func postExpectingOne(_ sql: String, _ values: [(any SQLValue)?]) throws(PostgresFailure) { try send(sql, values, .expected) }

    func postFence(_ sql: String, epoch: Int) throws(PostgresFailure) {
        beat = nil
        isFenced = false
        try send(sql, [epoch], .fence)
    }

    /// Sends a statement and waits for its result, which the caller clears.
    func ask(_ sql: String, _ values: [(any SQLValue)?] = []) throws(PostgresFailure) -> OpaquePointer {
        try send(sql, values, .asked)
        guard PQsendFlushRequest(raw) == 1 else { throw broken() }
        var answer: OpaquePointer?
        while !sent.isEmpty {
            if let result = try read() {
                PQclear(answer)
                answer = result
            }
        }
        if let failure {
            PQclear(answer)
            throw failure
        }
        guard let answer else { throw PostgresFailure(state: nil, words: "a statement has no result") }
        guard Self.isKnown(answer) else {
            PQclear(answer)
            throw PostgresFailure(state: "XXREL", words: "a column has a type that this program does not read")
        }
        return answer
    }

    /// Asks outside of a transaction.
    func askAlone(_ sql: String, _ values: [(any SQLValue)?] = []) throws(PostgresFailure) -> OpaquePointer {
        let result: OpaquePointer
        do {
            result = try ask(sql, values)
        } catch {
            if !isBroken { do { try sync() } catch { if isBroken { throw error } } }
            throw error
        }
        try sync()
        return result
    }

    /// Waits until all that was sent is answered.
    func settle() throws(PostgresFailure) {
        guard !sent.isEmpty else { return }
        guard PQsendFlushRequest(raw) == 1 else { throw broken() }
        while !sent.isEmpty { PQclear(try read()) }
        if let failure { throw failure }
    }

    /// Ends a transaction and waits until the server has it on the disk.
    ///
    /// - Throws: also if the server rolled it back, because an earlier statement had failed.
    func commit() throws(PostgresFailure) {
        hasCommitted = false
        try send("COMMIT", [], .commit)
        try sync()
        guard hasCommitted else { throw PostgresFailure(state: "25P02", words: "the transaction was rolled back") }
    }

    /// Ends what is under way without a trace. Does nothing with a broken session, which the server ends by itself.
    func rollback() throws(PostgresFailure) {
        guard !isBroken else { return }
        do { try sync() } catch { if isBroken { throw error } }
        guard PQtransactionStatus(raw) != PQTRANS_IDLE else { return }
        try send("ROLLBACK", [], .posted)
        try sync()
    }

    /// Marks the end of what belongs together and waits for all answers.
    func sync() throws(PostgresFailure) {
        guard PQpipelineSync(raw) == 1 else { throw broken() }
        sent.append(.sync)
        while !sent.isEmpty { PQclear(try read()) }
        let first = failure, texts = newTexts
        failure = nil
        newTexts = []
        guard let first else { return }
        for text in texts { names[text] = nil }
        throw first
    }

    /// Prepares every statement anew at its next use.
    func forgetStatements() { names = [:] }

    /// Takes in what has arrived, and returns how many notices of other sessions were among it.
    func takeNotices() throws(PostgresFailure) -> Int {
        guard PQconsumeInput(raw) == 1 else { throw broken() }
        var count = 0
        while let notice = PQnotifies(raw) {
            if notice.pointee.be_pid != PQbackendPID(raw) { count += 1 }
            PQfreemem(notice)
        }
        return count
    }

    // MARK: The wire

    private func send(_ sql: String, _ values: [(any SQLValue)?], _ what: Sent) throws(PostgresFailure) {
        if sent.count >= Self.mostUnread { try settle() }
        if let failure { throw failure }
        if isBroken { throw PostgresFailure(state: nil, words: "the connection is broken") }
        let name = try prepare(sql)
        parameters.reset()
        for value in values {
            if let value { value.put(into: &parameters) } else { parameters.addNull() }
        }
        let isSent = parameters.withPointers { count, values, lengths, formats in
            PQsendQueryPrepared(raw, name, count, values, lengths, formats, 1)
        }
        guard isSent == 1 else { throw broken() }
        sent.append(what)
    }

    /// Sends the preparation of a statement that this session has not used yet. It needs no trip of its own.
    private func prepare(_ sql: String) throws(PostgresFailure) -> String {
        if let name = names[sql] { return name }
        lastName += 1
        let name = "s\(lastName)"
        guard PQsendPrepare(raw, name, PostgresStatement.translate(sql), 0, nil) == 1 else { throw broken() }
        sent.append(.posted)
        names[sql] = name
        newTexts.append(sql)
        return name
    }

    /// Reads the answer to the oldest statement. Returns its result if it was asked for.
    private func read() throws(PostgresFailure) -> OpaquePointer? {
        let what = sent.removeFirst()
        guard let result = try nextResult() else { throw broken() }
        if what == .sync {
            defer { PQclear(result) }
            guard PQresultStatus(result) == PGRES_PIPELINE_SYNC else { throw broken() }
            return nil
        }
        // A null ends each statement.
        if let second = try nextResult() {
            PQclear(second)
            PQclear(result)
            throw broken()
        }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK: break
        case PGRES_PIPELINE_ABORTED:
            PQclear(result)
            return nil
        default:
            let error = PostgresFailure(result: result)
            PQclear(result)
            if failure == nil { failure = error }
            if error.isOfOldStatements { forgetStatements() }
            if PQstatus(raw) == CONNECTION_BAD || error.isLoss { isBroken = true }
            return nil
        }
        if what == .asked { return result }
        if what == .fence { try take(fence: result) }
        if what == .expected, PQcmdTuples(result).map({ String(cString: $0) }) != "1" { failure = failure ?? .notOne }
        if what == .commit { hasCommitted = PQcmdStatus(result).map { String(cString: $0) == "COMMIT" } ?? false }
        PQclear(result)
        return nil
    }

    private func take(fence result: OpaquePointer) throws(PostgresFailure) {
        guard PQntuples(result) == 1 else {
            isFenced = true
            failure = failure ?? .fenced
            return
        }
        beat = PostgresRow(result: result, index: 0).integer(0)
    }

    private func nextResult() throws(PostgresFailure) -> OpaquePointer? {
        var waited = Duration.zero
        while true {
            let unsent = PQflush(raw)
            guard unsent >= 0 else { throw broken() }
            if PQisBusy(raw) == 0, unsent == 0 { break }
            let slice = Duration.milliseconds(250)
            var entry = pollfd(fd: PQsocket(raw), events: Int16(POLLIN) | (unsent > 0 ? Int16(POLLOUT) : 0), revents: 0)
            let count = poll(&entry, 1, 250)
            if count == 0 { waited += slice }
            guard waited < patience, !isHurried() || count > 0 else {
                isBroken = true
                throw .timedOut
            }
            if PQconsumeInput(raw) == 0 { throw broken() }
        }
        return PQgetResult(raw)
    }

    private func broken() -> PostgresFailure {
        isBroken = true
        return PostgresFailure(connection: raw)
    }

    private static func isKnown(_ result: OpaquePointer) -> Bool {
        (0..<PQnfields(result)).allSatisfy { PostgresRow.Kind(PQftype(result, $0)) != nil }
    }
}

extension PostgresFailure {
    /// Another relay leads; nothing of this transaction may be written. No code of the server's.
    static let fenced = PostgresFailure(state: "FENCE", words: "another relay leads now")

    /// A statement of a crowd did not change one row; its work is run by itself. No code of the server's.
    static let notOne = PostgresFailure(state: "NOT1R", words: "a statement did not change one row")
}
