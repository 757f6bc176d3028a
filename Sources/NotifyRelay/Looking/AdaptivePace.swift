import RelayCore

/// How often one thing is looked at: sooner after it brought something, later while it is idle.
struct AdaptivePace: Sendable, Equatable {
    let fastest: Duration
    let slowest: Duration
    private(set) var current: Duration

    init(_ fastest: Duration, _ slowest: Duration) {
        self.fastest = fastest
        self.slowest = max(fastest, slowest)
        current = fastest
    }

    /// - Returns: how long until the next look, after one that brought something or did not.
    mutating func next(brought: Bool) -> Duration {
        current = brought ? fastest : min(current * 1.5, slowest)
        return current
    }
}

/// What errors do to a feed's pace: 2×, 4×, at most 8×, and never more than 5 minutes; one good response ends that.
struct ErrorBackoff: Sendable, Equatable {
    static let most = Duration.seconds(300)
    private var failures = 0

    var isFailing: Bool { failures > 0 }
    /// It failed three times in a row, at least.
    var isLasting: Bool { failures >= 3 }

    mutating func succeeded() { failures = 0 }

    mutating func failed(pace: Duration) -> Duration {
        failures = min(failures + 1, 3)
        return max(pace, min(pace * (1 << failures), Self.most))
    }
}
