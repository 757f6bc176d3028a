package import Dedup
package import RelayCore

/// Decides which deliveries an event owes and which windows it joins at one moment.
package struct DeliveryPlan: Sendable {
    package let router: Router
    package let mutes: [Mute]
    package let now: Timestamp

    /// The time until which a destination must not get an event, and the window in which the event waits.
    package struct Deferral: Sendable, Equatable {
        package var until: Timestamp
        /// The window that the event joins unless it is told singly: `quiet` or `mute`.
        package var kind: WindowKind
        /// The window's name.
        package var name = ""
    }

    package init(router: Router, mutes: [Mute], now: Timestamp) {
        self.router = router
        self.mutes = mutes
        self.now = now
    }

    /// Plans a new event by the routes that fit it.
    ///
    /// - Parameter fallback: a destination that gets the event whatever the routes say; nil for most events.
    package func plan(_ event: Event, also fallback: String? = nil) -> (owed: [PlannedDelivery], windows: [WindowJoin]) {
        let named = router.owed(event, dueAt: now, also: fallback).map { $0.heedingRecovery(of: event, by: router) }
        var owed: [PlannedDelivery] = []
        var windows: [String: WindowJoin] = [:]
        for one in named {
            guard let deferral = deferral(of: event, at: one.destination, route: one.route) else {
                owed.append(gated(one, event))
                continue
            }
            if event.isToldSingly {
                owed.append(one.held(until: deferral.until))
            } else {
                windows[one.destination] = WindowJoin(
                    kind: deferral.kind, name: deferral.name, destination: one.destination, opensAt: now, closesAt: deferral.until)
            }
        }
        let joins = digestJoins(event, told: Set(named.map(\.destination)))
        return (owed, joins + windows.values.sorted { $0.destination < $1.destination })
    }

    /// The digests that the routes send an event to.
    /// An event that all destinations of a digest get singly, or in the bundle of quiet hours, is only counted there.
    private func digestJoins(_ event: Event, told: Set<String>) -> [WindowJoin] {
        let names = Set(router.applying(to: event).flatMap(\.digests))
        return router.digests.filter { names.contains($0.name) }.map { digest in
            WindowJoin(
                digest: digest.name, WindowJoin.Slot(of: digest.schedule, happened: event.occurredAt), now: now,
                audience: Set(digest.to), toldAtOnce: !digest.to.isEmpty && told.isSuperset(of: digest.to))
        }
    }

    /// Nil if the destination gets the event now.
    /// The quiet hours of a configured route replace those of the destination; of a mute and quiet hours, the one that ends last decides.
    package func deferral(of event: Event, at destination: String, route: RouteName) -> Deferral? {
        let hours = router.route(route)?.quiet ?? router.rules[destination]?.quiet
        let quiet = hours?.end(for: event.priority, at: now)
        let mute = event.priority < .urgent ? mutes.filter { $0.covers(event) }.max { $0.until < $1.until } : nil
        if let mute, mute.until > quiet ?? .distantPast { return Deferral(until: mute.until, kind: .mute, name: mute.automation) }
        return quiet.map { Deferral(until: $0, kind: .quiet) }
    }

    /// How an update or a decision follows its request: at once where the message can be edited, elsewhere after quiet hours and mutes.
    package func following(_ event: Event) -> FollowRule {
        var rule = FollowRule(route: .builtIn(.update), dueAt: now)
        for (destination, rules) in router.rules {
            if rules.edits { rule.edits.insert(destination) }
            if rules.isForPrograms { rule.programs.insert(destination) }
            if let deferral = deferral(of: event, at: destination, route: rule.route) { rule.quiet[destination] = deferral.until }
        }
        return rule
    }

    /// The delivery with the rules that only the admitting transaction can apply: the destination's ceiling and the route's collapse.
    private func gated(_ owed: PlannedDelivery, _ event: Event) -> PlannedDelivery {
        var owed = owed
        var gate = GateRules()
        let rules = router.rules[owed.destination]
        gate.ceiling = rules?.ceiling
        gate.ceiling?.isExempt = event.isToldSingly
        if !event.isToldSingly, event.kind != .absence, let route = router.route(owed.route), let collapse = route.collapse {
            gate.collapse = WindowJoin(
                kind: .storm, name: collapse.windowName(of: event, route: route.name), destination: owed.destination, opensAt: now,
                closesAt: (now + collapse.within).wholeSecond)
            gate.refreshes = rules?.edits ?? false
        }
        if gate != GateRules() { owed.gate = gate }
        return owed
    }
}

extension PlannedDelivery {
    /// The same delivery, due at the end of quiet hours or of a mute.
    package func held(until end: Timestamp) -> PlannedDelivery {
        var held = self
        (held.dueAt, held.heldFor) = (end, .quiet)
        return held
    }
}
