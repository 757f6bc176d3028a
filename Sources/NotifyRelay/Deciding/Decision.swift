import Dedup
import RelayCore
import RevKeen

/// One answer on its way to RevKeen (design §11): a row first, then the call, then what RevKeen made of it.
struct Decision: Sendable {
    /// What came of it, for whoever asked.
    struct Outcome: Sendable, Equatable {
        enum Kind: Sendable, Equatable {
            /// It is now as was wanted.
            case done
            /// It was decided otherwise, or cannot be decided any more.
            case otherwise
            /// RevKeen was not reached; the answer is kept and carried on.
            case kept
            /// RevKeen refuses our key.
            case forbidden
            /// RevKeen refuses the request itself.
            case refused
            /// It is counted, and more people must approve.
            case waiting
            /// Something else is to be decided by now.
            case changed
        }

        var kind: Kind
        var text: String

        static let changed = Outcome(kind: .changed, text: "it has changed since; look at what is asked now")
    }

    /// Longer than the call can take; then another may claim the answer.
    static let lease = Duration.seconds(60)

    let ledger: Ledger
    let client: RevKeenClient
    let clock: any WallClock
    let words: StatusVocabulary

    /// What was said, once it is written down.
    enum Written: Sendable {
        case known(Outcome)
        /// RevKeen is to be told, or told again.
        case owed(Answer, ApprovalRow, wanted: Choice)
    }

    /// - Parameters: see `Ledger.ask`.
    func write(
        _ row: ApprovalRow, _ ballot: Ballot, cursor: PollCursor? = nil, refreshing: Set<String> = []
    ) async throws(LedgerError) -> Written {
        guard row.isOpen else { return .known(outcome(of: row, wanted: ballot.verdict)) }
        let asked = try await ledger.ask(ballot, cursor: cursor, refreshing: refreshing)
        StopPoint.pass(.deciding)
        switch asked {
        case .earlier(let answer), .asked(let answer): return .owed(answer, row, wanted: ballot.verdict)
        case .voted(let votes):
            let names = votes.map(\.person).joined(separator: ", ")
            let text = "\(votes.count) of \(ballot.peopleNeeded) have approved: \(names); it waits for another"
            return .known(Outcome(kind: .waiting, text: text))
        case .changed: return .known(.changed)
        }
    }

    /// Claims the answer and calls RevKeen; somebody else's claim is left to them.
    func carryOn(_ answer: Answer, _ row: ApprovalRow, wanted: Choice) async throws -> Outcome {
        if answer.state == .taken { return taken(answer, wanted: wanted) }
        guard
            let claimed = try await ledger.claimAnswer(
                account: answer.account, approval: answer.approval, round: answer.round, lease: Self.lease)
        else {
            return Outcome(kind: .kept, text: "'\(answer.verdict.rawValue)' was already said by \(answer.actor); it is on its way")
        }
        return try await call(claimed, row, wanted: wanted)
    }

    private func call(_ answer: Answer, _ row: ApprovalRow, wanted: Choice) async throws -> Outcome {
        let key = decisionKey(
            account: answer.account, approval: answer.approval, verdict: answer.verdict.rawValue, round: answer.round)
        do {
            switch answer.verdict {
            case .approve: try await client.approve(answer.approval, idempotencyKey: key)
            case .reject: try await client.reject(answer.approval, reason: answer.reason, idempotencyKey: key)
            }
            StopPoint.pass(.decided)
            _ = try await ledger.settleAnswer(answer, as: .taken, status: 200, dueAt: clock.now)
            return taken(answer, wanted: wanted)
        } catch let error as RevKeenError {
            return try await failed(answer, error, row, wanted: wanted)
        }
    }

    private func failed(_ answer: Answer, _ error: RevKeenError, _ row: ApprovalRow, wanted: Choice) async throws -> Outcome {
        switch error.reason {
        case .notFound, .conflict, .unprocessable:
            _ = try await ledger.settleAnswer(answer, as: .lost, status: error.status, dueAt: clock.now)
            return try await lookAgain(row, wanted: wanted)
        case .unauthorized, .forbidden, .badRequest:
            _ = try await ledger.settleAnswer(answer, as: .refused, status: error.status, dueAt: clock.now)
            let isBad = error.reason == .badRequest
            let scope = isBad ? "" : "; the API key probably lacks the scope automations:write"
            return Outcome(kind: isBad ? .refused : .forbidden, text: "RevKeen refuses: \(error.detail)\(scope)")
        default:
            // Owed again under the same key: the daemon carries it on while the approval is open.
            let wait: Duration =
                error.reason == .inProgress ? .seconds(2) : max(error.retryAfter ?? .zero, Self.wait(after: answer, at: clock.now))
            _ = try await ledger.settleAnswer(answer, as: .asked, status: error.status, dueAt: clock.now + wait)
            return Outcome(
                kind: .kept, text: "RevKeen was not reached (\(error.detail)); the answer is kept and the daemon carries it on")
        }
    }

    /// Somebody was faster, somewhere: what is true now is in the run's detail.
    private func lookAgain(_ row: ApprovalRow, wanted: Choice) async throws -> Outcome {
        if let shown = await look(at: row), case let state = words.state(of: shown).state, state != .open {
            return outcome(state, by: shown.approvedByUserID, wanted: wanted)
        }
        return Outcome(kind: .otherwise, text: "RevKeen says that it cannot be decided any more")
    }

    /// As its run shows it; nil if that was not to be had.
    func stateNow(of row: ApprovalRow) async -> ApprovalDetail.State? { await look(at: row).map { words.state(of: $0).state } }

    private func look(at row: ApprovalRow) async -> Approval? {
        guard let run = row.payload.origin.runID, let automation = row.payload.origin.automationID else { return nil }
        return try? await client.run(run, of: automation, urgency: .decision).approvals.first { $0.id == row.id }
    }

    /// The longer it was tried, the later again: 5 s at first, 5 min at most.
    static func wait(after answer: Answer, at now: Timestamp) -> Duration {
        min(max(answer.askedAt.duration(to: now) * 0.25, .seconds(5)), .seconds(300))
    }

    private func outcome(of row: ApprovalRow, wanted: Choice) -> Outcome {
        outcome(row.detail?.state ?? .closed, by: row.detail?.actor, wanted: wanted)
    }

    private func outcome(_ state: ApprovalDetail.State, by actor: String?, wanted: Choice) -> Outcome {
        let isSo = (state == .approved && wanted == .approve) || (state == .rejected && wanted == .reject)
        return Outcome(kind: isSo ? .done : .otherwise, text: "it is \(state.rawValue)" + (actor.map { " by \($0)" } ?? ""))
    }

    private func taken(_ answer: Answer, wanted: Choice) -> Outcome {
        let word = answer.verdict == .approve ? "approved" : "rejected"
        return Outcome(kind: answer.verdict == wanted ? .done : .otherwise, text: "\(word) by \(answer.actor)")
    }
}
