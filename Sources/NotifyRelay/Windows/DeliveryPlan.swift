import Crypto
import Dedup
import RelayCore
import RelaySupport

/// What an event owes and joins at a moment: who is told at once, who later, and what is gathered.
struct DeliveryPlan: Sendable {
    let router: Router
    let mutes: [Mute]
    let now: Timestamp

    /// The windows of what is held in quiet hours.
    static let quietName = "quiet"

    /// - Parameter fallback: a destination that is told whatever the routes say.
    func plan(_ event: Event, also fallback: String? = nil) -> (owed: [PlannedDelivery], windows: [WindowJoin]) {
        let named = router.owed(event, dueAt: now, also: fallback)
        var owed: [PlannedDelivery] = []
        var windows: [String: WindowJoin] = [:]
        for one in named {
            guard let hold = hold(event, at: one.destination, route: one.route) else {
                owed.append(gated(one, event))
                continue
            }
            if event.isToldSingly {
                owed.append(one.held(until: hold.until))
            } else {
                windows[one.destination] = WindowJoin(
                    kind: .quiet, name: hold.name, destination: one.destination, opensAt: now, closesAt: hold.until)
            }
        }
        let joins = digestJoins(event, told: Set(named.map(\.destination)))
        return (owed, joins + windows.values.sorted { $0.destination < $1.destination })
    }

    /// Digests gather whatever a route sends them. What all of a digest's destinations are told of by itself, or in a bundle of quiet
    /// hours, is only counted.
    func digestJoins(_ event: Event, told: Set<String>) -> [WindowJoin] {
        let names = Set(router.applying(to: event).flatMap(\.digests))
        return router.digests.filter { names.contains($0.name) }.map { digest in
            WindowJoin(
                digest: digest.name, WindowJoin.Slot(of: digest.schedule, happened: event.occurredAt), now: now,
                audience: Set(digest.to), toldAtOnce: !digest.to.isEmpty && told.isSuperset(of: digest.to))
        }
    }

    /// Until when a destination is not told of an event, and in which window that lies; nil if it is told now.
    func hold(_ event: Event, at destination: String, route name: String) -> (until: Timestamp, name: String)? {
        let route = router.routes.first { $0.name == name }
        let quiet = (route?.quiet ?? router.manners[destination]?.quiet)?.end(for: event.priority, at: now)
        let mute = event.priority < .urgent ? mutes.filter { $0.covers(event) }.max { $0.until < $1.until } : nil
        if let mute, mute.until > quiet ?? .distantPast { return (mute.until, mute.windowName) }
        return quiet.map { ($0, Self.quietName) }
    }

    /// What follows a request: where its message can be changed at once, elsewhere when the quiet is over.
    func following(_ event: Event) -> FollowRule {
        var rule = FollowRule(route: Self.updateRoute, dueAt: now)
        for (destination, manners) in router.manners {
            if manners.edits { rule.edits.insert(destination) }
            if let hold = hold(event, at: destination, route: Self.updateRoute) { rule.quiet[destination] = hold.until }
        }
        return rule
    }

    /// What stands as the route of what came by following.
    static let updateRoute = "update"

    private func gated(_ owed: PlannedDelivery, _ event: Event) -> PlannedDelivery {
        var owed = owed
        var gate = GateRules()
        let manners = router.manners[owed.destination]
        gate.ceiling = manners?.ceiling
        gate.ceiling?.isExempt = event.isToldSingly
        if !event.isToldSingly, let collapse = router.routes.first(where: { $0.name == owed.route })?.collapse {
            gate.alike = WindowJoin(
                kind: .storm, name: collapse.window(of: event, route: owed.route), destination: owed.destination, opensAt: now,
                closesAt: (now + collapse.within).wholeSecond)
            gate.refreshes = manners?.edits ?? false
        }
        if gate != GateRules() { owed.gate = gate }
        return owed
    }
}

extension PlannedDelivery {
    func held(until end: Timestamp) -> PlannedDelivery {
        var held = self
        (held.dueAt, held.heldFor) = (end, .quiet)
        return held
    }
}

extension Event {
    /// Approvals and what follows them are told singly, always.
    var isAboutApproval: Bool { kind == .approval || kind == .decision || kind == .reminder }

    /// It is never gathered: it may wait, and is told by itself.
    var isToldSingly: Bool { isAboutApproval || kind == .digest }
}

extension Mute {
    func covers(_ event: Event) -> Bool {
        let origin = event.payload.origin
        return origin.automation.map { Glob(pattern: automation).matches($0) } ?? false || origin.automationID == automation
    }
}

extension Collapse {
    /// The window of everything that is alike: the route, and a hash of what makes it so.
    func window(of event: Event, route: String) -> String {
        let parts = by.map { "\($0.rawValue)=\(value(of: event, $0) ?? "")" }
        let hash = hexadecimal(SHA256.hash(data: Array(parts.joined(separator: "\u{1F}").utf8)))
        return "\(route)/\(hash.prefix(16))"
    }

    private func value(of event: Event, _ key: Key) -> String? {
        let origin = event.payload.origin
        return switch key {
        case .account: event.account
        case .automation: origin.automationID ?? origin.automation
        case .priority: event.priority.word
        case .trigger: origin.trigger
        case .error: event.payload.detail.errorText.map(ErrorFingerprint.mask)
        case .outcome: if case .run(let detail) = event.payload.detail { detail.outcome.rawValue } else { nil }
        case .type: if case .notification(let detail) = event.payload.detail { detail.type } else { nil }
        }
    }
}

extension Detail {
    /// What a kind of errors is made out by: a run's error, a notification's message.
    var errorText: String? {
        switch self {
        case .run(let detail): detail.error
        case .notification(let detail): detail.message
        case .approval, .digest, .relay: nil
        }
    }
}
