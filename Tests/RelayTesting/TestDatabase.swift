import CPostgres
import Foundation

/// Databases for tests, on a server that `NOTIFY_RELAY_TEST_POSTGRES` names by a URI. `scripts/postgres` starts one.
///
/// While the variable is set, the tests of the ledger keep their stores there, and in files otherwise.
package enum TestDatabase {
    /// Nil if there is no server.
    package static let server = ProcessInfo.processInfo.environment["NOTIFY_RELAY_TEST_POSTGRES"].flatMap { $0.isEmpty ? nil : $0 }

    package static var isThere: Bool { server != nil }

    /// Makes an empty place for a store, and returns its URI. It is a schema, which is made six times as fast as a database.
    package static func make() throws -> String {
        let name = "relay_\(UUID().uuidString.lowercased().replacing("-", with: "_"))"
        try run("CREATE SCHEMA \(name)")
        return try uri(of: name)
    }

    package static func drop(_ uri: String) throws {
        try run("SET client_min_messages = error; DROP SCHEMA IF EXISTS \(try run("SELECT current_schema()", in: uri)[0]) CASCADE")
    }

    /// Runs statements in a database, for what a test does to a store behind the ledger's back. Returns the first column of the rows.
    @discardableResult
    package static func run(_ sql: String, in uri: String? = nil) throws -> [String] {
        guard let target = uri ?? server else { throw TestDatabaseError(why: "there is no server") }
        let connection = PQconnectdb(target)
        defer { PQfinish(connection) }
        let result = PQexec(connection, sql)
        defer { PQclear(result) }
        guard [PGRES_COMMAND_OK, PGRES_TUPLES_OK].contains(PQresultStatus(result)) else {
            throw TestDatabaseError(why: String(cString: PQerrorMessage(connection)))
        }
        return (0..<PQntuples(result)).map { String(cString: PQgetvalue(result, $0, 0)) }
    }

    private static func uri(of name: String) throws -> String {
        guard let server, var parts = URLComponents(string: server) else { throw TestDatabaseError(why: "the server's URI cannot be read") }
        parts.queryItems = (parts.queryItems ?? []) + [URLQueryItem(name: "options", value: "-csearch_path=\(name)")]
        return parts.string?.replacing("-csearch_path=", with: "-csearch_path%3D") ?? server
    }
}

package struct TestDatabaseError: Error {
    package var why: String
}
