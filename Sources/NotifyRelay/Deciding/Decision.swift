import ArgumentParser
import Dedup
import RelayCore
import RevKeen

/// One answer on its way to RevKeen (design §11): a row first, then the call, then what RevKeen made of it.
struct Decision: Sendable {
    struct Outcome: Sendable {
        var text: String
        var exit: ExitCode
    }

    /// Longer than the call can take; then another may claim the answer.
    static let lease = Duration.seconds(60)

    let ledger: Ledger
    let client: RevKeenClient
    let clock: any WallClock
    let words: Words

    func decide(
        _ row: ApprovalRow, _ verdict: Answer.Verdict, actor: String, via: String, reason: String?
    ) async throws -> Outcome {
        guard row.isOpen else { return outcome(of: row, wanted: verdict) }
        let asked = try await ledger.ask(
            account: row.account, approval: row.id, verdict: verdict, actor: actor, via: via, reason: reason)
        StopPoint.pass(.deciding)
        switch asked {
        case .earlier(let first): return try await carryOn(first, row, wanted: verdict)
        case .asked(let answer): return try await carryOn(answer, row, wanted: verdict)
        }
    }

    /// Claims the answer and calls RevKeen; somebody else's claim is left to them.
    func carryOn(_ answer: Answer, _ row: ApprovalRow, wanted: Answer.Verdict) async throws -> Outcome {
        if answer.state == .taken { return taken(answer, wanted: wanted) }
        guard
            let claimed = try await ledger.claimAnswer(
                account: answer.account, approval: answer.approval, round: answer.round, lease: Self.lease)
        else {
            return Outcome(text: "\(answer.actor) has already answered '\(answer.verdict.rawValue)'; it is on its way", exit: .unavailable)
        }
        return try await call(claimed, row, wanted: wanted)
    }

    private func call(_ answer: Answer, _ row: ApprovalRow, wanted: Answer.Verdict) async throws -> Outcome {
        let key = decisionKey(
            account: answer.account, approval: answer.approval, verdict: answer.verdict.rawValue, round: answer.round)
        do {
            switch answer.verdict {
            case .approve: _ = try await client.approve(answer.approval, idempotencyKey: key)
            case .reject: _ = try await client.reject(answer.approval, reason: answer.reason, idempotencyKey: key)
            }
            StopPoint.pass(.decided)
            _ = try await ledger.settleAnswer(answer, as: .taken, status: 200, dueAt: clock.now)
            return taken(answer, wanted: wanted)
        } catch let error as RevKeenError {
            return try await failed(answer, error, row, wanted: wanted)
        }
    }

    private func failed(_ answer: Answer, _ error: RevKeenError, _ row: ApprovalRow, wanted: Answer.Verdict) async throws -> Outcome {
        switch error.reason {
        case .notFound, .conflict, .unprocessable:
            _ = try await ledger.settleAnswer(answer, as: .lost, status: error.status, dueAt: clock.now)
            return try await lookAgain(row, wanted: wanted)
        case .unauthorized, .forbidden, .badRequest:
            _ = try await ledger.settleAnswer(answer, as: .refused, status: error.status, dueAt: clock.now)
            let scope = error.reason == .badRequest ? "" : "; the API key probably lacks the scope automations:write"
            return Outcome(text: "RevKeen refuses: \(error.detail)\(scope)", exit: error.reason == .badRequest ? .failure : .noPermission)
        default:
            // Owed again under the same key: the daemon carries it on while the approval is open.
            let wait: Duration =
                error.reason == .inProgress ? .seconds(2) : max(error.retryAfter ?? .zero, Self.wait(after: answer, at: clock.now))
            _ = try await ledger.settleAnswer(answer, as: .asked, status: error.status, dueAt: clock.now + wait)
            return Outcome(
                text: "RevKeen was not reached (\(error.detail)); the answer is kept and the daemon carries it on", exit: .unavailable)
        }
    }

    /// Somebody was faster, somewhere: what is true now is in the run's detail.
    private func lookAgain(_ row: ApprovalRow, wanted: Answer.Verdict) async throws -> Outcome {
        if let shown = await look(at: row), case let state = words.state(of: shown).state, state != .open {
            return outcome(state, by: shown.approvedByUserID, wanted: wanted)
        }
        return Outcome(text: "RevKeen says that it cannot be decided any more", exit: .failure)
    }

    /// As its run shows it; nil if that was not to be had.
    func stateNow(of row: ApprovalRow) async -> ApprovalDetail.State? { await look(at: row).map { words.state(of: $0).state } }

    private func look(at row: ApprovalRow) async -> Approval? {
        guard let run = row.payload.origin.runID, let automation = row.payload.origin.automationID else { return nil }
        return try? await client.run(run, of: automation, urgency: .approvals).approvals.first { $0.id == row.id }
    }

    /// The longer it was tried, the later again: 5 s at first, 5 min at most.
    static func wait(after answer: Answer, at now: Timestamp) -> Duration {
        min(max(answer.askedAt.duration(to: now) * 0.25, .seconds(5)), .seconds(300))
    }

    private func outcome(of row: ApprovalRow, wanted: Answer.Verdict) -> Outcome {
        outcome(row.detail?.state ?? .closed, by: row.detail?.actor, wanted: wanted)
    }

    private func outcome(_ state: ApprovalDetail.State, by actor: String?, wanted: Answer.Verdict) -> Outcome {
        let isSo = (state == .approved && wanted == .approve) || (state == .rejected && wanted == .reject)
        return Outcome(text: "it is \(state.rawValue)" + (actor.map { " by \($0)" } ?? ""), exit: isSo ? .success : .failure)
    }

    private func taken(_ answer: Answer, wanted: Answer.Verdict) -> Outcome {
        let word = answer.verdict == .approve ? "approved" : "rejected"
        return Outcome(text: "\(word) by \(answer.actor)", exit: answer.verdict == wanted ? .success : .failure)
    }
}
