import Dedup
import RelayCore
import RevKeen

/// Sends one recorded answer to RevKeen: claims it, calls RevKeen, and settles it by RevKeen's response.
struct AnswerCall: Sendable {
    /// How long a claim lasts. It is longer than the call can take. After it, another task or process may claim the answer.
    static let lease = Duration.seconds(60)

    let ledger: Ledger
    let client: RevKeenClient
    let clock: any WallClock
    let words: StatusVocabulary

    /// Claims the answer and calls RevKeen, unless another task or process has claimed it. The answer survives every failure here: it stays
    /// `asked`, and the carrier calls again under the same idempotency key.
    ///
    /// - Parameter wanted: the person's own choice. The answer may be an earlier one with the other choice.
    func carryOn(_ answer: Answer, wanted: Choice) async -> DecisionOutcome {
        if answer.state == .taken { return .taken(answer, wanted: wanted) }
        let claimed: Answer?
        do {
            claimed = try await ledger.claimAnswer(
                account: answer.account, approval: answer.approval, round: answer.round, lease: Self.lease)
        } catch {
            return DecisionOutcome(
                kind: .kept, text: "the answer is written down; RevKeen is told when the store can be written again", storeFault: error)
        }
        guard let claimed else {
            return DecisionOutcome(
                kind: .kept, text: "'\(answer.choice.rawValue)' was already said by \(answer.actor); it is on its way")
        }
        return await call(claimed, wanted: wanted)
    }

    private func call(_ answer: Answer, wanted: Choice) async -> DecisionOutcome {
        let key = decisionKey(
            account: answer.account, approval: answer.approval, choice: answer.choice.rawValue, round: answer.round)
        do {
            switch answer.choice {
            case .approve: try await client.approve(answer.approval, idempotencyKey: key)
            case .reject: try await client.reject(answer.approval, reason: answer.reason, idempotencyKey: key)
            }
        } catch {
            return await failed(answer, error, wanted: wanted)
        }
        StopPoint.pass(.decided)
        return .taken(answer, wanted: wanted, fault: await settle(answer, as: .taken, status: 200, dueAt: clock.now))
    }

    private func failed(_ answer: Answer, _ error: RevKeenError, wanted: Choice) async -> DecisionOutcome {
        switch error.reason {
        case .notFound, .conflict, .unprocessable:
            let fault = await settle(answer, as: .lost, status: error.status, dueAt: clock.now)
            return await presentState(of: answer, wanted: wanted).unrecorded(fault)
        case .unauthorized, .forbidden, .badRequest:
            let fault = await settle(answer, as: .refused, status: error.status, dueAt: clock.now)
            let isBad = error.reason == .badRequest
            let scope = isBad ? "" : "; the API key probably lacks the scope automations:write"
            return DecisionOutcome(kind: isBad ? .refused : .forbidden, text: "RevKeen refuses: \(error.detail)\(scope)").unrecorded(fault)
        default:
            let wait: Duration =
                error.reason == .inProgress ? .seconds(2) : max(error.retryAfter ?? .zero, Self.wait(after: answer, at: clock.now))
            // If this write fails, the answer is due when its lease ends. The text for the person is true in both cases.
            let fault = await settle(answer, as: .asked, status: error.status, dueAt: clock.now + wait)
            return DecisionOutcome(
                kind: .kept, text: "RevKeen was not reached (\(error.detail)); the answer is kept and the daemon carries it on",
                storeFault: fault)
        }
    }

    /// - Returns: why the settlement could not be written; nil if it was, or if another task or process has claimed the answer since.
    private func settle(_ answer: Answer, as state: Answer.State, status: Int?, dueAt: Timestamp) async -> LedgerError? {
        do {
            _ = try await ledger.settleAnswer(answer, as: state, status: status, dueAt: dueAt)
            return nil
        } catch {
            return error
        }
    }

    /// RevKeen refused because somebody else decided first. The run's detail shows the present state.
    private func presentState(of answer: Answer, wanted: Choice) async -> DecisionOutcome {
        let cannot = DecisionOutcome(kind: .otherwise, text: "RevKeen says that it cannot be decided any more")
        do {
            guard let row = try await ledger.approval(account: answer.account, id: answer.approval), let shown = await look(at: row),
                case let state = words.state(of: shown).state, state != .open
            else { return cannot }
            return .found(state, by: shown.approvedByUserID, wanted: wanted)
        } catch {
            return DecisionOutcome(kind: .otherwise, text: cannot.text, storeFault: error)
        }
    }

    /// An approval's state as its run shows it now; nil if RevKeen does not show it.
    func stateNow(of row: ApprovalRow) async -> ApprovalDetail.State? { await look(at: row).map { words.state(of: $0).state } }

    private func look(at row: ApprovalRow) async -> Approval? {
        guard let run = row.payload.origin.runID, let automation = row.payload.origin.automationID else { return nil }
        return try? await client.run(run, of: automation, urgency: .decision).approvals.first { $0.id == row.id }
    }

    /// The backoff before the next call: 5 s at first, a quarter of the answer's age later, 5 min at most.
    static func wait(after answer: Answer, at now: Timestamp) -> Duration {
        min(max(answer.askedAt.duration(to: now) * 0.25, .seconds(5)), .seconds(300))
    }
}
