import RelayCore
import RelaySupport

/// Reads values that several sections have: hours, days, words of a closed list, destinations.
extension ConfigurationReader {
    /// Reads `{from, to, days, time_zone}`, and `floor` for quiet hours.
    ///
    /// - Parameter zone: the time zone if the section names none.
    func hours(_ section: ConfigSection, _ key: String, zone: TimeZoneName, hasFloor: Bool) -> WeeklyHours? {
        guard let hours = section.section(key) else { return nil }
        let ends = ["from", "to"].map { end -> DailyTime? in
            guard let text = hours.required(end, Self.timeOfDay) else { return nil }
            let time = DailyTime(text)
            if time == nil { hours.wrong(end, Self.timeOfDay) }
            return time
        }
        checkDays(hours)
        let days = hours.strings("days").map { Weekdays(words: $0) } ?? .all
        let named = self.zone(hours, "time_zone")
        if hasFloor { checkWords(hours, "floor", of: Priority.allCases.map(\.word)) }
        hours.finish()
        guard let from = ends[0], let to = ends[1], let days else { return nil }
        return WeeklyHours(from: from, to: to, days: days, zone: named ?? zone)
    }

    static let timeOfDay = "a time of day such as \"08:00\""

    func checkDays(_ section: ConfigSection) {
        checkWords(section, "days", of: Weekdays.words)
    }

    func checkWords(_ section: ConfigSection, _ key: String, of words: [String], required: Bool = false) {
        if required && section.node(key) == nil { section.missing(key, "one or more of \(words.joined(separator: ", "))") }
        for word in section.places(key, among: words) ?? [] where !words.contains(word.text) {
            problems.add(
                Problem(
                    word.place, "\(section.path).\(key) holds \(word.shown)", expected: "one of \(words.joined(separator: ", "))",
                    meant: nearest(word.text, in: words)))
        }
    }

    /// Checks a duration that is required.
    func checkDuration(_ section: ConfigSection, _ key: String) {
        _ = section.duration(key)
        if section.node(key) == nil { section.missing(key, "a duration such as 30m") }
    }

    func checkDestinations(_ section: ConfigSection, _ key: String, required: Bool) {
        if required && section.node(key) == nil { section.missing(key, "one or more destinations") }
        for name in section.places(key) ?? [] { checkDestination(name) }
    }
}
