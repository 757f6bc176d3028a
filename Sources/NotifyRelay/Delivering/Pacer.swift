import RelayCore

/// Lets `burst` messages through at once, then one more every `every`. A value: the lane keeps it and tells it the time.
struct Pacer: Sendable {
    let burst: Int
    let every: Duration
    /// When the whole burst is free again. Each message moves it one interval further.
    private var freeAt: Timestamp = .distantPast

    init(burst: Int, every: Duration) {
        self.burst = max(1, burst)
        self.every = every
    }

    /// When the next message may leave; not later than `now` if at once.
    func opensAt(_ now: Timestamp) -> Timestamp {
        max(freeAt, now) - every * (burst - 1)
    }

    /// The wall clock was set.
    mutating func shift(by difference: Duration) { freeAt.shift(by: difference) }

    mutating func take(_ now: Timestamp) { freeAt = max(freeAt, now) + every }
}
