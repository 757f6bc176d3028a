/// Says how long a failed delivery waits: the delay doubles from `first` up to `cap`.
/// It is spread by ±20 %, so that deliveries that failed together are not tried together again.
package struct RetryPolicy: Sendable {
    package var first: Duration
    package var cap: Duration

    package init(first: Duration = .seconds(5), cap: Duration = .seconds(3_600)) {
        self.first = first
        self.cap = cap
    }

    /// - Parameters:
    ///   - attempt: the number of the attempt that just failed, from 1.
    ///   - unit: a number in 0..<1 from the caller's generator; 0.5 means no spread.
    package func delay(afterAttempt attempt: Int, unit: Double) -> Duration {
        min(first * (1 << (min(max(attempt, 1), 21) - 1)), cap) * (0.8 + 0.4 * unit)
    }
}
