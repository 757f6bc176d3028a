import Dedup
import RelayCore

/// An answer that this relay has written down and that the relay that leads sends to RevKeen. It is waited for, so that the person sees what
/// came of it.
struct CarriedAnswer: Sendable {
    let ledger: Ledger
    let clock: any WallClock

    /// How long a person waits for it. The leader notices an answer within a second.
    private static let patience = Duration.seconds(6)
    private static let lookEvery = Duration.milliseconds(100)

    /// - Parameter wanted: the person's own choice. The answer may be an earlier one with the other choice.
    func outcome(of answer: Answer, wanted: Choice) async -> DecisionOutcome {
        let end = clock.uptime + Self.patience
        var fault: LedgerError?
        while clock.uptime < end, !Task.isCancelled {
            do {
                let last = try await ledger.lastAnswer(account: answer.account, approval: answer.approval)
                fault = nil
                if let last, let outcome = try await settled(last, answer, wanted: wanted) { return outcome }
            } catch {
                fault = error
            }
            try? await clock.sleep(for: Self.lookEvery)
        }
        return DecisionOutcome(
            kind: .kept, text: "it is written down, and the relay that leads tells RevKeen; the message will show its result",
            storeFault: fault)
    }

    /// Nil while it is not settled.
    private func settled(_ last: Answer, _ answer: Answer, wanted: Choice) async throws(LedgerError) -> DecisionOutcome? {
        // A later round means that this answer came to nothing.
        guard last.round == answer.round else { return .changed }
        switch last.state {
        case .asked: return nil
        case .taken: return .taken(last, wanted: wanted)
        case .refused:
            return DecisionOutcome(kind: .refused, text: "RevKeen refuses it (status \(last.status.map(String.init) ?? "unknown"))")
        case .withdrawn: return DecisionOutcome(kind: .withdrawn, text: "it was withdrawn before RevKeen was told")
        case .lost:
            guard let row = try await ledger.approval(account: answer.account, id: answer.approval), !row.isOpen else { return .changed }
            return .found(row.detail?.state ?? .closed, by: row.detail?.actor, wanted: wanted)
        }
    }
}
