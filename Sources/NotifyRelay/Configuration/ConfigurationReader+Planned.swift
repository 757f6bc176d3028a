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

    func checkPlannedKeys(ofRoute section: ConfigSection, people: [String]) {
        later(
            section, "digest", "quiet", "collapse", "approvers", "two_person", "remind", "remind_clock", "overdue", "escalate")
        checkHours(section, "quiet", hasFloor: true)
        if let collapse = section.section("collapse") {
            checkWords(collapse, "by", of: ["account", "automation", "error", "outcome", "priority", "trigger", "type"], required: true)
            checkDuration(collapse, "within")
            collapse.finish()
        }
        for name in section.places("approvers") ?? [] where !people.contains(name.text) {
            problems.add(
                Problem(
                    name.place, "nobody is called \(name.shown)", expected: "a name of people:", meant: nearest(name.text, in: people)))
        }
        _ = section.bool("two_person", default: false)
        for step in section.places("remind") ?? [] where Duration(interval: step.text) == nil {
            problems.add(Problem(step.place, "\(step.shown) is no duration", expected: "30m, 2h, 8h"))
        }
        checkWords(section, "remind_clock", of: ["wall", "working"])
        _ = section.duration("overdue")
        if let escalate = section.section("escalate") {
            checkDuration(escalate, "after")
            checkDestinations(escalate, "to", required: escalate.node("mention") == nil)
            _ = escalate.string("mention")
            escalate.finish()
        }
    }

    func checkPlannedKeys(ofDestination section: ConfigSection) {
        later(section, "quiet", "ceiling", "working")
        checkHours(section, "quiet", hasFloor: true)
        checkHours(section, "working", hasFloor: false)
        guard let ceiling = section.section("ceiling") else { return }
        if ceiling.node("most") == nil { ceiling.missing("most", "a number of messages") }
        _ = ceiling.integer("most", in: 1...100_000)
        checkDuration(ceiling, "within")
        ceiling.finish()
    }

    func checkPlannedKeys(ofServer section: ConfigSection) {
        later(section, "public_listen", "public_url", "link_key", "link_expiry")
        if let text = section.string("public_listen"), HostAndPort(text) == nil {
            section.wrong("public_listen", "HOST:PORT, such as 0.0.0.0:8443")
        }
        if let text = section.string("public_url") {
            if !text.hasPrefix("https://") && !text.hasPrefix("http://") { section.wrong("public_url", "https://…") }
            if section.node("public_listen") == nil { section.missing("public_listen", "HOST:PORT, because public_url is set") }
        }
        checkLinkKeys(section)
        _ = section.duration("link_expiry")
    }

    /// One secret or several; each that stands in the file itself is warned about.
    private func checkLinkKeys(_ section: ConfigSection) {
        guard let node = section.node("link_key") else { return }
        guard case .sequence(let items) = node.content else {
            _ = section.secret("link_key")
            return
        }
        for item in items where !item.isUnresolved {
            guard case .scalar(let scalar) = item.content, !scalar.text.isEmpty else {
                problems.add(Problem(item.place, "server.link_key holds \(item.shape)", expected: "secrets, best as \"${NAME}\""))
                continue
            }
            if !scalar.isInterpolated {
                problems.add(
                    Problem(
                        item.place, "server.link_key is a secret that stands in the file",
                        expected: "\"${NAME}\" or \"${file:/path}\"", isWarning: true))
            }
        }
    }

    /// `{from, to, days, time_zone}`, and for quiet hours `floor`.
    private func checkHours(_ section: ConfigSection, _ key: String, hasFloor: Bool) {
        guard let hours = section.section(key) else { return }
        for end in ["from", "to"] {
            if let text = hours.required(end, Self.timeOfDay), DailyTime(text) == nil { hours.wrong(end, Self.timeOfDay) }
        }
        checkDays(hours)
        _ = zone(hours, "time_zone")
        if hasFloor { checkWords(hours, "floor", of: Priority.allCases.map(\.word)) }
        hours.finish()
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

    private static let timeOfDay = "a time of day such as \"08:00\""

    private func checkDays(_ section: ConfigSection) {
        checkWords(section, "days", of: Weekdays.words)
    }

    private func checkWords(_ section: ConfigSection, _ key: String, of words: [String], required: Bool = false) {
        if required && section.node(key) == nil { section.missing(key, "one or more of \(words.joined(separator: ", "))") }
        for word in section.places(key) ?? [] where !words.contains(word.text) {
            problems.add(
                Problem(
                    word.place, "\(section.path).\(key) holds \(word.shown)", expected: "one of \(words.joined(separator: ", "))",
                    meant: nearest(word.text, in: words)))
        }
    }

    /// One that must be there.
    private func checkDuration(_ section: ConfigSection, _ key: String) {
        if section.node(key) == nil { section.missing(key, "a duration such as 30m") } else { _ = section.duration(key) }
    }

    private func checkDestinations(_ section: ConfigSection, _ key: String, required: Bool) {
        if required && section.node(key) == nil { section.missing(key, "one or more destinations") }
        for name in section.places(key) ?? [] { checkDestination(name) }
    }
}
