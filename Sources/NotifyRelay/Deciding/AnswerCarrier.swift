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

    func carry() async throws {
        for answer in try await ledger.dueAnswers(at: clock.now) {
            guard let client = clients[answer.account],
                let row = try await ledger.approval(account: answer.account, id: answer.approval)
            else { continue }
            if !row.isOpen || answer.askedAt.duration(to: clock.now) > Self.keyHolds {
                guard
                    let claimed = try await ledger.claimAnswer(
                        account: answer.account, approval: answer.approval, round: answer.round, lease: Decision.lease)
                else { continue }
                _ = try await ledger.settleAnswer(claimed, as: .lost, status: answer.status, dueAt: clock.now)
                continue
            }
            let outcome = try await Decision(ledger: ledger, client: client, clock: clock).carryOn(answer, row, wanted: answer.verdict)
            logger.notice("an answer was carried on: \(outcome.text)", metadata: ["approval": "\(answer.approval)"])
        }
    }
}
