import RelaySupport

/// A status word in the form used for comparison: lower case, letters and digits only.
/// So `Timed-Out`, `timed_out` and `timedOut` are the same word.
func comparable(_ word: String) -> String {
    let bytes = word.utf8
    if bytes.allSatisfy({ $0 < 0x80 }) {
        let kept = bytes.filter(\.isAlphanumeric).map { (65...90).contains($0) ? $0 + 32 : $0 }
        return kept.isEmpty ? word : String(decoding: kept, as: UTF8.self)
    }
    let kept = word.lowercased().filter { $0.isLetter || $0.isNumber }
    return kept.isEmpty ? word : kept
}

/// The meaning of a status word.
/// RevKeen documents no words, so these are the usual ones, and the configuration can add others.
enum WordClass: Sendable, CaseIterable {
    case failed, cancelled, open, approved, rejected
    /// The run or approval is over.
    /// For a run this means success; for an approval the outcome is unreadable.
    case done
    /// The run is not finished.
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
