import Policy
import RelayCore

/// Counts the failures of single runs, and how many details are read. Kept in memory only.
struct DetailTrouble {
    private static let newsAfter = 3
    private var failures: [String: Int] = [:]
    private var missingSince: [String: Duration] = [:]
    private var minute: (began: Duration, count: Int, before: Int) = (.zero, 0, 0)

    /// Counts a failure. Returns how long to wait before the next look, and whether the failure is to be reported.
    mutating func failed(_ run: String, pace: Duration) -> (wait: Duration, isNews: Bool) {
        let count = failures[run, default: 0] + 1
        failures[run] = count
        return (min(pace * (1 << min(count, 3)), ErrorBackoff.most), count >= Self.newsAfter)
    }

    /// Forgets the failures of a run. Returns whether they had been reported.
    mutating func succeeded(_ run: String) -> Bool {
        missingSince[run] = nil
        return (failures.removeValue(forKey: run) ?? 0) >= Self.newsAfter
    }

    /// Returns for how long the run has been missing.
    mutating func missing(_ run: String, at uptime: Duration) -> Duration {
        let since = missingSince[run] ?? uptime
        missingSince[run] = since
        return uptime - since
    }

    mutating func looked(at uptime: Duration) {
        roll(to: uptime)
        minute.count += 1
    }

    func looksPerMinute(at uptime: Duration) -> Double {
        var copy = self
        copy.roll(to: uptime)
        return Double(max(copy.minute.before, copy.minute.count))
    }

    private mutating func roll(to uptime: Duration) {
        let passed = uptime - minute.began
        if passed >= .seconds(120) { minute = (uptime, 0, 0) } else if passed >= .seconds(60) { minute = (uptime, 0, minute.count) }
    }
}
