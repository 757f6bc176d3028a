import Dedup
import RelayCore

/// The desk of the relay that runs: each step is taken under the configuration in force, and the messages follow what came of it.
struct DecisionService: Deciding {
    let ledger: Ledger
    let clock: any WallClock
    let current: @Sendable () async -> RunningGeneration
    /// Wakes the lanes of these destinations.
    let wake: @Sendable (Set<String>) -> Void

    func write(_ request: DecisionRequest, cursor: PollCursor?) async throws(LedgerError) -> DecisionOutcome {
        let running = await current()
        let outcome = try await desk(running).write(request, cursor: cursor)
        switch outcome.kind {
        case .waiting: wake(running.generation.refreshing)
        case .recorded, .unknown, .denied: break
        default: lookSoon(at: request.account, running)
        }
        return outcome
    }

    func finish(_ outcome: DecisionOutcome) async -> DecisionOutcome {
        guard case .recorded(let answer, _) = outcome.kind else { return outcome }
        let running = await current()
        let finished = await desk(running).finish(outcome)
        lookSoon(at: answer.account, running)
        return finished
    }

    private func desk(_ running: RunningGeneration) -> DecisionDesk {
        let generation = running.generation
        return DecisionDesk(
            ledger: ledger, clients: running.clients, clock: clock, words: generation.configuration.statusVocabulary,
            router: generation.router, refreshing: generation.refreshing)
    }

    /// Looks at the account, so that the messages soon show what came of a request.
    private func lookSoon(at account: String, _ running: RunningGeneration) {
        // Not a child of this task: the person has their response, and nothing waits for the look.
        Task { await running.lookAtApprovals(of: account, ifOlderThan: .zero) }
    }
}
