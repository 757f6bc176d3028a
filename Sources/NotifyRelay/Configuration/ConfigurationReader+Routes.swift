import Policy
import RelayCore
import RelaySupport

extension ConfigurationReader {
    /// - Parameter zone: the time zone of hours that name none.
    func routes(zone: TimeZoneName, people: [String]) -> [Route] {
        var names = Set<String>()
        let digests = keys(of: "digests")
        return root.sections("routes").map { section in
            let name = section.required("name", "a name of its own")
            if let name {
                checkName(name, at: section.valuePlace("name"), shown: section.shown("name"), what: "a route")
                if !names.insert(name).inserted {
                    section.note("name", "two routes are called \(section.shown("name"))", expected: "names that differ")
                }
            }
            var route = Route(name: name ?? "", when: condition(section))
            for destination in section.places("to") ?? [] {
                checkDestination(destination)
                route.to.append(destination.text)
            }
            let joined = section.places("digest") ?? []
            for digest in joined where !digests.contains(digest.text) {
                problems.add(Problem(digest.place, "no digest is called \(digest.shown)", meant: nearest(digest.text, in: digests)))
            }
            if route.to.isEmpty && joined.isEmpty { section.missing("to", "the destinations that it tells, or a digest") }
            route.digests = joined.map(\.text)
            route.quiet = quietHours(section, zone: zone)
            route.collapse = collapse(section)
            route.stop = section.bool("stop", default: false)
            route.atMostOnce = section.bool("at_most_once", default: false)
            route.mention = section.string("mention")
            route.mentionPlace = section.node("mention")?.place
            checkWords(section, "recovered", of: ["edit", "tell"])
            route.tellsRecovery = section.string("recovered") == "tell"
            readApprovalKeys(section, &route, people: people)
            section.finish()
            return route
        }
    }

    /// Reads the `when` of a route or a priority rule; without one, everything matches.
    func condition(_ section: ConfigSection) -> Condition {
        var condition = Condition()
        guard let when = section.section("when") else { return condition }
        condition.account = when.places("account")?.map { account in
            checkAccount(account)
            return account.text
        }
        condition.kind = closed(when, "kind", Event.Kind.self)
        condition.priority = priorities(when)
        condition.automation = globs(when, "automation")
        condition.state = closed(when, "state", ApprovalDetail.State.self)
        condition.outcome = closed(when, "outcome", RunDetail.Outcome.self)
        condition.type = globs(when, "type")
        condition.trigger = globs(when, "trigger")
        condition.risk = globs(when, "risk")
        condition.streak = streaks(when)
        condition.recovered = when.node("recovered") == nil ? nil : when.bool("recovered", default: true)
        condition.longer = when.duration("longer")
        condition.expected = closed(when, "expected", AbsenceDetail.Expected.self)
        if let (key, needs) = condition.contradiction {
            when.note(
                key, "\(when.path).\(key) is about events of the kind \(needs.rawValue), which \(when.path).kind leaves out",
                expected: "kind: \(needs.rawValue), or no kind", isWarning: true)
        }
        when.finish()
        return condition
    }

    func checkAccount(_ name: WrittenText) {
        let names = keys(of: "accounts")
        guard !names.contains(name.text) else { return }
        let choice = ConfigNode.showable(names)
        problems.add(
            Problem(
                name.place, "no account is called \(name.shown)",
                expected: choice.isEmpty ? nil : "one of \(choice.joined(separator: ", "))",
                meant: nearest(name.text, in: choice)))
    }

    private func globs(_ section: ConfigSection, _ key: String) -> [Glob]? { section.strings(key)?.map(Glob.init) }

    private func closed<Word: RawRepresentable & CaseIterable>(_ section: ConfigSection, _ key: String, _ type: Word.Type) -> [Word]?
    where Word.RawValue == String {
        let words = Word.allCases.map(\.rawValue)
        return section.places(key, among: words)?.compactMap { written in
            if let word = Word(rawValue: written.text) { return word }
            problems.add(
                Problem(
                    written.place, "\(section.path).\(key) is \(written.shown)", expected: "one of \(words.joined(separator: ", "))",
                    meant: nearest(written.text, in: words)))
            return nil
        }
    }

    /// Reads a number, `3..` for 3 and more, `2..5`, or a list of these.
    private func streaks(_ section: ConfigSection) -> [ClosedRange<Int>]? {
        section.places("streak")?.compactMap { written in
            if let range = Self.streak(written.text) { return range }
            problems.add(
                Problem(
                    written.place, "\(section.path).streak is \(written.shown)",
                    expected: "a number of failures in a row, as in 1, 3.. or 2..5"))
            return nil
        }
    }

    private static func streak(_ text: String) -> ClosedRange<Int>? {
        guard let dots = text.firstRange(of: "..") else { return Int(text).flatMap { $0 > 0 ? $0...$0 : nil } }
        let first = Int(text[..<dots.lowerBound]), last = text[dots.upperBound...]
        guard let first, first > 0 else { return nil }
        if last.isEmpty { return first...Int.max }
        return Int(last).flatMap { $0 >= first ? first...$0 : nil }
    }

    /// Reads a word, a list of words, or `high..` for `high` and above.
    private func priorities(_ section: ConfigSection) -> Set<Priority>? {
        guard let words = section.places("priority") else { return nil }
        var set = Set<Priority>()
        for written in words {
            let text = written.text
            let isAtLeast = text.hasSuffix("..")
            guard let priority = Priority(word: isAtLeast ? String(text.dropLast(2)) : text) else {
                let all = Priority.allCases.map(\.word)
                problems.add(
                    Problem(
                        written.place, "\(section.path).priority is \(written.shown)",
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
    /// Makes a router that knows no recipients or destination rules. It is for explaining, since routing depends on neither.
    init(_ configuration: Configuration) {
        self.init(
            routes: configuration.routes, priorityRules: configuration.priorities, healthTo: configuration.healthTo, recipients: [:],
            digests: configuration.digests)
    }
}
