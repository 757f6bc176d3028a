import RelayCore

extension ConfigurationReader {
    func routes(digests: [String], people: [String]) -> [Route] {
        var names = Set<String>()
        return root.sections("routes").compactMap { section in
            defer { section.finish() }
            guard let name = section.required("name", "a name of its own") else { return nil }
            checkName(name, at: section.keyPlace("name"), what: "a route")
            if !names.insert(name).inserted { section.note("name", "two routes are called '\(name)'", expected: "names that differ") }
            var route = Route(name: name, when: condition(section))
            for (destination, place) in section.places("to") ?? [] {
                checkDestination(destination, at: place, destinationNames)
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
            checkPlannedKeys(ofRoute: section, people: people)
            return route
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
