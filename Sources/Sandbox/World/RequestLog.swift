package import RelayCore

/// What was asked of the stand-in.
package struct RequestLog: Sendable {
    /// By operation name (`automations_list` …); a path that is no operation counts as `unknown`.
    package private(set) var counts: [String: Int] = [:]
    /// By status; a connection that was dropped counts as 0.
    package private(set) var statuses: [Int: Int] = [:]
    /// The last `X-API-Key`, `User-Agent` and so on, by name in lower case.
    package private(set) var lastHeaders: [String: String] = [:]

    package var total: Int { counts.values.reduce(0, +) }

    mutating func note(_ operation: Operation?, _ request: WebRequest) {
        counts[operation?.name ?? "unknown", default: 0] += 1
        lastHeaders = Dictionary(request.headers.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    }

    mutating func note(_ answer: WebResponse) { statuses[answer.dropsConnection ? 0 : answer.status, default: 0] += 1 }
}

/// A call of approve or reject that decided something. Replays and late calls are none.
package struct EffectiveDecision: Sendable, Equatable {
    package var approval: String
    package var verdict: Choice
    /// The call's `Idempotency-Key`.
    package var key: String?
    package var reason: String?
}
