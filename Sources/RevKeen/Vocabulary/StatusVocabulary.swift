package import RelayCore

/// Determines the outcome of a run or the state of an approval.
/// Its structure counts first. The status word counts only where the structure says nothing.
package struct StatusVocabulary: Sendable {
    private var classes: [String: WordClass] = [:]
    /// The words for an automation that starts no runs. They are apart from the others, because a paused run goes on.
    private var paused: Set<String>

    /// Creates a reader with the built-in words and those of the configuration, which override the built-in ones.
    package init(
        failed: [String] = [], cancelled: [String] = [], open: [String] = [], approved: [String] = [], rejected: [String] = [],
        paused: [String] = []
    ) {
        self.paused = Set((Self.pausedWords + paused).map(comparable))
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

    private static let pausedWords = [
        "paused", "disabled", "inactive", "stopped", "suspended", "archived", "draft", "off", "deleted", "deactivated",
    ]

    /// Whether the automation is paused, so that nothing is expected of it. A word that is not known means that it is not.
    package func isPaused(_ automation: Automation) -> Bool { automation.status.map { paused.contains(comparable($0)) } ?? false }

    /// The outcome of a run; nil while it is unfinished, which means that `completed_at` is not set.
    ///
    /// A run has failed if it has an error message or a word for failure. A run that has neither failed nor been cancelled has succeeded,
    /// whatever its word is.
    package func outcome(of run: Run) -> RunDetail.Outcome? {
        guard run.completedAt != nil else { return nil }
        if run.errorMessage != nil { return .failed }
        return switch wordClass(run.status) {
        case .failed: .failed
        // A run that ends because its request was rejected has not failed.
        case .cancelled, .rejected: .cancelled
        case .open, .approved, .done, .unfinished, nil: .succeeded
        }
    }

    /// The run's status word if it is in no class; otherwise nil.
    package func unknownWord(in run: Run) -> String? { unknown(run.status) }

    /// The state of an approval: open unless something says otherwise.
    /// `unknownWord` is the status word if it is in no class.
    package func state(of approval: Approval) -> (state: ApprovalDetail.State, unknownWord: String?) {
        (state(of: approval, said: wordClass(approval.status)), unknown(approval.status))
    }

    /// Whether the step's status word means failure, so that the run can name the failed step.
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
        // A user id without a time does not say how the approval was decided.
        return approval.approvedByUserID == nil ? .open : .closed
    }

    private func wordClass(_ word: String?) -> WordClass? { word.flatMap { classes[comparable($0)] } }

    private func unknown(_ word: String?) -> String? { word.flatMap { wordClass($0) == nil ? $0 : nil } }
}
