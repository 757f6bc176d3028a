/// A status word in the form in which words are compared: lower case, letters and digits only, so that `Timed-Out`, `timed_out` and
/// `timedOut` are one word.
func comparable(_ word: String) -> String {
    let kept = word.lowercased().filter { $0.isLetter || $0.isNumber }
    return kept.isEmpty ? word : kept
}

/// What a status word says. RevKeen documents none, so these are the usual ones, and the configuration adds to them.
enum WordClass: Sendable, CaseIterable {
    case failed, cancelled, open, approved, rejected
    /// Over, one way or another: known to runs as a success, to approvals as an unreadable outcome.
    case done
    /// A run under way.
    case unfinished

    var builtIn: [String] {
        switch self {
        case .failed: ["failed", "failure", "error", "errored", "crashed", "timed_out", "timeout", "aborted", "dead"]
        case .cancelled: ["cancelled", "canceled", "stopped", "skipped", "expired", "superseded", "withdrawn", "revoked"]
        case .open:
            [
                "open", "pending", "requested", "waiting", "awaiting", "awaiting_approval", "waiting_for_approval",
                "waiting_approval", "needs_approval", "requires_approval", "pending_approval", "approval_required", "new",
                "created",
            ]
        case .approved: ["approved", "accepted", "granted", "allowed"]
        case .rejected: ["rejected", "denied", "declined", "refused", "disapproved"]
        case .done:
            [
                "succeeded", "success", "successful", "completed", "complete", "finished", "done", "ok", "resolved", "closed",
                "executed",
            ]
        case .unfinished:
            ["queued", "scheduled", "running", "started", "starting", "in_progress", "processing", "active", "paused", "blocked"]
        }
    }
}
