import Dedup
import Policy
import RelayCore

/// Decides approvals for all ways in. A request becomes a ballot, a ballot becomes an answer, and an answer becomes an outcome.
protocol Deciding: Sendable {
    /// Puts a request into the ledger. If the outcome is `.recorded`, the caller must then call `finish`, which calls RevKeen.
    ///
    /// - Parameter cursor: is stored in the same transaction, whatever the outcome is.
    /// - Throws: if the ledger could not be read or written. Then nothing happened, and the person can try again.
    func write(_ request: DecisionRequest, cursor: PollCursor?) async throws(LedgerError) -> DecisionOutcome

    /// Calls RevKeen for an outcome that is `.recorded`, and returns any other as it is. It does not throw: the answer is in the ledger,
    /// and if the call fails the carrier calls again later.
    func finish(_ outcome: DecisionOutcome) async -> DecisionOutcome

    /// Takes back the answer to an approval, if RevKeen was not called for it yet. Who may decide may withdraw.
    ///
    /// - Throws: if the ledger could not be read or written. Then the answer stays.
    func withdraw(_ approval: String, of account: String, by speaker: Speaker) async throws(LedgerError) -> DecisionOutcome
}

extension Deciding {
    /// Does both steps, for callers that can wait for RevKeen.
    func decide(_ request: DecisionRequest) async throws(LedgerError) -> DecisionOutcome {
        await finish(try await write(request, cursor: nil))
    }
}
