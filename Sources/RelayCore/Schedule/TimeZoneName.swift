import Foundation

/// A time zone of the IANA database, such as `Europe/London`.
package struct TimeZoneName: Sendable, Hashable {
    package let name: String
    private let zone: TimeZone

    package static let utc = TimeZoneName("UTC") ?? TimeZoneName(name: "UTC", zone: .gmt)

    /// Returns nil for a name that the database does not contain.
    package init?(_ name: String) {
        // Foundation also accepts abbreviations and fixed offsets, which do not follow clock changes.
        guard name == "UTC" || name.contains("/") || Self.all.contains(name), let zone = TimeZone(identifier: name) else { return nil }
        self.init(name: name, zone: zone)
    }

    /// All zone names that Foundation knows.
    package static let all = Set(TimeZone.knownTimeZoneIdentifiers)

    private init(name: String, zone: TimeZone) {
        self.name = name
        self.zone = zone
    }

    /// The zone's offset from UTC at a moment; east of UTC is positive.
    package func offset(at moment: Timestamp) -> Duration {
        .seconds(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(moment.milliseconds) / 1000)))
    }

    package func civil(at moment: Timestamp) -> CivilTime { CivilTime(moment + offset(at: moment)) }

    /// All moments at which a clock in the zone shows this time: none in a gap, two in a fold, otherwise one.
    package func moments(of civil: CivilTime) -> [Timestamp] {
        let naive = civil.asIfUTC
        let offsets = Set([naive - .seconds(86_400), naive, naive + .seconds(86_400)].map(offset))
        return offsets.map { naive - $0 }.filter { self.civil(at: $0) == civil }.sorted()
    }

    /// The first moment at which a clock in the zone shows this time; in a gap, the first moment after the gap.
    package func first(_ civil: CivilTime) -> Timestamp {
        if let moment = moments(of: civil).first { return moment }
        let naive = civil.asIfUTC
        // The time is in a gap. The search finds the moment at which the offset changed, which is the end of the gap.
        let before = offset(at: naive - .seconds(86_400))
        var low = naive - before - .seconds(2 * 86_400), high = naive - before + .seconds(2 * 86_400)
        while low + .seconds(1) < high {
            let middle = Timestamp(seconds: (low.seconds + high.seconds) / 2)
            if self.civil(at: middle).asIfUTC < naive { low = middle } else { high = middle }
        }
        return high
    }
}

/// A local date and time, without a time zone.
package struct CivilTime: Sendable, Equatable {
    package var date: CivilDate
    package var hour: Int
    package var minute: Int
    package var second: Int

    package init(date: CivilDate, hour: Int, minute: Int, second: Int = 0) {
        self.date = date
        self.hour = hour
        self.minute = minute
        self.second = second
    }

    /// The date and time of a moment in UTC.
    package init(_ moment: Timestamp) {
        let days = moment.seconds.dividedDown(by: 86_400)
        let rest = Int(moment.seconds - days * 86_400)
        self.init(date: CivilDate(daysSince1970: days), hour: rest / 3_600, minute: rest / 60 % 60, second: rest % 60)
    }

    package var asIfUTC: Timestamp {
        Timestamp(seconds: date.daysSince1970 * 86_400 + Int64(hour * 3_600 + minute * 60 + second))
    }
}

/// A time of day: `08:00`.
package struct DailyTime: Sendable, Equatable {
    package var hour: Int
    package var minute: Int

    package init(hour: Int, minute: Int) {
        self.hour = hour
        self.minute = minute
    }

    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.count == 2 && $0.allSatisfy("0123456789".contains) }), let hour = Int(parts[0]),
            let minute = Int(parts[1]), hour < 24, minute < 60
        else { return nil }
        self.hour = hour
        self.minute = minute
    }
}

/// A set of days of the week.
package struct Weekdays: Sendable, Equatable {
    package static let words = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    package static let all = Weekdays(days: Set(0..<7))
    /// The days; 0 is Monday.
    package var days: Set<Int>

    package init(days: Set<Int>) { self.days = days }

    /// Returns nil if any word is not the name of a day.
    package init?(words: [String]) {
        let days = words.map { Self.words.firstIndex(of: $0.lowercased()) }
        guard !days.contains(nil) else { return nil }
        self.days = Set(days.compactMap { $0 })
    }

    package func contains(_ weekday: Int) -> Bool { days.contains(weekday) }
}
