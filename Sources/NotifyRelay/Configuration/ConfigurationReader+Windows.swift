import Dedup
import Policy
import RelayCore
import RelaySupport

/// Reads the settings of windows: digests, quiet hours, collapse rules and ceilings.
extension ConfigurationReader {
    /// - Parameter fallback: the time zone of digests that name none.
    func digests(zone fallback: TimeZoneName) -> [DigestSettings] {
        root.named("digests").compactMap { name, place, section in
            checkName(name, at: place, what: "a digest")
            checkDays(section)
            let days = section.strings("days").map { Weekdays(words: $0) } ?? .all
            let zone = zone(section, "time_zone") ?? fallback
            let rule = rule(section, place)
            checkDestinations(section, "to", required: true)
            var settings = DigestSettings(
                name: name, place: place, schedule: Recurrence(rule ?? .every(.seconds(86_400)), days: days ?? .all, zone: zone),
                to: section.strings("to") ?? [])
            settings.sendEmpty = section.bool("send_empty", default: false)
            settings.tellAgain = section.bool("tell_again", default: false)
            settings.waiting = section.bool("waiting", default: false)
            section.finish()
            guard rule != nil, days != nil else { return nil }
            if settings.schedule.next(after: .distantPast) == nil {
                problems.add(Problem(place, "digests.\(name) never comes", expected: "a day that there is"))
            }
            return settings
        }
    }

    /// Reads `quiet: {from, to, days, time_zone, floor}`.
    func quietHours(_ section: ConfigSection, zone: TimeZoneName) -> QuietHours? {
        let floor = section.section("quiet")?.string("floor").flatMap(Priority.init(word:)) ?? .urgent
        guard let hours = hours(section, "quiet", zone: zone, hasFloor: true) else { return nil }
        if hours.end(at: hours.opening(atOrAfter: .distantPast) ?? .distantPast) == .distantFuture {
            section.note("quiet", "\(section.path).quiet never ends: nothing would ever be told", expected: "hours that end")
        }
        return QuietHours(hours: hours, floor: floor)
    }

    func collapse(_ section: ConfigSection) -> Collapse? {
        guard let collapse = section.section("collapse") else { return nil }
        defer { collapse.finish() }
        checkWords(collapse, "by", of: Collapse.Key.allCases.map(\.rawValue), required: true)
        checkDuration(collapse, "within")
        let keys = collapse.strings("by")?.compactMap(Collapse.Key.init) ?? []
        return collapse.duration("within").map { Collapse(by: keys, within: max($0, .seconds(1))) }
    }

    func ceiling(_ section: ConfigSection) -> Ceiling? {
        guard let ceiling = section.section("ceiling") else { return nil }
        defer { ceiling.finish() }
        if ceiling.node("most") == nil { ceiling.missing("most", "a number of messages") }
        let most = ceiling.integer("most", in: 1...100_000)
        checkDuration(ceiling, "within")
        guard let most, let within = ceiling.duration("within") else { return nil }
        return Ceiling(most: most, within: max(within, .seconds(1)))
    }

    /// Reads exactly one of `every`, `at` and `cron`.
    private func rule(_ section: ConfigSection, _ place: Place) -> Recurrence.Rule? {
        let given = ["every", "at", "cron"].filter { section.node($0) != nil }
        if given.count != 1 {
            problems.add(
                Problem(
                    place, given.isEmpty ? "\(section.path) says no time" : "\(section.path) says \(given.joined(separator: " and "))",
                    expected: "one of every, at and cron"))
        }
        let rules = [every(section), at(section), cron(section)]
        return rules.compactMap(\.self).first
    }

    private func every(_ section: ConfigSection) -> Recurrence.Rule? {
        guard let every = section.duration("every") else { return nil }
        if Recurrence.repeats(every) { return .every(every) }
        section.wrong("every", "what divides a day, such as 15m, 1h or 6h, or whole days")
        return nil
    }

    private func at(_ section: ConfigSection) -> Recurrence.Rule? {
        guard let text = section.string("at") else { return nil }
        if let time = DailyTime(text) { return .at(time) }
        section.wrong("at", Self.timeOfDay)
        return nil
    }

    private func cron(_ section: ConfigSection) -> Recurrence.Rule? {
        guard let text = section.string("cron") else { return nil }
        do throws(CronError) {
            return .cron(try CronExpression(text))
        } catch {
            section.note("cron", "\(section.path).cron: \(error.detail)", expected: "five fields, such as \"0 8 * * 1-5\"")
            return nil
        }
    }
}
