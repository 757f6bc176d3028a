/// Hours that repeat every week in one time zone, such as working hours or quiet hours.
///
/// The interval is half open: `from` is inside, `to` is not. If `to` is not later than `from`, the hours cross midnight and belong to the
/// day on which they begin. So `22:00` to `06:00` on Friday ends on Saturday, and `00:00` to `00:00` is the whole day. A time that a clock
/// change skips counts as the first moment after it. If a time occurs twice, the first one counts.
package struct WeeklyHours: Sendable, Equatable {
    package var from: DailyTime
    package var to: DailyTime
    package var days: Weekdays
    package var zone: TimeZoneName

    package init(from: DailyTime, to: DailyTime, days: Weekdays = .all, zone: TimeZoneName) {
        self.from = from
        self.to = to
        self.days = days
        self.zone = zone
    }

    /// How many days to search: a sum of hours that needs longer counts as never.
    private static let horizon: Int64 = 366 * 40

    package func contains(_ moment: Timestamp) -> Bool { span(at: moment) != nil }

    /// When the hours that contain this moment end.
    /// Spans of hours that touch count as one span.
    /// Nil if the moment is outside the hours; `distantFuture` if they never end.
    package func end(at moment: Timestamp) -> Timestamp? {
        guard var end = span(at: moment)?.upperBound else { return nil }
        // Eight touching spans cover the whole week.
        for _ in 0..<8 {
            guard let next = span(at: end) else { return end }
            end = next.upperBound
        }
        return .distantFuture
    }

    /// The first moment inside the hours, at this moment or later; nil if there is none (no days).
    package func opening(atOrAfter moment: Timestamp) -> Timestamp? {
        for span in spans(from: moment, days: 9) { return max(span.lowerBound, moment) }
        return nil
    }

    /// How much of the time from `start` to `end` is inside the hours; zero if `end` is not later than `start`.
    package func elapsed(from start: Timestamp, to end: Timestamp) -> Duration {
        var sum = Duration.zero
        guard start < end else { return sum }
        for span in spans(from: start, days: Self.horizon) {
            guard span.lowerBound < end else { break }
            sum += min(span.upperBound, end) - max(span.lowerBound, start)
        }
        return sum
    }

    private func span(at moment: Timestamp) -> Range<Timestamp>? {
        let day = zone.civil(at: moment).date.daysSince1970
        return (day - 1...day + 1).lazy.compactMap(span(on:)).first { $0.contains(moment) }
    }

    /// The spans that end after a moment, oldest first.
    private func spans(from moment: Timestamp, days: Int64) -> some Sequence<Range<Timestamp>> {
        let first = zone.civil(at: moment).date.daysSince1970 - 1
        return (first...first + days).lazy.compactMap(span(on:)).filter { $0.upperBound > moment }
    }

    /// The span that begins on a day; nil if the day is not included, or if a clock change skips the whole span.
    private func span(on day: Int64) -> Range<Timestamp>? {
        let date = CivilDate(daysSince1970: day)
        guard days.contains(date.weekday) else { return nil }
        let passesMidnight = (to.hour, to.minute) <= (from.hour, from.minute)
        let start = zone.first(CivilTime(date: date, hour: from.hour, minute: from.minute))
        let endDate = passesMidnight ? CivilDate(daysSince1970: day + 1) : date
        let end = zone.first(CivilTime(date: endDate, hour: to.hour, minute: to.minute))
        return start < end ? start..<end : nil
    }
}
