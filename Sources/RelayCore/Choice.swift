/// What a person can answer to an approval request.
package enum Choice: String, Sendable, CaseIterable {
    case approve, reject

    /// What a person gives: `approval` or `rejection`.
    package var noun: String {
        switch self {
        case .approve: "approval"
        case .reject: "rejection"
        }
    }

    /// What the approval is once RevKeen took the answer.
    package var pastTense: String {
        switch self {
        case .approve: "approved"
        case .reject: "rejected"
        }
    }
}
