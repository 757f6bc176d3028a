package import Dedup
package import RelayCore

/// Decides what became of everything that is expected of one account's automations.
///
/// It goes over what the store knows, as often as one likes: what was told once has a row that says so. Nothing is told of an automation
/// whose runs were not read since the moment that is judged.
package struct ExpectationJudge: Sendable {
    package let account: String
    package let isStaging: Bool
    package let now: Timestamp
    /// Items of the account from before this moment are not told.
    package let since: Timestamp
    package let rules: [ExpectationRule]
    /// When each rule was first read, by its key.
    package let ruleSince: [String: Timestamp]
    package let automations: [String: ExpectedAutomation]
    /// Up to which moment, by RevKeen's own clock, the runs of an automation were read without a gap.
    package let readUpTo: [String: Timestamp]
    /// When the list of automations was read last: it says which are paused or gone. Nil if it was not read since the program started.
    package let automationsReadAt: Timestamp?
    /// Everything of the account was read and nothing of it fails now.
    package let isWell: Bool

    package init(
        account: String, isStaging: Bool = false, now: Timestamp, since: Timestamp, rules: [ExpectationRule],
        ruleSince: [String: Timestamp], automations: [ExpectedAutomation], readUpTo: [String: Timestamp], automationsReadAt: Timestamp?,
        isWell: Bool
    ) {
        self.account = account
        self.isStaging = isStaging
        self.now = now
        self.since = since
        self.rules = rules
        self.ruleSince = ruleSince
        self.automations = Dictionary(automations.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        self.readUpTo = readUpTo
        self.automationsReadAt = automationsReadAt
        self.isWell = isWell
    }

    /// What one round found.
    package struct Round: Sendable {
        /// The rows that are new or changed.
        package var expectations: [Expectation] = []
        package var sightings: [Sighting] = []
        /// When the next expectation becomes due; nil if none does.
        package var nextDue: Timestamp?
        /// The automations whose runs are to be read, because something of them is due and not judged.
        package var unread: Set<String> = []
        /// The list of automations is to be read, for the same reason.
        package var needsAutomations = false
        /// There is more to judge at once.
        package var isUnfinished = false
        /// The expectations that are open after this round.
        package var open = 0

        package init() {}
    }

    /// A run may start this long before its moment, by another clock.
    static let early = Duration.seconds(5)
    /// RevKeen's clock may be ahead of all that is known of it by so much.
    static let wrongClock = Duration.seconds(60)
    /// After a long downtime so many moments of one schedule are gone over; before them nothing is expected.
    static let mostMoments = 500

    package func round(_ store: ExpectationReader) throws -> Round {
        var round = Round()
        var live: [Key: [Expectation]] = [:]
        for expectation in try store.live() {
            if let kept = try keep(expectation, store, &round) { live[Key(kept), default: []].append(kept) }
        }
        for automation in automations.values where !automation.isPaused {
            try expectStart(of: automation, live[Key(automation.id, .start)] ?? [], &round)
            try expectFinish(of: automation, live[Key(automation.id, .finish)] ?? [], store, &round)
            try expectSuccess(of: automation, live[Key(automation.id, .success)] ?? [], store, &round)
        }
        // Moments that passed are judged together, in the next round, so that of several only the last one is told.
        let new = round.expectations.lazy.filter { $0.expected == .start && $0.state == .waiting && $0.countedFrom <= now }
        let passed = Set(new.map(Key.init))
        for key in live.keys.sorted(by: <) where !passed.contains(key) { try judge(live[key] ?? [], store, &round) }
        return round
    }

    struct Key: Hashable, Comparable {
        var automation: String
        var expected: AbsenceDetail.Expected

        init(_ automation: String, _ expected: AbsenceDetail.Expected) { (self.automation, self.expected) = (automation, expected) }
        init(_ expectation: Expectation) { self.init(expectation.automation, expectation.expected) }

        static func < (a: Key, b: Key) -> Bool { (a.automation, a.expected.rawValue) < (b.automation, b.expected.rawValue) }
    }

    func rule(for automation: ExpectedAutomation, _ expected: AbsenceDetail.Expected) -> (within: Duration, since: Timestamp)? {
        for rule in rules where rule.names(id: automation.id, name: automation.name, account: account) {
            if let within = rule.within(expected), let key = rule.key(expected) { return (within, ruleSince[key] ?? now) }
        }
        return nil
    }
}
