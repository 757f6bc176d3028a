package import RelayCore

/// An entry of `expect`: what is expected of the automations that fit.
package struct ExpectationRule: Sendable, Equatable {
    /// Nil takes every account.
    package var accounts: [String]?
    /// Each entry is a glob of an automation's name, or an automation's id.
    package var automations: [Glob]
    /// How long after a moment of the automation's schedule a run must have started.
    package var startWithin: Duration?
    /// How long after its start a run must have ended.
    package var finishWithin: Duration?
    /// A run must succeed at least so often.
    package var succeedEvery: Duration?

    package init(
        accounts: [String]? = nil, automations: [Glob], startWithin: Duration? = nil, finishWithin: Duration? = nil,
        succeedEvery: Duration? = nil
    ) {
        self.accounts = accounts
        self.automations = automations
        self.startWithin = startWithin
        self.finishWithin = finishWithin
        self.succeedEvery = succeedEvery
    }

    package func names(id: String, name: String?, account: String) -> Bool {
        accounts?.contains(account) != false && automations.contains { $0.pattern == id || $0.matches(name ?? "") }
    }

    package func within(_ expected: AbsenceDetail.Expected) -> Duration? {
        switch expected {
        case .start: startWithin
        case .finish: finishWithin
        case .success: succeedEvery
        }
    }

    /// The rule's name in the store, one for each thing that it expects. Another time is another rule.
    package func key(_ expected: AbsenceDetail.Expected) -> String? {
        within(expected).map { within in
            let who = (accounts ?? ["*"]).joined(separator: ",") + "/" + automations.map(\.pattern).joined(separator: ",")
            return "\(who)/\(expected.rawValue)/\(within.milliseconds)"
        }
    }

    /// The names of everything that the rules expect.
    package static func keys(_ rules: [ExpectationRule]) -> [String] {
        rules.flatMap { rule in AbsenceDetail.Expected.allCases.compactMap { rule.key($0) } }
    }
}

/// An automation, as far as it matters to what is expected of it.
package struct ExpectedAutomation: Sendable, Equatable {
    package var id: String
    package var name: String?
    package var risk: String?
    package var cron: String?
    package var zone: String?
    /// Nothing is expected of it.
    package var isPaused: Bool

    package init(id: String, name: String?, risk: String? = nil, cron: String?, zone: String?, isPaused: Bool) {
        self.id = id
        self.name = name
        self.risk = risk
        self.cron = cron
        self.zone = zone
        self.isPaused = isPaused
    }

    /// The text of its schedule, which changes when the schedule does; nil if it has none that can be read.
    var schedule: String? { moments.flatMap { _ in cron.map { "\($0) \(zone ?? "UTC")" } } }

    package var moments: ExpectedMoments? { cron.flatMap { ExpectedMoments(cron: $0, zone: zone) } }
}

/// The moments of a schedule at which a run is expected to start.
package struct ExpectedMoments: Sendable {
    private let cron: CronExpression
    private let zone: TimeZoneName

    /// Nil if the expression or the time zone cannot be read.
    package init?(cron text: String, zone name: String?) {
        guard let cron = try? CronExpression(text), let zone = TimeZoneName(name ?? "UTC") else { return nil }
        self.cron = cron
        self.zone = zone
    }

    /// The next moment. A time that a clock change skips is not expected. One that occurs twice is expected once: it counts from the first,
    /// and its time begins with the last.
    package func next(after moment: Timestamp) -> (countedFrom: Timestamp, last: Timestamp)? {
        cron.nextShown(after: moment, in: zone).map { ($0.first, $0.last) }
    }
}
