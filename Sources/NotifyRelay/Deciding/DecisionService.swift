import Dedup
import Policy
import RelayCore

/// Decides for the running relay, also while it stands by: then the relay that leads calls RevKeen. Each step uses the configuration in force, and wakes the lanes whose messages must change.
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
        guard case .recorded(let answer, let wanted) = outcome.kind else { return outcome }
        guard ledger.leadership.mayAct else {
            return await CarriedAnswer(ledger: ledger, clock: clock).outcome(of: answer, wanted: wanted)
        }
        let running = await current()
        let finished = await desk(running).finish(outcome)
        lookSoon(at: answer.account, running)
        return finished
    }

    func withdraw(_ approval: String, of account: String, by speaker: Speaker) async throws(LedgerError) -> DecisionOutcome {
        let running = await current()
        let outcome = try await desk(running).withdraw(approval, of: account, by: speaker)
        lookSoon(at: account, running)
        return outcome
    }

    private func desk(_ running: RunningGeneration) -> DecisionDesk {
        let generation = running.generation
        return DecisionDesk(
            ledger: ledger, clients: running.clients, clock: clock, words: generation.configuration.statusVocabulary,
            router: generation.router, refreshing: generation.refreshing)
    }

    /// Looks at the account soon, so that the messages show the result of a request.
    private func lookSoon(at account: String, _ running: RunningGeneration) {
        // This is no child task: the person has their response, and nothing waits for the look.
        Task { await running.lookAtApprovals(of: account, ifOlderThan: .zero) }
    }
}
