import RelayCore

/// Counts what happened in the last minute, to the second. The oldest second counts whole, so the count is never too small.
struct LastMinute: Equatable {
    private static let seconds = 61
    private var counts = [Int](repeating: 0, count: seconds)
    private var newest: Int64 = 0
    private(set) var total = 0

    mutating func add(at now: Duration) {
        roll(to: now)
        counts[Int(newest % Int64(Self.seconds))] += 1
        total += 1
    }

    mutating func roll(to now: Duration) {
        let second = max(newest, now.components.seconds)
        let passed = second - newest
        guard passed > 0 else { return }
        for step in 1...min(passed, Int64(Self.seconds)) {
            let index = Int((newest + step) % Int64(Self.seconds))
            total -= counts[index]
            counts[index] = 0
        }
        newest = second
    }

    /// How long until at least one that is counted now is older than a minute.
    func untilFewer(at now: Duration) -> Duration {
        for age in stride(from: Int64(Self.seconds - 1), through: 0, by: -1) where newest >= age {
            guard counts[Int((newest - age) % Int64(Self.seconds))] > 0 else { continue }
            return .seconds(newest - age + Int64(Self.seconds)) - now
        }
        return .seconds(1)
    }
}
