import RelayCore

/// The last delays of a feed, for their median and their 95th percentile.
struct RecentDelays: Sendable {
    private static let most = 500
    private var kept: [Double] = []
    private var next = 0

    mutating func add(_ seconds: Double) {
        if kept.count < Self.most {
            kept.append(seconds)
        } else {
            kept[next] = seconds
            next = (next + 1) % Self.most
        }
    }

    /// Nil before the first.
    var quantiles: (median: Duration, most: Duration)? {
        guard !kept.isEmpty else { return nil }
        let sorted = kept.sorted()
        return (Self.duration(sorted[(sorted.count - 1) / 2]), Self.duration(sorted[(sorted.count - 1) * 95 / 100]))
    }

    private static func duration(_ seconds: Double) -> Duration { .milliseconds(Int64(min(seconds, 1e12) * 1_000)) }
}
