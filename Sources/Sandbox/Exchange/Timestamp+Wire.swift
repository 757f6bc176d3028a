import RelayCore

extension Timestamp {
    /// The time in the format of the `Date` header (RFC 9110 §5.6.7): `Tue, 24 Nov 2026 09:00:00 GMT`.
    var httpDate: String {
        let date = CivilDate(daysSince1970: seconds.dividedDown(by: 86_400))
        let day = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][date.weekday]
        let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][date.month - 1]
        let number = date.day < 10 ? "0\(date.day)" : "\(date.day)"
        return "\(day), \(number) \(month) \(date.year) \(timeOfDay) GMT"
    }

    /// The time of day in UTC: `09:00:00`.
    var timeOfDay: String { String(description.dropFirst(11).prefix(8)) }

    /// The time in RFC 3339 format, in UTC with milliseconds, as RevKeen's servers would print a JavaScript date.
    var iso8601Milliseconds: String {
        let fraction = milliseconds - seconds * 1000
        let digits = String(fraction)
        return description.dropLast() + "." + String(repeating: "0", count: 3 - digits.count) + digits + "Z"
    }
}
