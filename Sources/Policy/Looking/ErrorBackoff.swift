/// Slows a feed down after errors: to 2, 4 and at most 8 times its pace, and to no more than 5 minutes unless the pace itself is longer.
/// One good response ends that.
package struct ErrorBackoff: Sendable, Equatable {
    package static let most = Duration.seconds(300)
    /// Failures in a row; counted up to 3.
    private var failures = 0

    package init() {}

    package var isFailing: Bool { failures > 0 }
    /// The feed has failed at least three times in a row.
    package var isLasting: Bool { failures >= 3 }

    package mutating func succeeded() { failures = 0 }

    /// - Returns: the time until the next try.
    package mutating func failed(pace: Duration) -> Duration {
        failures = min(failures + 1, 3)
        return max(pace, min(pace * (1 << failures), Self.most))
    }
}
