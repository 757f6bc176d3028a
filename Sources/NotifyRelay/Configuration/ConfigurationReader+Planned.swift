import RelayCore

/// What later versions will do is checked today, so that a file is right or wrong for good: `check` accepts it, `run` says what it
/// cannot honour yet.
extension ConfigurationReader {
    /// The names of the digests.
    func digests() -> [String] {
        root.named("digests").map { name, place, section in
            checkName(name, at: place, what: "a digest")
            checkTimes(section, place)
            checkDays(section)
            _ = zone(section, "time_zone")
            for key in ["send_empty", "tell_again", "waiting"] { _ = section.bool(key, default: false) }
            checkDestinations(section, "to", required: true)
            section.finish()
            notYet.append(Problem(place, "digests are not supported by this version", expected: "a later version, or the digest left out"))
            return name
        }
    }

    func checkPlannedKeys(ofRoute section: ConfigSection) {
        later(section, "digest", "quiet", "collapse")
        _ = hours(section, "quiet", zone: .utc, hasFloor: true)
        if let collapse = section.section("collapse") {
            checkWords(collapse, "by", of: ["account", "automation", "error", "outcome", "priority", "trigger", "type"], required: true)
            checkDuration(collapse, "within")
            collapse.finish()
        }
    }

    func checkPlannedKeys(ofDestination section: ConfigSection) {
        later(section, "quiet", "ceiling")
        _ = hours(section, "quiet", zone: .utc, hasFloor: true)
        guard let ceiling = section.section("ceiling") else { return }
        if ceiling.node("most") == nil { ceiling.missing("most", "a number of messages") }
        _ = ceiling.integer("most", in: 1...100_000)
        checkDuration(ceiling, "within")
        ceiling.finish()
    }

    /// Exactly one of `every`, `at` and `cron`.
    private func checkTimes(_ section: ConfigSection, _ place: Place) {
        let given = ["every", "at", "cron"].filter { section.node($0) != nil }
        if given.count != 1 {
            problems.add(
                Problem(
                    place, given.isEmpty ? "\(section.path) says no time" : "\(section.path) says \(given.joined(separator: " and "))",
                    expected: "one of every, at and cron"))
        }
        if let at = section.string("at"), DailyTime(at) == nil { section.wrong("at", Self.timeOfDay) }
        if let every = section.duration("every"), !Recurrence.repeats(every) {
            section.wrong("every", "what divides a day, such as 15m, 1h or 6h, or whole days")
        }
        guard let cron = section.string("cron") else { return }
        do throws(CronError) {
            _ = try CronExpression(cron)
        } catch {
            section.note("cron", "\(section.path).cron: \(error.detail)", expected: "five fields, such as \"0 8 * * 1-5\"")
        }
    }
}
