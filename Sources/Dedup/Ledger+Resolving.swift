import RelayCore

extension Ledger {
    /// The events that a person may mean by an id: an event's own id, the number of a delivery, or the id of a notification, a run
    /// or an approval alone, or the first 8 characters of it or more. They are in the order of their admission, at most 20; empty if there are none.
    ///
    /// It looks each candidate up in the index of ids, so it takes no longer in a large store.
    package func resolve(_ id: String) async throws(LedgerError) -> [String] {
        try await read { db in
            if try EventRow.number(of: id, db) != nil { return [id] }
            if let delivery = Int64(id) {
                let found = try db.all("SELECT e.id FROM delivery d JOIN event e ON e.n = d.event WHERE d.id = ?", delivery) {
                    $0[0] as String
                }
                // A uuid may begin with digits alone.
                if !found.isEmpty || id.utf8.count < IDSearch.shortestPrefix { return found }
            }
            guard !id.isEmpty, !id.contains("/") else { return [] }
            let exact = try IDSearch.events(about: id, db)
            if !exact.isEmpty || id.utf8.count < IDSearch.shortestPrefix { return exact }
            return try IDSearch.events(beginning: id, db)
        }
    }
}

/// Finds events by the third part of their ids. Ids are paths, `<account>/<kind>/<id>…`, so it skips from one prefix to the next.
enum IDSearch {
    static let next = "SELECT id FROM event WHERE id >= ? ORDER BY id LIMIT 1"
    static let under = "SELECT id, n FROM event WHERE id >= ? AND id < ? ORDER BY id LIMIT 20"

    static func events(about id: String, _ db: SQLSession) throws -> [String] {
        var found: [(id: String, n: Int64)] = []
        for first in try parts(after: "", db) {
            for second in try parts(after: first + "/", db) {
                let path = "\(first)/\(second)/\(id)"
                if let number = try EventRow.number(of: path, db) { found.append((path, number)) }
                found += try db.all(under, path + "/", path + "0") { ($0[0] as String, $0[1] as Int64) }
            }
        }
        return found.sorted { $0.n < $1.n }.prefix(20).map(\.id)
    }

    /// A shorter beginning would fit too many events.
    static let shortestPrefix = 8

    /// The events whose third part begins so.
    static func events(beginning prefix: String, _ db: SQLSession) throws -> [String] {
        var found: [(id: String, n: Int64)] = []
        for first in try parts(after: "", db) {
            for second in try parts(after: first + "/", db) {
                let path = "\(first)/\(second)/\(prefix)"
                found += try db.all(under, path, path + "\u{7F}") { ($0[0] as String, $0[1] as Int64) }
            }
        }
        return found.sorted { $0.n < $1.n }.prefix(20).map(\.id)
    }

    /// The parts that follow `beginning` in the stored ids, each once. `0` is the character after `/`.
    private static func parts(after beginning: String, _ db: SQLSession) throws -> [String] {
        var parts: [String] = []
        var from = beginning
        while let id = try db.first(next, from, make: { $0[0] as String }), id.hasPrefix(beginning) {
            let part = String(id.dropFirst(beginning.count).prefix { $0 != "/" })
            parts.append(part)
            from = beginning + part + "0"
        }
        return parts
    }
}
