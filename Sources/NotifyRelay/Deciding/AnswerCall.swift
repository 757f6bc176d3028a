import Dedup
import RelayCore
import RevKeen

/// Sends one recorded answer to RevKeen: claims it, reads the approval, calls RevKeen if it still shows what the person saw, and settles the
/// answer by RevKeen's response.
struct AnswerCall: Sendable {
    /// How long a claim lasts. It is longer than the call can take. After it, another task or process may claim the answer.
    static let lease = Duration.seconds(60)

    /// RevKeen forgets an idempotency key after 24 h.
    static let keyHolds = Duration.seconds(23 * 3_600)

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
            return Self.unstored(error)
        }
        guard let claimed else {
            return DecisionOutcome(
                kind: .kept, text: "'\(answer.choice.rawValue)' was already said by \(answer.actor); it is on its way")
        }
        return await call(claimed, wanted: wanted)
    }

    /// Calls RevKeen if the approval still shows what the person saw. Nothing else stands between the two requests: RevKeen's API has no
    /// condition for a decision.
    private func call(_ answer: Answer, wanted: Choice) async -> DecisionOutcome {
        switch await present(of: answer) {
        case .same: return await post(answer, wanted: wanted)
        case .over(let state, _) where mayRepeat(answer, state): return await post(answer, wanted: wanted)
        case .over(let state, let actor):
            // RevKeen does not know the key any more, so only the result tells that the earlier call took effect.
            let tookEffect = answer.calledAt != nil && state.rawValue == answer.choice.pastTense
            let fault = await settle(answer, as: tookEffect ? .taken : .lost, status: nil, dueAt: clock.now)
            return DecisionOutcome.found(state, by: actor, wanted: wanted).unrecorded(fault)
        case .changed:
            var outcome = DecisionOutcome.changed.unrecorded(await settle(answer, as: .lost, status: nil, dueAt: clock.now))
            outcome.lost = answer
            return outcome
        case .gone:
            let text = "RevKeen does not show it any more; nothing was sent"
            let fault = await settle(answer, as: .lost, status: nil, dueAt: clock.now)
            return DecisionOutcome(kind: .otherwise, text: text).unrecorded(fault)
        case .unreadable(let error): return await unread(answer, error)
        }
    }

    /// An earlier call may have taken effect. While RevKeen knows the idempotency key, the same call tells: RevKeen repeats its response to
    /// our own decision, and responds with a conflict if somebody else decided.
    private func mayRepeat(_ answer: Answer, _ state: ApprovalDetail.State) -> Bool {
        guard let called = answer.calledAt else { return false }
        return called.duration(to: clock.now) <= Self.keyHolds
    }

    private func post(_ answer: Answer, wanted: Choice) async -> DecisionOutcome {
        do {
            // If the answer was withdrawn or claimed again meanwhile, RevKeen is not called.
            guard try await ledger.markCalled(answer) else {
                return DecisionOutcome(kind: .kept, text: "the answer was withdrawn or is on its way already")
            }
        } catch {
            return Self.unstored(error)
        }
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

    /// The approval could not be read, so RevKeen is not called. The answer stays owed.
    private func unread(_ answer: Answer, _ error: RevKeenError) async -> DecisionOutcome {
        switch error.reason {
        case .unauthorized, .forbidden: return await failed(answer, error, wanted: answer.choice)
        default:
            let wait = max(error.retryAfter ?? .zero, Self.wait(after: answer, at: clock.now))
            let fault = await settle(answer, as: .asked, status: error.status, dueAt: clock.now + wait)
            return DecisionOutcome(kind: .kept, text: Self.unreachable, storeFault: fault)
        }
    }

    static let unreachable = "RevKeen is not answering; kept, and will be checked again"

    private static func unstored(_ fault: LedgerError) -> DecisionOutcome {
        DecisionOutcome(
            kind: .kept, text: "the answer is written down; RevKeen is told when the store can be written again", storeFault: fault)
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
        case .badAnswer:
            // What answered may not be RevKeen. What RevKeen shows now tells whether the call took effect.
            if case .over(let state, let actor) = await present(of: answer) {
                let tookEffect = state.rawValue == answer.choice.pastTense
                let fault = await settle(answer, as: tookEffect ? .taken : .lost, status: error.status, dueAt: clock.now)
                return DecisionOutcome.found(state, by: actor ?? (tookEffect ? answer.actor : nil), wanted: wanted).unrecorded(fault)
            }
            let fault = await settle(answer, as: .asked, status: error.status, dueAt: clock.now + Self.wait(after: answer, at: clock.now))
            return DecisionOutcome(
                kind: .kept, text: "RevKeen's response cannot be read (\(error.detail)); the answer is kept and checked again",
                storeFault: fault)
        default:
            let wait: Duration =
                error.reason == .inProgress ? .seconds(2) : max(error.retryAfter ?? .zero, Self.wait(after: answer, at: clock.now))
            // If this write fails, the answer is due when its lease ends. The text for the person is true in both cases.
            let fault = await settle(answer, as: .asked, status: error.status, dueAt: clock.now + wait)
            return DecisionOutcome(
                kind: .kept, text: "RevKeen was not reached (\(error.detail)); the answer is kept and sent again",
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
        if case .over(let state, let actor) = await present(of: answer) { return .found(state, by: actor, wanted: wanted) }
        return DecisionOutcome(kind: .otherwise, text: "RevKeen says that it cannot be decided any more")
    }

    /// The backoff before the next call: 5 s at first, a quarter of the answer's age later, 5 min at most.
    static func wait(after answer: Answer, at now: Timestamp) -> Duration {
        min(max(answer.askedAt.duration(to: now) * 0.25, .seconds(5)), .seconds(300))
    }
}
