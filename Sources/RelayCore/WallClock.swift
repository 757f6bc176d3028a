import FoundationEssentials

/// The only source of time in the program: what the time is, and how to wait.
///
/// `sleep` waits by a clock that does not jump; `now` is the wall clock, which may.
package protocol WallClock: Clock where Instant == Timestamp, Duration == Swift.Duration {
    /// Time since some fixed moment, by a clock that never jumps. Only differences mean anything.
    var uptime: Duration { get }
}

extension WallClock {
    package func sleep(for duration: Duration) async throws {
        try await sleep(until: now.advanced(by: duration), tolerance: nil)
    }
}

/// The machine's clocks.
package struct SystemClock: WallClock {
    private let started = ContinuousClock.now

    package init() {}

    package var now: Timestamp {
        Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
    }

    package var uptime: Duration { started.duration(to: .now) }

    package var minimumResolution: Duration { .milliseconds(1) }

    package func sleep(until deadline: Timestamp, tolerance: Duration?) async throws {
        try await ContinuousClock().sleep(for: max(.zero, now.duration(to: deadline)), tolerance: tolerance)
    }
}
