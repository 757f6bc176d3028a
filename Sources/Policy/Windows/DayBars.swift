import RelayCore

/// The failed runs of each of the last days.
/// A digest adds to the days of the one before it, so that nothing is counted twice.
enum DayBars {
    static let count = 14

    /// - Parameters:
    ///   - own: the failed runs of this window, by local day.
    ///   - before: the days of the last digest.
    static func days(until end: Timestamp, zone: TimeZoneName, own: [String: Int], before: [DigestDetail.Day]) -> [DigestDetail.Day] {
        let known = Dictionary(before.map { ($0.date, $0.failed) }, uniquingKeysWith: +)
        // A digest at midnight belongs to the day that ends then.
        let last = zone.civil(at: end - .milliseconds(1)).date.daysSince1970
        let latest = own.keys.compactMap(CivilDate.init(written:)).map(\.daysSince1970).max() ?? last
        let first = max(last, min(latest, last + 1)) - Int64(count - 1)
        return (0..<Int64(count)).map { offset in
            let date = CivilDate(daysSince1970: first + offset).written
            return DigestDetail.Day(date: date, failed: (known[date] ?? 0) + (own[date] ?? 0))
        }
    }
}
