import Dedup
import RelayCore

/// The failed runs of each of the last days.
/// A digest adds to the days of the one before it, so that nothing is counted twice.
enum DayBars {
    static let count = 14

    /// The days, the oldest first. Days whose failed runs are not known because a digest cannot be read are left out, here and in the
    /// digests after this one.
    ///
    /// - Parameters:
    ///   - start: when this window opened.
    ///   - own: the failed runs of this window, by local day.
    ///   - told: the digest before, with its days.
    static func days(
        from start: Timestamp, until end: Timestamp, zone: TimeZoneName, own: [String: Int], last told: WindowReader.LastTold
    ) -> [DigestDetail.Day] {
        let before = if case .told(let detail) = told { detail.days } else { [DigestDetail.Day]() }
        let known = Dictionary(before.map { ($0.date, $0.failed) }, uniquingKeysWith: +)
        let earliest = earliest(told, from: start, zone: zone, own: own)
        // A digest at midnight belongs to the day that ends then.
        let last = zone.civil(at: end - .milliseconds(1)).date.daysSince1970
        let latest = own.keys.compactMap(CivilDate.init(written:)).map(\.daysSince1970).max() ?? last
        let first = max(last, min(latest, last + 1)) - Int64(count - 1)
        return (0..<Int64(count)).compactMap { offset in
            let date = CivilDate(daysSince1970: first + offset).written
            if let earliest, date < earliest { return nil }
            return DigestDetail.Day(date: date, failed: (known[date] ?? 0) + (own[date] ?? 0))
        }
    }

    /// The first day whose failed runs are known. Nil if there was no digest, whose days then count as days without failed runs.
    private static func earliest(
        _ told: WindowReader.LastTold, from start: Timestamp, zone: TimeZoneName, own: [String: Int]
    ) -> String? {
        switch told {
        case .none: nil
        case .told(let detail): detail.days.count < count ? detail.days.first?.date : nil
        case .unreadable: ([zone.civil(at: start).date.written] + own.keys).min()
        }
    }
}
