import Dedup
import Logging
import RelayCore
import RevKeen

/// Calls RevKeen again for the answers that are still `asked`: RevKeen was not reached, its response could not be recorded, or the process
/// ended before the response came.
struct AnswerCarrier: Sendable {
    /// RevKeen forgets an idempotency key after 24 h. An older answer is sent again only after the approval was read and is still open.
    static let keyHolds = Duration.seconds(23 * 3_600)

    let ledger: Ledger
    let clients: [String: RevKeenClient]
    let clock: any WallClock
    let logger: Logger
    let words: StatusVocabulary

    /// Calls RevKeen for each answer that is due. Accounts do not wait for one another.
    ///
    /// - Throws: the first fault of the store. The answers that it concerns stay owed.
    func carry() async throws(LedgerError) {
        let byAccount = Dictionary(grouping: try await ledger.dueAnswers(at: clock.now), by: \.account)
        let fault = await withTaskGroup(of: LedgerError?.self) { group in
            for (account, answers) in byAccount {
                guard let client = clients[account] else { continue }
                let call = AnswerCall(ledger: ledger, client: client, clock: clock, words: words)
                group.addTask { await carry(answers, call) }
            }
            var first: LedgerError?
            for await fault in group { first = first ?? fault }
            return first
        }
        if let fault { throw fault }
    }

    /// - Returns: the fault of the store that ended this account's turn; nil if there was none.
    private func carry(_ answers: [Answer], _ call: AnswerCall) async -> LedgerError? {
        do throws(LedgerError) {
            for answer in answers { try await carry(answer, call) }
            return nil
        } catch {
            return error
        }
    }

    private func carry(_ answer: Answer, _ call: AnswerCall) async throws(LedgerError) {
        guard let row = try await ledger.approval(account: answer.account, id: answer.approval),
            try await isWorthAsking(answer, row, call)
        else { return }
        let outcome = await call.carryOn(answer, wanted: answer.choice)
        if let fault = outcome.storeFault { throw fault }
        logger.notice("an answer was sent to RevKeen again: \(outcome.text)", metadata: ["approval": "\(answer.approval)"])
    }

    /// Whether to call RevKeen again. While RevKeen knows the idempotency key, a repeated call is safe: RevKeen repeats its response to our
    /// own decision, and reports a conflict if somebody else decided. After that a second call would count as another answer, so the
    /// approval is read first.
    private func isWorthAsking(_ answer: Answer, _ row: ApprovalRow, _ call: AnswerCall) async throws(LedgerError) -> Bool {
        if answer.askedAt.duration(to: clock.now) <= Self.keyHolds { return true }
        let state = row.isOpen ? await call.stateNow(of: row) : row.detail?.state
        if state == .open { return true }
        guard
            let claimed = try await ledger.claimAnswer(
                account: answer.account, approval: answer.approval, round: answer.round, lease: AnswerCall.lease)
        else { return false }
        // An approval that RevKeen does not show now may still be open: the answer stays owed.
        _ = try await ledger.settleAnswer(
            claimed, as: state == nil ? .asked : .lost, status: answer.status,
            dueAt: clock.now + AnswerCall.wait(after: answer, at: clock.now))
        return false
    }
}
