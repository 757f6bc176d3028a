import Foundation

/// A zone of the IANA database, such as `Europe/London`.
package struct TimeZoneName: Sendable, Hashable {
    package let name: String
    private let zone: TimeZone

    package static let utc = TimeZoneName("UTC") ?? TimeZoneName(name: "UTC", zone: .gmt)

    /// Nil for a name that the database does not know.
    package init?(_ name: String) {
        // Foundation also takes abbreviations and offsets, which no clock follows for long.
        guard name == "UTC" || name.contains("/") || Self.all.contains(name), let zone = TimeZone(identifier: name) else { return nil }
        self.init(name: name, zone: zone)
    }

    /// Every name that the database knows.
    package static let all = Set(TimeZone.knownTimeZoneIdentifiers)

    private init(name: String, zone: TimeZone) {
        self.name = name
        self.zone = zone
    }

    /// East of UTC is positive.
    package func offset(at moment: Timestamp) -> Duration {
        .seconds(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(moment.milliseconds) / 1000)))
    }

    package func civil(at moment: Timestamp) -> CivilTime { CivilTime(moment + offset(at: moment)) }

    /// Every moment at which a clock of the zone shows this: none in a gap, two in a fold, else one.
    package func moments(of civil: CivilTime) -> [Timestamp] {
        let naive = civil.asIfUTC
        let offsets = Set([naive - .seconds(86_400), naive, naive + .seconds(86_400)].map(offset))
        return offsets.map { naive - $0 }.filter { self.civil(at: $0) == civil }.sorted()
    }

    /// The first moment at which a clock of the zone shows this or, in a gap, the first after the gap.
    package func first(_ civil: CivilTime) -> Timestamp {
        if let moment = moments(of: civil).first { return moment }
        let naive = civil.asIfUTC
        // In a gap: the offset before it, applied to the missing time, leads past the gap; the gap's own end is when the offset changed.
        let before = offset(at: naive - .seconds(86_400))
        var low = naive - before - .seconds(2 * 86_400), high = naive - before + .seconds(2 * 86_400)
        while low + .seconds(1) < high {
            let middle = Timestamp(seconds: (low.seconds + high.seconds) / 2)
            if self.civil(at: middle).asIfUTC < naive { low = middle } else { high = middle }
        }
        return high
    }
}

/// What a clock on the wall shows.
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

    /// Reads a moment as if it were written in UTC.
    package init(_ moment: Timestamp) {
        let days = moment.seconds.dividedDown(by: 86_400)
        let rest = Int(moment.seconds - days * 86_400)
        self.init(date: CivilDate(daysSince1970: days), hour: rest / 3_600, minute: rest / 60 % 60, second: rest % 60)
    }

    package var asIfUTC: Timestamp {
        Timestamp(seconds: date.daysSince1970 * 86_400 + Int64(hour * 3_600 + minute * 60 + second))
    }
}

/// An hour and a minute of the day: `08:00`.
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

/// Days of the week.
package struct Weekdays: Sendable, Equatable {
    package static let words = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    package static let all = Weekdays(days: Set(0..<7))
    /// 0 is Monday.
    package var days: Set<Int>

    package init(days: Set<Int>) { self.days = days }

    /// Nil if a word is no day.
    package init?(words: [String]) {
        let days = words.map { Self.words.firstIndex(of: $0.lowercased()) }
        guard !days.contains(nil) else { return nil }
        self.days = Set(days.compactMap { $0 })
    }

    package func contains(_ weekday: Int) -> Bool { days.contains(weekday) }
}
