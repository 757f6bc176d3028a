import Dedup
import RelayCore
import RevKeen

extension AnswerCall {
    /// What RevKeen shows of an approval now, compared with what the person saw.
    enum Present: Sendable {
        /// It is open and shows the same.
        case same
        /// It is open and shows something else.
        case changed
        case over(ApprovalDetail.State, by: String?)
        /// RevKeen was read well and does not show it.
        case gone
        case unreadable(RevKeenError)
    }

    /// Reads the approval from its run, or else from the list of approvals.
    func present(of answer: Answer) async -> Present {
        let row: ApprovalRow?
        do {
            row = try await ledger.approval(account: answer.account, id: answer.approval)
        } catch {
            return .unreadable(RevKeenError(.unreachable, error.detail))
        }
        do {
            if let row, let present = try await inRun(row, answer) { return present }
            let list = try await client.approvals(urgency: .decision)
            if let found = list.items.first(where: { $0.id == answer.approval }) { return judge(found, answer) }
            // A full list may leave out what is older.
            let isFull = list.items.count + list.skipped >= list.limit
            return isFull ? .unreadable(RevKeenError(.badAnswer, "it does not show the approval")) : .gone
        } catch {
            return .unreadable(error)
        }
    }

    /// What the approval's run shows of it; nil if its run is not known, or does not show it.
    private func inRun(_ row: ApprovalRow, _ answer: Answer) async throws(RevKeenError) -> Present? {
        guard let run = row.payload.origin.runID, let automation = row.payload.origin.automationID else { return nil }
        do throws(RevKeenError) {
            let detail = try await client.run(run, of: automation, urgency: .decision)
            guard detail.run.id == run else { throw RevKeenError(.badAnswer, "it answers for another run") }
            let shown = detail.approvals.filter { $0.id == row.id }.map { judge($0, answer) }
            // A run that is over cannot be decided, whatever its approvals show.
            if case .same? = shown.first, detail.run.completedAt != nil { return .over(.closed, by: nil) }
            // One id that is shown in two ways is not what the person saw.
            return shown.allSatisfy(\.isSame) ? shown.first : shown.first { !$0.isSame }
        } catch {
            if error.reason == .notFound { return nil }
            throw error
        }
    }

    private func judge(_ approval: Approval, _ answer: Answer) -> Present {
        let state = words.state(of: approval).state
        guard state == .open else { return .over(state, by: approval.approvedByUserID) }
        return ShownApproval.shownHash(state: .open, approval) == answer.shown ? .same : .changed
    }
}

extension AnswerCall.Present {
    fileprivate var isSame: Bool {
        if case .same = self { true } else { false }
    }
}
