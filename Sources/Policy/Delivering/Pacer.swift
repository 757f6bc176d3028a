package import RelayCore

/// Lets `burst` messages through at once, then one more after each `every`. The lane keeps this value and passes the time in.
package struct Pacer: Sendable {
    let burst: Int
    let every: Duration
    /// When the whole burst is free again. Each message moves it later by one interval.
    private var freeAt: Timestamp = .distantPast

    package init(burst: Int, every: Duration) {
        self.burst = max(1, burst)
        self.every = every
    }

    /// When the next message may leave. A moment that is not after `now` means at once.
    package func opensAt(_ now: Timestamp) -> Timestamp {
        max(freeAt, now) - every * (burst - 1)
    }

    /// How many messages may leave now.
    package func room(_ now: Timestamp) -> Int {
        guard every > .zero else { return burst }
        return max(0, burst - Int(((max(freeAt, now) - now) / every).rounded(.up)))
    }

    /// Moves the pacer's moment after the wall clock was set.
    package mutating func shift(by difference: Duration) { freeAt.shift(by: difference) }

    /// Records that a message leaves.
    package mutating func take(_ now: Timestamp) { freeAt = max(freeAt, now) + every }
}
