import CPostgres

/// What a server, or the way to it, refused.
struct PostgresFailure: Error, Sendable, Equatable {
    /// The five characters of the standard's class and condition; nil if the connection itself failed.
    /// https://www.postgresql.org/docs/current/errcodes-appendix.html
    var state: String?
    /// The first line of the server's or the library's words. The library names the host and the user, and never a password.
    var words: String

    init(state: String?, words: String) {
        self.state = state
        self.words = words
    }

    init(result: OpaquePointer) {
        let state = PQresultErrorField(result, relay_pg_sqlstate).map { String(cString: $0) }
        let words = PQresultErrorField(result, relay_pg_primary) ?? PQresultErrorMessage(result)
        self.init(state: state, words: Self.line(words.map { String(cString: $0) } ?? ""))
    }

    init(connection: OpaquePointer) {
        let text = PQerrorMessage(connection).map { String(cString: $0) } ?? ""
        self.init(state: nil, words: Self.line(text))
    }

    static let timedOut = PostgresFailure(state: nil, words: "it does not answer")

    /// The session has ended or must be ended; what was under way may be done or not.
    var isLoss: Bool {
        guard let state else { return true }
        return state.hasPrefix("08") || ["57P01", "57P02", "57P03", "57P05", "25P03"].contains(state)
    }

    /// The transaction is rolled back and may simply be run again.
    var isPassing: Bool { ["40001", "40P01"].contains(state) }

    /// A lock was waited for too long.
    var isOfWaiting: Bool { state == "55P03" }

    /// The prepared statements of the session are no longer what the server has: the schema changed, or a pooler gave another session.
    var isOfOldStatements: Bool { state == "26000" || state == "0A000" && words.contains("cached plan") }

    private static func line(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? "no message"
        return String(line.prefix(300))
    }
}
