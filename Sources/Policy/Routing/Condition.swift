package import RelayCore
import RelaySupport

/// The `when` of a route or a priority rule.
///
/// An event fits if it fits on every key that is not nil. It fits on a key if one entry of the key's list matches. An event that lacks the
/// fact of a key does not fit.
package struct Condition: Sendable, Equatable {
    package var account: [String]?
    package var kind: [Event.Kind]?
    package var priority: Set<Priority>?
    /// Each entry is a glob of an automation's name, or an automation's id.
    package var automation: [Glob]?
    package var state: [ApprovalDetail.State]?
    package var outcome: [RunDetail.Outcome]?
    package var type: [Glob]?
    package var trigger: [Glob]?
    package var risk: [Glob]?
    /// How many failures in a row a failed run ends.
    package var streak: [ClosedRange<Int>]?
    /// Whether a finished run is the first success after a failure.
    package var recovered: Bool?
    /// The run took at least so long.
    package var longer: Duration?
    /// What was expected and did not happen.
    package var expected: [AbsenceDetail.Expected]?

    package init(
        account: [String]? = nil, kind: [Event.Kind]? = nil, priority: Set<Priority>? = nil, automation: [Glob]? = nil,
        state: [ApprovalDetail.State]? = nil, outcome: [RunDetail.Outcome]? = nil, type: [Glob]? = nil, trigger: [Glob]? = nil,
        risk: [Glob]? = nil
    ) {
        self.account = account
        self.kind = kind
        self.priority = priority
        self.automation = automation
        self.state = state
        self.outcome = outcome
        self.type = type
        self.trigger = trigger
        self.risk = risk
    }

    /// Whether some absence could fit. No absence has an outcome, a type, a trigger or a history.
    package var mayFitAbsences: Bool {
        kind?.contains(.absence) != false && outcome == nil && type == nil && trigger == nil && streak == nil && recovered == nil
            && longer == nil
    }

    /// The keys that only runs or only absences have, and none of the kinds that the condition names; nil if something can fit.
    package var contradiction: (key: String, needs: Event.Kind)? {
        let keys: [(String, Bool, Event.Kind)] = [
            ("outcome", outcome != nil, .run), ("streak", streak != nil, .run), ("recovered", recovered != nil, .run),
            ("longer", longer != nil, .run), ("expected", expected != nil, .absence), ("type", type != nil, .notification),
        ]
        guard let kind else { return nil }
        return keys.first { $0.1 && !kind.contains($0.2) }.map { ($0.0, $0.2) }
    }

    /// Each event passes here once for each route, so no words are made.
    package func fits(_ event: Event) -> Bool {
        let origin = event.payload.origin
        return Self.fits(account, event.account) { $0 == $1 } && Self.fits(kind, event.kind) { $0 == $1 }
            && priority?.contains(event.priority) != false && automationMisfit(origin) == nil
            && Self.fits(state, event.approvalState) { $0 == $1 } && Self.fits(outcome, event.runOutcome) { $0 == $1 }
            && Self.fits(type, event.notificationType) { $0.matches($1) } && Self.fits(trigger, origin.trigger) { $0.matches($1) }
            && Self.fits(risk, origin.risk) { $0.matches($1) } && fitsExpected(event) && fitsHistory(event)
    }

    private func fitsExpected(_ event: Event) -> Bool { Self.fits(expected, event.expected) { $0 == $1 } }

    private func fitsHistory(_ event: Event) -> Bool {
        if streak == nil, recovered == nil, longer == nil { return true }
        guard case .run(let run) = event.payload.detail else { return false }
        return Self.fits(streak, run.streak) { $0.contains($1) } && (recovered == nil || recovered == run.hasRecovered)
            && Self.fits(longer.map { [$0.milliseconds] }, run.milliseconds) { $1 >= $0 }
    }

    private static func fits<Wanted, Actual>(_ wanted: [Wanted]?, _ actual: Actual?, _ match: (Wanted, Actual) -> Bool) -> Bool {
        guard let wanted else { return true }
        guard let actual else { return false }
        return wanted.contains { match($0, actual) }
    }

    /// The reason why an event fits or does not, as `why` prints it.
    package func explain(_ event: Event) -> String {
        misfit(event) ?? (self == Condition() ? "it takes everything" : "everything it asks for fits")
    }

    /// A text about the first key that does not fit; nil if all keys fit.
    private func misfit(_ event: Event) -> String? {
        commonMisfit(event) ?? kindMisfit(event) ?? expectedMisfit(event) ?? historyMisfit(event)
    }

    /// About what every event has.
    private func commonMisfit(_ event: Event) -> String? {
        differs("account", account, event.account) { $0 == $1 }
            ?? differs("kind", kind?.map(\.rawValue), event.kind.rawValue) { $0 == $1 }
            ?? differs("priority", priority?.map(\.word).sorted(), event.priority.word) { $0 == $1 }
            ?? automationMisfit(event.payload.origin)
    }

    /// About what only some kinds have.
    private func kindMisfit(_ event: Event) -> String? {
        let origin = event.payload.origin
        return differs("state", state?.map(\.rawValue), event.approvalState?.rawValue) { $0 == $1 }
            ?? differs("outcome", outcome?.map(\.rawValue), event.runOutcome?.rawValue) { $0 == $1 }
            ?? differs("type", type?.map(\.pattern), event.notificationType) { Glob(pattern: $0).matches($1) }
            ?? differs("trigger", trigger?.map(\.pattern), origin.trigger) { Glob(pattern: $0).matches($1) }
            ?? differs("risk", risk?.map(\.pattern), origin.risk) { Glob(pattern: $0).matches($1) }
    }

    private func expectedMisfit(_ event: Event) -> String? {
        differs("expected", expected?.map(\.rawValue), event.expected?.rawValue) { $0 == $1 }
    }

    private func historyMisfit(_ event: Event) -> String? {
        if fitsHistory(event) { return nil }
        guard case .run(let run) = event.payload.detail else { return "it is no run, and \(historyKeys) is asked for" }
        if !Self.fits(streak, run.streak, { $0.contains($1) }) {
            return run.streak.map { "streak is \($0), not \(streak?.map(\.written).joined(separator: " or ") ?? "")" } ?? "it did not fail"
        }
        if let recovered, recovered != run.hasRecovered {
            return run.hasRecovered.map { $0 ? "it recovered" : "it did not recover from anything" } ?? "it was cancelled"
        }
        return run.milliseconds.map { "it took \(Duration.milliseconds($0).spoken), not at least \((longer ?? .zero).spoken)" }
            ?? "nobody knows how long it took"
    }

    private var historyKeys: String {
        [streak.map { _ in "streak" }, recovered.map { _ in "recovered" }, longer.map { _ in "longer" }].compactMap(\.self)
            .joined(separator: ", ")
    }

    private func differs(_ key: String, _ wanted: [String]?, _ actual: String?, _ match: (String, String) -> Bool) -> String? {
        guard let wanted else { return nil }
        guard let actual else { return "it has no \(key)" }
        if wanted.contains(where: { match($0, actual) }) { return nil }
        return "\(key) is \(actual), not \(wanted.joined(separator: " or "))"
    }

    private func automationMisfit(_ origin: Origin) -> String? {
        guard let automation else { return nil }
        guard origin.automation != nil || origin.automationID != nil else { return "it has no automation" }
        if automation.contains(where: { $0.matches(origin.automation ?? "") || $0.pattern == origin.automationID }) { return nil }
        return "automation is \(origin.automation ?? origin.automationID ?? ""), not \(automation.map(\.pattern).joined(separator: " or "))"
    }
}

extension RunDetail {
    /// Nil for a cancelled run, which says nothing about its automation.
    fileprivate var hasRecovered: Bool? { outcome == .cancelled ? nil : recoveredAfter != nil }
}

extension ClosedRange<Int> {
    /// As the configuration writes it.
    fileprivate var written: String {
        lowerBound == upperBound ? "\(lowerBound)" : upperBound == .max ? "\(lowerBound).." : "\(lowerBound)..\(upperBound)"
    }
}

extension Event {
    /// The state of an approval. An absence is open or closed too.
    fileprivate var approvalState: ApprovalDetail.State? {
        switch payload.detail {
        case .approval(let detail): detail.state
        case .absence(let detail): detail.state == .open ? .open : .closed
        case .notification, .run, .digest, .relay: nil
        }
    }

    fileprivate var expected: AbsenceDetail.Expected? {
        if case .absence(let detail) = payload.detail { detail.expected } else { nil }
    }

    fileprivate var runOutcome: RunDetail.Outcome? {
        if case .run(let detail) = payload.detail { detail.outcome } else { nil }
    }

    fileprivate var notificationType: String? {
        if case .notification(let detail) = payload.detail { detail.type } else { nil }
    }
}
