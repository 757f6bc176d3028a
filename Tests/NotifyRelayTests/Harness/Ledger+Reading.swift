import RelayCore

@testable import Dedup

/// Reads of the store that only tests need.
extension Ledger {
    /// The last events that were admitted, the newest last.
    func recentEvents(limit: Int) async throws(LedgerError) -> [Event] {
        try await read { db in
            try db.all("SELECT \(EventRow.columns) FROM event e ORDER BY e.n DESC LIMIT ?", limit) { EventRow.make($0) }.reversed()
        }
    }

    /// The states of all answers, oldest first.
    func answerStates() async throws(LedgerError) -> [Answer.State?] {
        try await read { try $0.all("SELECT state FROM answer ORDER BY n") { Answer.State(rawValue: $0[0]) } }
    }
}
