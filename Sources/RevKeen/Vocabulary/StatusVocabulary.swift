package import RelayCore

/// Reads what became of a run or an approval: its structure first, and its status word only where that says nothing.
package struct StatusVocabulary: Sendable {
    private var classes: [String: WordClass] = [:]

    /// StatusVocabulary of the configuration, added to those built in; they win where both know a word.
    package init(
        failed: [String] = [], cancelled: [String] = [], open: [String] = [], approved: [String] = [], rejected: [String] = []
    ) {
        for wordClass in WordClass.allCases {
            for word in wordClass.builtIn { classes[comparable(word)] = wordClass }
        }
        let extra: [(WordClass, [String])] = [
            (.cancelled, cancelled), (.open, open), (.approved, approved), (.rejected, rejected), (.failed, failed),
        ]
        for (wordClass, words) in extra {
            for word in words { classes[comparable(word)] = wordClass }
        }
    }

    /// Nil while the run is unfinished, which is as long as `completed_at` is not set.
    ///
    /// Failed: an error message, or a word for it. What is neither failed nor cancelled has succeeded, whatever its word.
    package func outcome(of run: Run) -> RunDetail.Outcome? {
        guard run.completedAt != nil else { return nil }
        if run.errorMessage != nil { return .failed }
        return switch wordClass(run.status) {
        case .failed: .failed
        // A run that ends because somebody said no has not failed.
        case .cancelled, .rejected: .cancelled
        case .open, .approved, .done, .unfinished, nil: .succeeded
        }
    }

    /// The run's status word, if no class knows it.
    package func unknownWord(in run: Run) -> String? { unknown(run.status) }

    /// Open unless something says otherwise. `unknownWord` is the status word, if no class knows it.
    package func state(of approval: Approval) -> (state: ApprovalDetail.State, unknownWord: String?) {
        (state(of: approval, said: wordClass(approval.status)), unknown(approval.status))
    }

    /// A failed step's word, so that a run can name it.
    package func isFailed(_ step: Step) -> Bool { wordClass(step.status) == .failed }

    private func state(of approval: Approval, said: WordClass?) -> ApprovalDetail.State {
        let hasApprover = approval.approvedAt != nil || approval.approvedByUserID != nil
        if approval.rejectionReason != nil && !hasApprover { return .rejected }
        switch said {
        case .approved: return .approved
        case .rejected: return .rejected
        case .cancelled where !hasApprover, .failed where !hasApprover, .done where !hasApprover: return .closed
        default: break
        }
        if approval.rejectionReason != nil { return .rejected }
        if approval.approvedAt != nil { return .approved }
        // A user alone does not say which way it went.
        return approval.approvedByUserID == nil ? .open : .closed
    }

    private func wordClass(_ word: String?) -> WordClass? { word.flatMap { classes[comparable($0)] } }

    private func unknown(_ word: String?) -> String? { word.flatMap { wordClass($0) == nil ? $0 : nil } }
}
