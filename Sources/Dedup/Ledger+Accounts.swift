import RelayCore

extension Ledger {
    /// Moves everything that is stored of an account to its new name, so that nothing is sent a second time.
    ///
    /// The account's name is part of every id, so this changes all events of the account, in one transaction. Deliveries that are owed at
    /// that moment are sent with the new ids.
    ///
    /// - Returns: the number of events that were renamed; 0 if there are none, or if an account of the new name was read before.
    package func rename(account old: String, to new: String) async throws(LedgerError) -> Int {
        try await writes.write("rename") { try AccountRenaming.rename(old, to: new, $0) }
    }
}

/// Renames an account, inside a transaction.
enum AccountRenaming {
    static let known = "SELECT 1 FROM feed WHERE account = ? AND since IS NOT NULL"
    /// `live/run/…` becomes `new/run/…`. `0` is the character after `/`.
    static let paths = [
        "UPDATE event SET id = ? || substr(id, ?) WHERE id >= ? AND id < ?",
        "UPDATE event SET subject = ? || substr(subject, ?) WHERE subject >= ? AND subject < ?",
        "UPDATE delivery SET thread = ? || substr(thread, ?) WHERE thread >= ? AND thread < ?",
        "UPDATE receipt SET subject = ? || substr(subject, ?) WHERE subject >= ? AND subject < ?",
    ]
    static let names = ["event", "approval", "answer", "vote", "audit", "feed", "run_watch", "finished", "gap", "outlook", "expectation"]
        .map {
            "UPDATE \($0) SET account = ? WHERE account = ?"
        }

    static func rename(_ old: String, to new: String, _ db: SQLSession) throws -> Int {
        // An account that was read under its new name before keeps its own history, and the old name keeps its own.
        guard old != new, try db.first(known, new, make: { $0[0] as Int }) == nil else { return 0 }
        let start = old.count + 1
        var renamed = 0
        for statement in paths { renamed = max(renamed, try db.run(statement, new, start, old + "/", old + "0")) }
        for statement in names { try db.post(statement, new, old) }
        return renamed
    }
}
