import RelayCore

extension ConfigurationReader {
    func routes(digests: [String]) -> [Route] {
        let destinations =
            root.node("destinations").map { node -> [String] in
                if case .mapping(let entries) = node.content { entries.map(\.key) } else { [] }
            } ?? []
        var names = Set<String>()
        return root.sections("routes").compactMap { section in
            defer { section.finish() }
            guard let name = section.required("name", "a name of its own") else { return nil }
            checkName(name, at: section.keyPlace("name"), what: "a route")
            if !names.insert(name).inserted { section.note("name", "two routes are called '\(name)'", expected: "names that differ") }
            var route = Route(name: name, when: condition(section))
            for (destination, place) in section.places("to") ?? [] {
                checkDestination(destination, at: place, destinations)
                route.to.append(destination)
            }
            let joined = section.places("digest") ?? []
            for (digest, place) in joined where !digests.contains(digest) {
                problems.add(Problem(place, "no digest is called '\(digest.prefix(40))'", meant: nearest(digest, in: digests)))
            }
            if route.to.isEmpty && joined.isEmpty { section.missing("to", "the destinations that it tells, or a digest") }
            route.stop = section.bool("stop", default: false)
            route.atMostOnce = section.bool("at_most_once", default: false)
            route.mention = section.string("mention")
            later(
                section, "digest", "mention", "quiet", "collapse", "approvers", "two_person", "remind", "remind_clock", "overdue",
                "escalate")
            return route
        }
    }

    /// The names of the digests; their entries are checked for what they may hold.
    func digests() -> [String] {
        root.named("digests").map { name, place, section in
            checkName(name, at: place, what: "a digest")
            if let at = section.string("at"), DailyTime(at) == nil { section.wrong("at", "a time of day such as \"08:00\"") }
            if let cron = section.string("cron") {
                do throws(CronError) {
                    _ = try CronExpression(cron)
                } catch {
                    section.note("cron", error.detail, expected: "five fields, such as \"0 8 * * 1-5\"")
                }
            }
            if let days = section.strings("days"), Weekdays(words: days) == nil { section.wrong("days", "days such as mon, tue") }
            _ = section.duration("every")
            _ = zone(section, "time_zone")
            for key in ["send_empty", "tell_again", "waiting"] { _ = section.bool(key, default: false) }
            _ = section.strings("to")
            section.finish()
            notYet.append(Problem(place, "digests are not supported by this version", expected: "a later version, or the digest left out"))
            return name
        }
    }

    /// The `when` of a route or a priority rule; without one, everything fits.
    func condition(_ section: ConfigSection) -> Condition {
        var condition = Condition()
        guard let when = section.section("when") else { return condition }
        condition.account = when.strings("account")
        condition.kind = closed(when, "kind", Event.Kind.self)
        condition.priority = priorities(when)
        condition.automation = globs(when, "automation")
        condition.state = closed(when, "state", ApprovalDetail.State.self)
        condition.outcome = closed(when, "outcome", RunDetail.Outcome.self)
        condition.type = globs(when, "type")
        condition.trigger = globs(when, "trigger")
        condition.risk = globs(when, "risk")
        when.finish()
        return condition
    }

    private func globs(_ section: ConfigSection, _ key: String) -> [Glob]? { section.strings(key)?.map(Glob.init) }

    private func closed<Word: RawRepresentable & CaseIterable>(_ section: ConfigSection, _ key: String, _ type: Word.Type) -> [Word]?
    where Word.RawValue == String {
        section.places(key)?.compactMap { text, place in
            if let word = Word(rawValue: text) { return word }
            let words = Word.allCases.map(\.rawValue)
            problems.add(
                Problem(
                    place, "\(section.path).\(key) is '\(text.prefix(40))'", expected: "one of \(words.joined(separator: ", "))",
                    meant: nearest(text, in: words)))
            return nil
        }
    }

    /// A word, a list of words, or `high..` for at least.
    private func priorities(_ section: ConfigSection) -> Set<Priority>? {
        guard let words = section.places("priority") else { return nil }
        var set = Set<Priority>()
        for (text, place) in words {
            let isAtLeast = text.hasSuffix("..")
            guard let priority = Priority(word: isAtLeast ? String(text.dropLast(2)) : text) else {
                let all = Priority.allCases.map(\.word)
                problems.add(
                    Problem(
                        place, "\(section.path).priority is '\(text.prefix(40))'",
                        expected: "one of \(all.joined(separator: ", ")), or as in high..",
                        meant: nearest(text, in: all)))
                continue
            }
            set.formUnion(isAtLeast ? Priority.allCases.filter { $0 >= priority } : [priority])
        }
        return set
    }
}

extension Router {
    /// For explaining without destinations: who is told does not depend on how.
    init(_ configuration: Configuration) {
        self.init(routes: configuration.routes, priorityRules: configuration.priorities, healthTo: configuration.healthTo, recipients: [:])
    }
}
