/// When to try again: doubling from `first` up to `cap`, spread by ±20 % so that failures do not return in step.
struct RetryPolicy: Sendable {
    var first: Duration = .seconds(5)
    var cap: Duration = .seconds(3_600)

    /// - Parameters:
    ///   - attempt: the attempt that just failed, from 1.
    ///   - unit: a number in 0..<1 from the caller's generator; 0.5 means no spread.
    func delay(afterAttempt attempt: Int, unit: Double) -> Duration {
        min(first * (1 << (min(max(attempt, 1), 21) - 1)), cap) * (0.8 + 0.4 * unit)
    }
}
