import RelayCore

/// What a configuration can be expected to see within: the arithmetic of `LookQueue` for automations that all run equally often, at random.
package struct LookForecast: Sendable, Equatable {
    /// The mean time from the end of a run until it is seen.
    package let run: Duration
    /// The mean time until an approval is seen.
    package let approval: Duration
    package let requestsPerMinute: Double
    /// The budget is the bound, rather than the effort.
    package let isBudgetTheBound: Bool

    /// - Parameters:
    ///   - runsPerHour: of each automation.
    ///   - budget: requests a minute; nil means no limit.
    ///   - approvals: the time between two looks at approvals.
    package init(
        automations: Int, runsPerHour: Double = 1, budget: Double?, approvals: Duration, every: Duration, bounds: ClosedRange<Duration>,
        effort: LookQueue.Effort
    ) {
        let count = Double(max(1, automations)), rate = max(runsPerHour, 1e-6) / 3_600
        let low = bounds.lowerBound.inSeconds, high = bounds.upperBound.inSeconds
        // The whole list of approvals is read twice a minute besides; each run needs one look at its detail.
        let fixed = 60 / max(0.5, approvals.inSeconds) + 2 + 60 / max(1, every.inSeconds) + count * rate * 60
        let wanted = min(max((2 * effort.leastWorth / rate).squareRoot(), low), high)
        let left = budget.map { max($0 - fixed, $0 / 10) }
        let held = left.map { count * 60 / $0 } ?? 0
        isBudgetTheBound = held > wanted
        let wait = max(wanted, held)
        run = .milliseconds(Int64(min(wait, 1e9) * 500))
        approval = approvals / 2
        requestsPerMinute = fixed + count * 60 / wait
    }
}
