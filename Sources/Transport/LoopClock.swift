package import RelayCore

/// The machine's clocks, with the timers of a loop for what runs on it.
package struct LoopClock: WallClock {
    private let clocks = SystemClock()
    private let loop: NetworkLoop

    package init(_ loop: NetworkLoop) { self.loop = loop }

    package var now: Timestamp { clocks.now }

    package var uptime: Duration { clocks.uptime }

    package var minimumResolution: Duration { clocks.minimumResolution }

    package func sleep(until deadline: Timestamp, tolerance: Duration?) async throws {
        guard loop.isCurrent else { return try await clocks.sleep(until: deadline, tolerance: tolerance) }
        try await loop.sleep(for: max(.zero, now.duration(to: deadline)))
    }
}
