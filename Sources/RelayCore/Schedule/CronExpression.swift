/// A mistake in a cron expression.
package struct CronError: Error, Sendable, Equatable {
    package var detail: String
}

/// A cron expression of five fields: minute, hour, day of the month, month, day of the week (POSIX crontab).
/// It may use names, ranges, steps, lists, and nicknames such as `@hourly`. If both day fields are restricted, a day needs to match only
/// one of them.
package struct CronExpression: Sendable, Equatable {
    private let minutes: Set<Int>
    private let hours: Set<Int>
    private let days: Set<Int>
    private let months: Set<Int>
    /// The days of the week; 0 is Sunday, as in cron.
    private let weekdays: Set<Int>
    private let eitherDay: Bool

    private static let nicknames = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *",
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
    ]
    private static let monthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    private static let dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    package init(_ text: String) throws(CronError) {
        let expanded = Self.nicknames[text.lowercased()] ?? text
        let fields = expanded.split(whereSeparator: \.isWhitespace).map { $0.lowercased() }
        guard fields.count == 5 else { throw CronError(detail: "five fields are expected, here are \(fields.count)") }
        minutes = try Self.set(fields[0], 0...59, "minute", names: [])
        hours = try Self.set(fields[1], 0...23, "hour", names: [])
        days = try Self.set(fields[2], 1...31, "day of the month", names: [])
        months = try Self.set(fields[3], 1...12, "month", names: Self.monthNames)
        weekdays = Set(try Self.set(fields[4], 0...7, "day of the week", names: Self.dayNames).map { $0 % 7 })
        eitherDay = !fields[2].hasPrefix("*") && !fields[4].hasPrefix("*")
    }

    /// The first matching moment after `moment`; nil if there is none within eight years (for example 30 February).
    ///
    /// A time that a clock change skips runs at the first moment after the gap. A time that occurs twice runs once, the first time.
    package func next(after moment: Timestamp, in zone: TimeZoneName) -> Timestamp? {
        let start = zone.civil(at: moment).date.daysSince1970
        for day in (start - 1)...(start + 366 * 8) {
            let date = CivilDate(daysSince1970: day)
            guard includes(date) else { continue }
            for hour in hours.sorted() {
                for minute in minutes.sorted() {
                    let due = zone.first(CivilTime(date: date, hour: hour, minute: minute))
                    if due > moment { return due }
                }
            }
        }
        return nil
    }

    /// The first matching time after a moment that a clock in the zone really shows: a time that a clock change skips is left out. Of a
    /// time that occurs twice, both moments. Nil as for `next`.
    package func nextShown(after moment: Timestamp, in zone: TimeZoneName) -> (first: Timestamp, last: Timestamp)? {
        let start = zone.civil(at: moment).date.daysSince1970
        for day in (start - 1)...(start + 366 * 8) {
            let date = CivilDate(daysSince1970: day)
            guard includes(date) else { continue }
            let shown = hours.flatMap { hour in
                minutes.map { zone.moments(of: CivilTime(date: date, hour: hour, minute: $0)) }
            }
            let found = shown.compactMap { moments -> (first: Timestamp, last: Timestamp)? in
                guard let first = moments.first, let last = moments.last, first > moment else { return nil }
                return (first, last)
            }
            if let next = found.min(by: { $0.first < $1.first }) { return next }
        }
        return nil
    }

    /// The matching moments of one local day, oldest first, without duplicates.
    package func moments(on date: CivilDate, in zone: TimeZoneName) -> [Timestamp] {
        guard includes(date) else { return [] }
        let moments = hours.flatMap { hour in minutes.map { zone.first(CivilTime(date: date, hour: hour, minute: $0)) } }
        return Set(moments).sorted()
    }

    private func includes(_ date: CivilDate) -> Bool {
        guard months.contains(date.month) else { return false }
        let byDay = days.contains(date.day), byWeekday = weekdays.contains((date.weekday + 1) % 7)
        return eitherDay ? byDay || byWeekday : byDay && byWeekday
    }

    private static func set(_ field: String, _ range: ClosedRange<Int>, _ what: String, names: [String]) throws(CronError) -> Set<Int> {
        var numbers = Set<Int>()
        for item in field.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = item.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count <= 2, let first = parts.first, let step = parts.count == 2 ? Int(parts[1]) : 1, step > 0,
                let span = span(first, range, names: names, isStepped: parts.count == 2)
            else { throw CronError(detail: "'\(item)' is no \(what)") }
            numbers.formUnion(stride(from: span.lowerBound, through: span.upperBound, by: step))
        }
        return numbers
    }

    private static func span(_ text: Substring, _ range: ClosedRange<Int>, names: [String], isStepped: Bool) -> ClosedRange<Int>? {
        if text == "*" { return range }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { part in
            Int(part) ?? names.firstIndex(of: String(part)).map { $0 + range.lowerBound }
        }
        guard let first = ends.first ?? nil, range.contains(first) else { return nil }
        if ends.count == 1 { return isStepped ? first...range.upperBound : first...first }
        guard ends.count == 2, let last = ends[1], range.contains(last), first <= last else { return nil }
        return first...last
    }
}
