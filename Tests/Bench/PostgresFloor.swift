import CPostgres
import Foundation

/// The lower bound for a ledger on PostgreSQL: one libpq session in pipeline mode that sends the same statements, prepared, in transactions of
/// the same size, and waits for an answer only where the next statement needs it.
struct PostgresFloor {
    let uri: String

    /// A schema of its own on a server.
    struct Schema {
        var uri: String
        var name: String
        var server: String

        func drop() throws { try PostgresFloor.run("SET client_min_messages = error; DROP SCHEMA \(name) CASCADE", on: server) }
    }

    static func schema(on server: String) throws -> Schema {
        let name = "bench_\(UUID().uuidString.lowercased().replacingOccurrences(of: "-", with: "_"))"
        try run("CREATE SCHEMA \(name)", on: server)
        return Schema(uri: server + (server.contains("?") ? "&" : "?") + "options=-csearch_path%3D\(name)", name: name, server: server)
    }

    private static func run(_ sql: String, on uri: String) throws {
        let connection = PQconnectdb(uri)
        defer { PQfinish(connection) }
        let result = PQexec(connection, sql)
        defer { PQclear(result) }
        guard [PGRES_COMMAND_OK, PGRES_TUPLES_OK].contains(PQresultStatus(result)) else {
            throw BenchError(String(cString: PQerrorMessage(connection)))
        }
    }

    private static let statements = [
        "INSERT INTO event (id, account, kind, subject, priority, occurred_at, seen_at, payload) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING RETURNING n",
        "INSERT INTO delivery (event, destination, recipient, route, priority, state, due_at, thread, options) VALUES ($1, $2, '', 'all', 2, 'owed', $3, NULL, NULL)",
        "SELECT d.id, d.fence, d.attempt, d.recipient, d.route, d.options, e.id, e.payload FROM delivery d JOIN event e ON e.n = d.event WHERE d.state = 'owed' AND d.held_for IS NULL AND d.destination = $1 ORDER BY d.due_at LIMIT $2",
        "UPDATE delivery SET held_for = 'claim', due_at = $1, fence = fence + 1 WHERE id = $2",
        "UPDATE delivery SET state = 'delivered', settled_at = $1, attempt = attempt + 1, held_for = NULL WHERE id = $2 AND state = 'owed' AND fence = $3",
        "INSERT INTO attempt (delivery, at, outcome, reason, detail, took) VALUES ($1, $2, 'delivered', 'ok', 'answered 204', 3)",
        "UPDATE leader SET beat = beat + 1 RETURNING beat",
    ]

    /// - Returns: the CPU seconds of this thread for 1,000 messages, and messages a second.
    func measure(_ messages: Int) throws -> (cpu: Double, rate: Double) {
        let session = try Session(uri, Self.statements)
        let began = ContinuousClock.now, cpu = cpuSeconds("thread-self")
        for first in stride(from: 0, to: messages, by: 400) {
            // Two crowds of admissions: every INSERT of an event is answered, because its number is needed.
            for part in stride(from: first, to: first + 400, by: 200) {
                session.begin()
                for number in part..<part + 200 {
                    let id = "floor/notification/\(number)-7c0e-4c52-9d5e-000000000000"
                    let payload = "{\"message\":\"Invoice \(number) is late and wants a reminder.\"}"
                    let row = try session.ask(0, [id, "live", "notification", id, "1", "1795510800000", "1795510800000", payload])
                    session.post(1, [row[0][0], "floor", "1795510800000"])
                }
                try session.commit()
            }
            session.begin()
            let claims = try session.ask(2, ["floor", "400"])
            for claim in claims { session.post(3, ["1795510900000", claim[0]]) }
            try session.commit()
            for part in stride(from: 0, to: claims.count, by: 200) {
                session.begin()
                for claim in claims[part..<min(part + 200, claims.count)] {
                    _ = try session.ask(4, ["1795510900000", claim[0], "1"])
                    session.post(5, [claim[0], "1795510900000"])
                }
                try session.commit()
            }
        }
        let took = (ContinuousClock.now - began) / .seconds(1)
        return ((cpuSeconds("thread-self") - cpu) * 1_000 / Double(messages), Double(messages) / took)
    }

    private final class Session {
        private let raw: OpaquePointer?
        private var owed = 0

        init(_ uri: String, _ statements: [String]) throws {
            raw = PQconnectdb(uri)
            guard PQstatus(raw) == CONNECTION_OK else { throw BenchError("the floor cannot connect") }
            for (index, text) in (statements + ["BEGIN", "COMMIT"]).enumerated() { PQclear(PQprepare(raw, "f\(index)", text, 0, nil)) }
            guard PQenterPipelineMode(raw) == 1 else { throw BenchError("no pipeline") }
        }

        deinit { PQfinish(raw) }

        func begin() {
            post(7, [])
            post(6, [])
        }

        func post(_ statement: Int, _ values: [String]) {
            send(statement, values)
            owed += 1
        }

        func ask(_ statement: Int, _ values: [String]) throws -> [[String]] {
            send(statement, values)
            PQsendFlushRequest(raw)
            try drain()
            guard let result = PQgetResult(raw) else { throw BenchError("no result") }
            defer { PQclear(result) }
            guard [PGRES_COMMAND_OK, PGRES_TUPLES_OK].contains(PQresultStatus(result)) else {
                throw BenchError(String(cString: PQerrorMessage(raw)))
            }
            let rows = (0..<PQntuples(result)).map { row in (0..<PQnfields(result)).map { String(cString: PQgetvalue(result, row, $0)) } }
            PQclear(PQgetResult(raw))
            return rows
        }

        func commit() throws {
            post(8, [])
            PQpipelineSync(raw)
            try drain()
            let sync = PQgetResult(raw)
            defer { PQclear(sync) }
            guard PQresultStatus(sync) == PGRES_PIPELINE_SYNC else { throw BenchError(String(cString: PQerrorMessage(raw))) }
        }

        private func drain() throws {
            for _ in 0..<owed {
                let result = PQgetResult(raw)
                guard [PGRES_COMMAND_OK, PGRES_TUPLES_OK].contains(PQresultStatus(result)) else {
                    throw BenchError(String(cString: PQerrorMessage(raw)))
                }
                PQclear(result)
                PQclear(PQgetResult(raw))
            }
            owed = 0
        }

        private func send(_ statement: Int, _ values: [String]) {
            withArrayOfCStrings(values) { pointers in
                _ = PQsendQueryPrepared(raw, "f\(statement)", CInt(values.count), pointers, nil, nil, 0)
            }
        }

        private func withArrayOfCStrings(_ values: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Void) {
            let copies = values.map { strdup($0) }
            defer { for copy in copies { free(copy) } }
            let pointers = copies.map { $0.map { UnsafePointer($0) } }
            pointers.withUnsafeBufferPointer { body($0.baseAddress) }
        }
    }
}
