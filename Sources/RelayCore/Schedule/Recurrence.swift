/// A recurring schedule in one time zone, used for digests.
package struct Recurrence: Sendable, Equatable {
    package enum Rule: Sendable, Equatable {
        /// Repeats every so many minutes or hours from local midnight, starting anew each day, or every so many days, counted from
        /// 1970-01-01. If an hour occurs twice, steps of up to one hour continue through both; longer steps use only the first.
        case every(Duration)
        case at(DailyTime)
        case cron(CronExpression)
    }

    package var rule: Rule
    package var days: Weekdays
    package var zone: TimeZoneName

    package init(_ rule: Rule, days: Weekdays = .all, zone: TimeZoneName) {
        self.rule = rule
        self.days = days
        self.zone = zone
    }

    /// Whether an interval can repeat evenly: whole minutes that divide a day, or whole days.
    package static func repeats(_ every: Duration) -> Bool {
        let seconds = every.milliseconds / 1000
        return seconds >= 60 && seconds % 60 == 0 && (86_400 % seconds == 0 || seconds % 86_400 == 0)
    }

    /// How many days to search: eight years, because 29 February can be eight years away across a century that skips it.
    /// Otherwise four years contain every date.
    private static let horizon: Int64 = 366 * 8

    /// The first moment after the given one; nil if there is none within eight years.
    package func next(after moment: Timestamp) -> Timestamp? {
        let today = zone.civil(at: moment).date.daysSince1970
        return (today - 1...today + Self.horizon).lazy.compactMap { day in moments(on: day).first { $0 > moment } }.first
    }

    /// The last moment that is not after the given one; nil if there was none within eight years.
    package func previous(atOrBefore moment: Timestamp) -> Timestamp? {
        let today = zone.civil(at: moment).date.daysSince1970
        return (today - Self.horizon...today + 1).reversed().lazy.compactMap { day in moments(on: day).last { $0 <= moment } }.first
    }

    /// The moments of one local day, oldest first.
    private func moments(on day: Int64) -> [Timestamp] {
        let date = CivilDate(daysSince1970: day)
        guard days.contains(date.weekday) else { return [] }
        switch rule {
        case .at(let time): return [zone.first(CivilTime(date: date, hour: time.hour, minute: time.minute))]
        case .cron(let expression): return expression.moments(on: date, in: zone)
        case .every(let step): return moments(each: max(60, step.milliseconds / 1000), on: date)
        }
    }

    private func moments(each step: Int64, on date: CivilDate) -> [Timestamp] {
        guard step < 86_400 else {
            let isDue = date.daysSince1970 % (step / 86_400) == 0
            return isDue ? [zone.first(CivilTime(date: date, hour: 0, minute: 0))] : []
        }
        let moments = stride(from: Int64(0), to: 86_400, by: Int(step)).flatMap { seconds -> [Timestamp] in
            let civil = CivilTime(date: date, hour: Int(seconds / 3_600), minute: Int(seconds / 60 % 60))
            let all = step <= 3_600 ? zone.moments(of: civil) : []
            return all.isEmpty ? [zone.first(civil)] : all
        }
        return Set(moments).sorted()
    }
}
