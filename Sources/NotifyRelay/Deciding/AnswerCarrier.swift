import Dedup
import Logging
import RelayCore
import RevKeen

/// Carries on the answers that stayed `asked`: RevKeen was not reached, or whoever asked was ended before it answered.
struct AnswerCarrier: Sendable {
    /// RevKeen forgets an idempotency key after 24 h: near that, look before asking again.
    static let keyHolds = Duration.seconds(23 * 3_600)

    let ledger: Ledger
    let clients: [String: RevKeenClient]
    let clock: any WallClock
    let logger: Logger
    let words: StatusVocabulary

    /// Each account for itself: none waits for another's RevKeen.
    func carry() async throws {
        let byAccount = Dictionary(grouping: try await ledger.dueAnswers(at: clock.now), by: \.account)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (account, answers) in byAccount {
                guard let client = clients[account] else { continue }
                let decision = Decision(ledger: ledger, client: client, clock: clock, words: words)
                group.addTask { for answer in answers { try await carry(answer, decision) } }
            }
            try await group.waitForAll()
        }
    }

    private func carry(_ answer: Answer, _ decision: Decision) async throws {
        guard let row = try await ledger.approval(account: answer.account, id: answer.approval),
            try await isWorthAsking(answer, row, decision)
        else { return }
        let outcome = try await decision.carryOn(answer, row, wanted: answer.verdict)
        logger.notice("an answer was carried on: \(outcome.text)", metadata: ["approval": "\(answer.approval)"])
    }

    /// While the key holds, RevKeen knows best: under it a decision that was ours and whose answer got lost is said again, and one
    /// that was another's is a conflict. Near the time when it forgets the key it is looked at first: another call would count as
    /// another answer.
    private func isWorthAsking(_ answer: Answer, _ row: ApprovalRow, _ decision: Decision) async throws -> Bool {
        if answer.askedAt.duration(to: clock.now) <= Self.keyHolds { return true }
        let state = row.isOpen ? await decision.stateNow(of: row) : row.detail?.state
        if state == .open { return true }
        guard
            let claimed = try await ledger.claimAnswer(
                account: answer.account, approval: answer.approval, round: answer.round, lease: Decision.lease)
        else { return false }
        // Not seen is not decided: it is looked at again.
        _ = try await ledger.settleAnswer(
            claimed, as: state == nil ? .asked : .lost, status: answer.status,
            dueAt: clock.now + Decision.wait(after: answer, at: clock.now))
        return false
    }
}
