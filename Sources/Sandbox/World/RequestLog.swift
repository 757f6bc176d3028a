package import RelayCore

/// Counts the requests to the stand-in.
package struct RequestLog: Sendable {
    /// Requests by operation name (`automations_list` …).
    /// A path that is no operation counts as `unknown`.
    package private(set) var counts: [String: Int] = [:]
    /// Responses by status.
    /// A dropped connection counts as 0.
    package private(set) var statuses: [Int: Int] = [:]

    package var total: Int { counts.values.reduce(0, +) }

    mutating func note(_ operation: Operation?) { counts[operation?.name ?? "unknown", default: 0] += 1 }

    mutating func note(_ answer: WebResponse) { statuses[answer.dropsConnection ? 0 : answer.status, default: 0] += 1 }
}

/// A call of approve or reject that took effect.
/// Replays and late calls are not recorded.
package struct EffectiveDecision: Sendable, Equatable {
    package var approval: String
    package var choice: Choice
    /// The call's `Idempotency-Key`; nil if it had none.
    package var key: String?
    package var reason: String?
}
