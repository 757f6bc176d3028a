import Crypto
import Dispatch
import RelaySupport

/// Copies all of a store into an empty one, of either kind, and verifies the copy.
///
/// The copy is one transaction of the target: it is whole or not there. The source must not be written meanwhile; if it is, the hashes differ.
package struct StoreCopy: Sendable {
    /// What was copied of one table.
    package struct Table: Sendable, Equatable {
        package var name: String
        package var rows: Int
        /// SHA-256 of all rows in the order of the primary key, in hexadecimal.
        package var hash: String
    }

    private let source: Ledger
    private let target: Ledger
    private let tables: [StoreTable]

    private static let rowsOfOneRead = 1_000

    package init(from source: Ledger, to target: Ledger) throws(LedgerError) {
        self.source = source
        self.target = target
        do {
            tables = try StoreTable.all()
        } catch {
            throw LedgerError(error, store: source.path)
        }
    }

    /// - Throws: if the target holds something, if one of the stores fails, or if the copy is not the same.
    package func run() async throws(LedgerError) -> [Table] {
        try await refuseFull()
        try await target.writes.write("copy") { [self] db in
            for table in tables { try copy(table, db) }
            try StoreDriver.countOn(tables, db)
        }
        let original = try await hashes(of: source), copied = try await hashes(of: target)
        for (table, copy) in zip(original, copied) where table != copy {
            throw LedgerError(
                .io,
                "the copy of \(table.name) is not the same (\(table.rows) rows, \(copy.rows) copied): "
                    + "somebody wrote to \(source.path) meanwhile; empty \(target.path) and copy again")
        }
        return copied
    }

    private func refuseFull() async throws(LedgerError) {
        let isFull = try await target.read { db in
            try ["event", "approval", "feed", "audit"].contains { try db.first("SELECT 1 FROM \($0) LIMIT 1") { _ in true } ?? false }
        }
        if isFull { throw LedgerError(.foreign, "\(target.path) holds a store already: name an empty one") }
    }

    private func copy(_ table: StoreTable, _ db: SQLSession) throws {
        let names = table.columns.map(\.name).joined(separator: ", ")
        let places = table.columns.map { _ in "?" }.joined(separator: ", ")
        let insert = "INSERT INTO \(table.name) (\(names)) VALUES (\(places))"
        var last: [(any SQLValue & Sendable)?]?
        while true {
            let after = last
            let rows = try waitFor { () async throws(LedgerError) in try await self.source.read { try Self.rows(table, after: after, $0) } }
            for row in rows { try db.post(insert, list: row) }
            guard let end = rows.last, rows.count == Self.rowsOfOneRead else { return }
            last = table.key.map { end[$0] }
        }
    }

    /// Runs on the target's writer, which has a thread of its own that may block.
    private func waitFor<Value: Sendable>(_ read: @escaping @Sendable () async throws(LedgerError) -> Value) throws(LedgerError) -> Value {
        let done = DispatchSemaphore(value: 0)
        let result = Locked<Result<Value, LedgerError>?>(nil)
        Task.detached {
            let outcome: Result<Value, LedgerError>
            do throws(LedgerError) { outcome = .success(try await read()) } catch { outcome = .failure(error) }
            result.withLock { $0 = outcome }
            done.signal()
        }
        done.wait()
        guard let outcome = result.withLock({ $0 }) else { throw LedgerError(.io, "a read ended without a result") }
        return try outcome.get()
    }

    private func hashes(of ledger: Ledger) async throws(LedgerError) -> [Table] {
        var all: [Table] = []
        for table in tables { all.append(try await hash(of: table, ledger)) }
        return all
    }

    private func hash(of table: StoreTable, _ ledger: Ledger) async throws(LedgerError) -> Table {
        var hash = SHA256(), count = 0
        var last: [(any SQLValue & Sendable)?]?
        while true {
            let after = last
            let rows = try await ledger.read { try Self.rows(table, after: after, $0) }
            for row in rows { hash.update(data: Self.bytes(of: row)) }
            count += rows.count
            guard let end = rows.last, rows.count == Self.rowsOfOneRead else { break }
            last = table.key.map { end[$0] }
        }
        return Table(name: table.name, rows: count, hash: hexadecimal(hash.finalize()))
    }

    /// The rows after a key, in the key's order.
    private static func rows(
        _ table: StoreTable, after key: [(any SQLValue & Sendable)?]?, _ db: SQLSession
    ) throws -> [[(any SQLValue & Sendable)?]] {
        let names = table.columns.map(\.name).joined(separator: ", "),
            keys = table.key.map { table.columns[$0].name }.joined(separator: ", ")
        let places = table.key.map { _ in "?" }.joined(separator: ", ")
        let condition = key == nil ? "" : "WHERE (\(keys)) > (\(places))"
        return try db.all(
            "SELECT \(names) FROM \(table.name) \(condition) ORDER BY \(keys) LIMIT \(rowsOfOneRead)", list: key ?? [],
            make: { row in table.columns.indices.map { value(table.columns[$0].kind, $0, row) } })
    }

    private static func value(_ kind: StoreTable.Kind, _ column: Int, _ row: SQLRow) -> (any SQLValue & Sendable)? {
        switch kind {
        case .integer: row[column] as Int64?
        case .real: row[column] as Double?
        // PostgreSQL keeps no NUL in a text.
        case .text: (row[column] as String?).map { $0.replacing("\0", with: "\u{FFFD}") }
        }
    }

    /// Each value with its kind and length, so that no two rows have the same bytes.
    private static func bytes(of row: [(any SQLValue & Sendable)?]) -> [UInt8] {
        row.flatMap { value -> [UInt8] in
            guard let value else { return [0] }
            let text = Array("\(value)".utf8)
            return [1] + Array("\(text.count) ".utf8) + text
        }
    }
}

extension StoreDriver {
    /// After rows came with numbers of their own, the database goes on with higher ones.
    static func countOn(_ tables: [StoreTable], _ db: SQLSession) throws {
        // SQLite takes the highest number that is there.
        guard case .postgres = db.engine else { return }
        for table in tables {
            guard let column = table.numbered else { continue }
            _ = try db.first(
                "SELECT setval(pg_get_serial_sequence('\(table.name)', '\(column)'), (SELECT coalesce(max(\(column)), 0) + 1 FROM \(table.name)), false)"
            ) { $0[0] as Int64 }
        }
    }
}
