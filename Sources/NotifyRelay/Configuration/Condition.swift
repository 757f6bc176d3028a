import RelayCore

/// The `when` of a route or a priority rule. Lists mean any of; keys mean all of; a key that an event does not have does not fit.
struct Condition: Sendable, Equatable {
    var account: [String]?
    var kind: [Event.Kind]?
    var priority: Set<Priority>?
    /// Globs of names, or ids.
    var automation: [Glob]?
    var state: [ApprovalDetail.State]?
    var outcome: [RunDetail.Outcome]?
    var type: [Glob]?
    var trigger: [Glob]?
    var risk: [Glob]?

    func fits(_ event: Event) -> Bool { misfit(event) == nil }

    /// Why it fits or does not, for `why`.
    func explain(_ event: Event) -> String {
        misfit(event) ?? (self == Condition() ? "it takes everything" : "everything it asks for fits")
    }

    /// The first key that does not fit, in words; nil if all do.
    private func misfit(_ event: Event) -> String? {
        let origin = event.payload.origin
        return differs("account", account, event.account) { $0 == $1 }
            ?? differs("kind", kind?.map(\.rawValue), event.kind.rawValue) { $0 == $1 }
            ?? differs("priority", priority?.map(\.word).sorted(), event.priority.word) { $0 == $1 }
            ?? automationMisfit(origin)
            ?? differs("state", state?.map(\.rawValue), event.approvalState?.rawValue) { $0 == $1 }
            ?? differs("outcome", outcome?.map(\.rawValue), event.runOutcome?.rawValue) { $0 == $1 }
            ?? differs("type", type?.map(\.pattern), event.notificationType) { Glob(pattern: $0).matches($1) }
            ?? differs("trigger", trigger?.map(\.pattern), origin.trigger) { Glob(pattern: $0).matches($1) }
            ?? differs("risk", risk?.map(\.pattern), origin.risk) { Glob(pattern: $0).matches($1) }
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

extension Event {
    fileprivate var approvalState: ApprovalDetail.State? {
        if case .approval(let detail) = payload.detail { detail.state } else { nil }
    }

    fileprivate var runOutcome: RunDetail.Outcome? {
        if case .run(let detail) = payload.detail { detail.outcome } else { nil }
    }

    fileprivate var notificationType: String? {
        if case .notification(let detail) = payload.detail { detail.type } else { nil }
    }
}
