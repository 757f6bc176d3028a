import Dedup
import Logging
import RelayCore
import RevKeen

/// Calls RevKeen again for the answers that are still `asked`: RevKeen was not reached, its response could not be recorded, or the process
/// ended before the response came.
struct AnswerCarrier: Sendable {
    let ledger: Ledger
    let clients: [String: RevKeenClient]
    let clock: any WallClock
    let logger: Logger
    let words: StatusVocabulary
    let reports: SelfReport

    /// Calls RevKeen for each answer that is due. Accounts do not wait for one another.
    ///
    /// - Throws: the first fault of the store. The answers that it concerns stay owed.
    func carry() async throws(LedgerError) {
        // A relay that slept must not call RevKeen beside the one that leads now.
        guard ledger.leadership.mayAct else { return }
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
        let outcome = await call.carryOn(answer, wanted: answer.choice)
        if let fault = outcome.storeFault { throw fault }
        if outcome.kind == .kept { return }
        logger.notice("an answer that waited is settled: \(outcome.text)", metadata: ["approval": "\(answer.approval)"])
        // A loss is told by a report, because the person does not wait at a page or in a chat any more.
        if let lost = outcome.lost { await reports.tellOfLoss(lost) }
    }
}

extension SelfReport {
    /// Tells that an answer was not sent to RevKeen because the request has changed since it was shown.
    func tellOfLoss(_ answer: Answer) async {
        await once(
            Topic(name: "answer_lost", about: answer.approval, account: answer.account, mark: String(answer.round)),
            "'\(answer.choice.rawValue)' by \(answer.actor) was not sent to RevKeen: the request has changed since. It can be decided again"
        )
    }
}
