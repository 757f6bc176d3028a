/// Moments that come back by the clocks of one zone: the times of a digest.
package struct Recurrence: Sendable, Equatable {
    package enum Rule: Sendable, Equatable {
        /// Each so many minutes or hours from local midnight, begun anew every day, or each so many days, counted from 1970-01-01.
        /// Steps of up to an hour go on through an hour that comes twice; longer ones keep to the clock and use its first.
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

    /// Whether a length of time can be repeated evenly: whole minutes that divide a day, or whole days.
    package static func repeats(_ every: Duration) -> Bool {
        let seconds = every.milliseconds / 1000
        return seconds >= 60 && seconds % 60 == 0 && (86_400 % seconds == 0 || seconds % 86_400 == 0)
    }

    /// Four years hold every date that there is, eight the 29 February across a century that skips it.
    private static let horizon: Int64 = 366 * 8

    /// The first moment after this one; nil if none comes within eight years.
    package func next(after moment: Timestamp) -> Timestamp? {
        let today = zone.civil(at: moment).date.daysSince1970
        return (today - 1...today + Self.horizon).lazy.compactMap { day in moments(on: day).first { $0 > moment } }.first
    }

    /// The last moment that is not after this one; nil if none came within eight years.
    package func previous(atOrBefore moment: Timestamp) -> Timestamp? {
        let today = zone.civil(at: moment).date.daysSince1970
        return (today - Self.horizon...today + 1).reversed().lazy.compactMap { day in moments(on: day).last { $0 <= moment } }.first
    }

    /// Those of one local day, oldest first.
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
