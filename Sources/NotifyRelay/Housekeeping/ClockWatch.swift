import RelayCore

/// Notices that the wall clock was set: it and the clock that never jumps no longer agree on how much time has passed.
struct ClockWatch {
    private let clock: any WallClock
    private var wall: Timestamp
    private var uptime: Duration

    init(clock: any WallClock) {
        self.clock = clock
        wall = clock.now
        uptime = clock.uptime
    }

    /// How far the wall clock was set since the last call; nil if by less than a minute.
    mutating func jump() -> Duration? {
        let passed = clock.uptime - uptime
        let jump = wall.duration(to: clock.now) - passed
        wall = clock.now
        uptime = clock.uptime
        return jump > .seconds(60) || jump < .seconds(-60) ? jump : nil
    }
}
