import RelayCore

@testable import Dedup

/// Reads that only tests need.
extension Ledger {
    /// The last answers, the newest last. A nil account asks for every account.
    func answers(account: String?, limit: Int) async throws(LedgerError) -> [Answer] {
        try await read { db in
            try db.all(
                """
                SELECT account, approval, round, verdict, actor, via, reason, asked_at, due_at, fence, status, state
                FROM answer WHERE account = coalesce(?, account) ORDER BY n DESC LIMIT ?
                """, account, limit, make: AnswerRow.make
            ).reversed()
        }
    }

    /// The stored receipt of the message about a subject at one destination; nil if none was sent.
    func receipt(subject: String, destination: String, recipient: String) async throws(LedgerError) -> StoredReceipt? {
        try await read { try MessageThread.receipt(subject: subject, destination: destination, recipient: recipient, $0) }
    }

    /// The given ids that were admitted before.
    func known(_ ids: [String]) async throws(LedgerError) -> Set<String> {
        try await read { db in Set(try ids.filter { try EventRow.number(of: $0, db) != nil }) }
    }
}
