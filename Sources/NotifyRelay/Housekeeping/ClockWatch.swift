import RelayCore

/// Detects that the wall clock was set, by comparing it with the monotonic clock.
struct ClockWatch {
    private let clock: any WallClock
    private var wall: Timestamp
    private var uptime: Duration

    init(clock: any WallClock) {
        self.clock = clock
        wall = clock.now
        uptime = clock.uptime
    }

    /// By how much the wall clock was set since the last call; nil if by a minute or less.
    mutating func jump() -> Duration? {
        let passed = clock.uptime - uptime
        let jump = wall.duration(to: clock.now) - passed
        wall = clock.now
        uptime = clock.uptime
        return jump > .seconds(60) || jump < .seconds(-60) ? jump : nil
    }
}
