/// How often one list is looked at: sooner after a look that brought something new, later while the list is idle.
package struct AdaptivePace: Sendable, Equatable {
    let fastest: Duration
    let slowest: Duration
    /// The pace that the last look led to.
    package private(set) var current: Duration

    package init(_ fastest: Duration, _ slowest: Duration) {
        self.fastest = fastest
        self.slowest = max(fastest, slowest)
        current = fastest
    }

    /// - Parameter brought: the last look brought something new.
    /// - Returns: the time until the next look.
    package mutating func next(brought: Bool) -> Duration {
        current = brought ? fastest : min(current * 1.5, slowest)
        return current
    }
}
