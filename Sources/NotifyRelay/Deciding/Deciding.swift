import Dedup
import RelayCore

/// What the ways in need in order to decide an approval. A request becomes a ballot, a ballot an answer, an answer an outcome.
protocol Deciding: Sendable {
    /// Puts a request into the ledger. If the outcome is `.recorded`, RevKeen is to be told next, by `finish`.
    ///
    /// - Parameter cursor: stored in the same transaction, whatever comes of the request.
    /// - Throws: if the ledger could not be read or written. Then nothing happened, and the person can try again.
    func write(_ request: DecisionRequest, cursor: PollCursor?) async throws(LedgerError) -> DecisionOutcome

    /// Calls RevKeen for an outcome that is `.recorded`, and returns any other as it is. It throws nothing: the answer is in the ledger,
    /// and what cannot be done now is carried on later.
    func finish(_ outcome: DecisionOutcome) async -> DecisionOutcome
}

extension Deciding {
    /// Both steps, for whoever can wait for RevKeen.
    func decide(_ request: DecisionRequest) async throws(LedgerError) -> DecisionOutcome {
        await finish(try await write(request, cursor: nil))
    }
}
