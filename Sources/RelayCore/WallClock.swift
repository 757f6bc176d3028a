import FoundationEssentials

/// The program's only source of time: it tells the time and it waits.
///
/// `sleep` uses a clock that does not jump. `now` is the wall clock, which may jump.
package protocol WallClock: Clock where Instant == Timestamp, Duration == Swift.Duration {
    /// The time since some fixed moment, on a clock that never jumps.
    /// Only differences between two values have a meaning.
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
