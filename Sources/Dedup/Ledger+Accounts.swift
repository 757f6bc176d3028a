import GRDB
import RelayCore

extension Ledger {
    /// Gives everything that is known of an account to its new name: what was told under the old one is not told again.
    ///
    /// The account's name is a part of every id, so this walks all events of the account, in one transaction. What is owed at that moment
    /// goes out under the ids of the new name.
    /// - Returns: how many events changed their name; 0 if nothing is known of the old one, or something of the new one.
    package func rename(account old: String, to new: String) async throws(LedgerError) -> Int {
        try await writes.write("rename") { try AccountRenaming.rename(old, to: new, $0) }
    }
}

/// The change of an account's name inside its transaction.
enum AccountRenaming {
    static let known = "SELECT 1 FROM feed WHERE account = ? AND since IS NOT NULL"
    /// `live/run/…` becomes `new/run/…`. `0` is the character after `/`.
    static let paths = [
        "UPDATE event SET id = ? || substr(id, ?) WHERE id >= ? AND id < ?",
        "UPDATE event SET subject = ? || substr(subject, ?) WHERE subject >= ? AND subject < ?",
        "UPDATE delivery SET thread = ? || substr(thread, ?) WHERE thread >= ? AND thread < ?",
        "UPDATE receipt SET subject = ? || substr(subject, ?) WHERE subject >= ? AND subject < ?",
    ]
    static let names = ["event", "approval", "answer", "vote", "audit", "feed", "run_watch", "finished"].map {
        "UPDATE \($0) SET account = ? WHERE account = ?"
    }

    static func rename(_ old: String, to new: String, _ db: Database) throws -> Int {
        // An account that was read under its new name keeps its own history: neither takes the other's over.
        guard old != new, try db.first(known, new, make: { $0[0] as Int }) == nil else { return 0 }
        let start = old.count + 1
        var renamed = 0
        for statement in paths { renamed = max(renamed, try db.run(statement, new, start, old + "/", old + "0")) }
        for statement in names { try db.run(statement, new, old) }
        return renamed
    }
}
