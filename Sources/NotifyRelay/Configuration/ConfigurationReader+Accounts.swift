import Policy
import RelayCore
import RelaySupport
import RevKeen
import Transport

extension ConfigurationReader {
    func accounts() -> [AccountSettings] {
        let named = root.named("accounts")
        if named.isEmpty { root.missing("accounts", "at least one account with its api_key") }
        return named.compactMap { name, place, section in
            checkName(name, at: place, what: "an account", reserved: Self.firstPartsOfIDs)
            defer { section.finish() }
            let key = section.secret("api_key", required: true, expected: "the API key, best as \"${NAME}\"")
            if let key { checkHost(key, section) }
            var account = AccountSettings(name: name, place: place, key: key ?? Secret(""))
            account.baseURL = section.string("base_url")
            account.caFile = section.string("ca_file").map(absolute)
            account.proxy = proxy(section)
            account.firstLook = section.duration("first_look") ?? account.firstLook
            account.catchUp = section.duration("catch_up") ?? account.catchUp
            account.was = formerName(section)
            if let chosen = section.section("automations") {
                account.only = chosen.strings("only")?.map(Glob.init) ?? account.only
                account.also = chosen.strings("also") ?? []
                chosen.finish()
            }
            if let poll = section.section("poll") { account.poll = self.poll(poll) }
            return key == nil ? nil : account
        }
    }

    /// The first parts of the ids of the relay's own events. The ids of all other events begin with the account's name.
    private static let firstPartsOfIDs = ["digest", "bundle", "relay"]

    /// Reads `was`. An account takes over all ids that begin with its former name, so that name must not be a first part of the relay's own
    /// ids.
    private func formerName(_ section: ConfigSection) -> String? {
        guard let was = section.string("was") else { return nil }
        checkName(was, at: section.valuePlace("was"), shown: section.shown("was"), what: "an account", reserved: Self.firstPartsOfIDs)
        return was
    }

    /// Checks that the key belongs to the host, so that a key is never sent to another host.
    private func checkHost(_ key: Secret, _ section: ConfigSection) {
        let base = section.string("base_url")
        guard case .failure(let fault) = RevKeenAccount.make(name: "", key: key, baseURL: base, network: NetworkOptions()) else { return }
        section.note(fault.field.rawValue, "\(section.path).\(fault.field.rawValue): \(fault.text)", expected: fault.expected)
    }

    private func poll(_ section: ConfigSection) -> AccountSettings.Poll {
        var poll = AccountSettings.Poll()
        poll.approvals = pace(section, "approvals") ?? poll.approvals
        poll.automations = pace(section, "automations") ?? poll.automations
        if let text = section.string("runs") {
            let ends = text.components("..").map { Duration(interval: $0) }
            if ends.count == 2, let low = ends[0], let high = ends[1], low <= high, low >= .seconds(1) {
                poll.runs = low...high
            } else {
                section.wrong("runs", "a range of durations such as 2s..5m")
            }
        }
        if let effort = section.word("effort", LookQueue.Effort.self) { poll.effort = effort }
        if let text = section.string("budget") {
            if let budget = budget(text) {
                poll.budget = budget
            } else {
                section.wrong("budget", "a share such as 50%, a rate such as 200/min, or none")
            }
        }
        section.finish()
        return poll
    }

    private func pace(_ section: ConfigSection, _ key: String) -> Duration? {
        guard let pace = section.duration(key) else { return nil }
        if pace < .seconds(1) {
            section.wrong(key, "at least 1s")
            return nil
        }
        return pace
    }

    private func budget(_ text: String) -> RequestBudget.Setting? {
        if text == "none" { return RequestBudget.Setting.none }
        if text.hasSuffix("%"), let share = Int(text.dropLast()), (1...100).contains(share) { return .percent(share) }
        if text.hasSuffix("/min"), let rate = Int(text.dropLast(4)), rate > 0 { return .perMinute(rate) }
        return nil
    }
}

extension String {
    /// The parts of the string between occurrences of a separator.
    func components(_ separator: String) -> [String] {
        var parts: [String] = []
        var rest = Substring(self)
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}
