package import Dedup
package import RelayCore

/// Decides which destinations get an event.
/// The result depends only on the configuration and the event, so `why` can compute it again.
package struct Router: Sendable {
    /// Whether one route applies to an event, and the reason.
    package struct RouteMatch: Sendable, Equatable {
        package var name: String
        package var fits: Bool
        package var because: String
    }

    /// In the order of the file.
    package var routes: [Route]
    /// In the order of the file.
    package var priorityRules: [PriorityRule]
    /// The destinations of the relay's reports on itself.
    package var healthTo: [String]
    /// The recipients of each destination: the addresses of a mail, or one empty text.
    package var recipients: [String: [String]]
    package var digests: [DigestSettings]
    /// The rules of each destination, by its name.
    package var rules: [String: DestinationRules]

    package init(
        routes: [Route], priorityRules: [PriorityRule], healthTo: [String], recipients: [String: [String]],
        digests: [DigestSettings] = [], rules: [String: DestinationRules] = [:]
    ) {
        self.routes = routes
        self.priorityRules = priorityRules
        self.healthTo = healthTo
        self.recipients = recipients
        self.digests = digests
        self.rules = rules
    }

    /// Nil for the relay's own routes and for routes that are no longer in the configuration.
    package func route(_ name: RouteName) -> Route? {
        guard case .configured(let name) = name else { return nil }
        return routes.first { $0.name == name }
    }

    /// The priority from the first rule of `priorities` that fits; without one, the event's own.
    package func priority(of event: Event) -> Priority {
        priorityRules.first { $0.when.fits(event) }?.priority ?? event.priority
    }

    /// The deliveries that the event owes.
    /// A destination gets an event once, by the first route in the file that names it.
    ///
    /// - Parameter also: the fallback of the destination that the event is about; nil if there is none.
    package func owed(_ event: Event, dueAt: Timestamp, also fallback: String? = nil) -> [PlannedDelivery] {
        var told = Set<String>()
        var owed: [PlannedDelivery] = []
        for route in applying(to: event) {
            for destination in route.to where told.insert(destination).inserted && maySay(event, to: destination) {
                owed += entries(event, destination, route: .configured(route.name), options: route.options, dueAt: dueAt)
            }
        }
        if event.kind == .relay {
            for destination in healthTo where told.insert(destination).inserted && maySay(event, to: destination) {
                owed += entries(event, destination, route: .builtIn(.healthTo), options: DeliveryOptions(), dueAt: dueAt)
            }
        }
        if let fallback, told.insert(fallback).inserted, maySay(event, to: fallback) {
            owed += entries(event, fallback, route: .builtIn(.fallback), options: DeliveryOptions(), dueAt: dueAt)
        }
        return owed
    }

    /// Whether each route applies, in the order of the file.
    package func explain(_ event: Event) -> [RouteMatch] {
        var stopped: String?
        return routes.map { route in
            if let stopped { return RouteMatch(name: route.name, fits: false, because: "route \(stopped) stops the walk before it") }
            let fits = route.when.fits(event)
            if fits && route.stop { stopped = route.name }
            return RouteMatch(name: route.name, fits: fits, because: route.when.explain(event))
        }
    }

    /// One delivery for each recipient of a destination.
    package func entries(
        _ event: Event, _ destination: String, route: RouteName, options: DeliveryOptions, dueAt: Timestamp
    ) -> [PlannedDelivery] {
        (recipients[destination] ?? [""]).map { recipient in
            PlannedDelivery(
                destination: destination, recipient: recipient, route: route, priority: event.priority, dueAt: dueAt,
                heldFor: nil, options: options)
        }
    }

    /// The routes that apply, in the order of the file.
    package func applying(to event: Event) -> [Route] {
        var applying: [Route] = []
        for route in routes where route.when.fits(event) {
            applying.append(route)
            if route.stop { break }
        }
        return applying
    }

    /// A report about a destination is never sent to that destination, which could not receive it.
    private func maySay(_ event: Event, to destination: String) -> Bool {
        guard case .relay(let detail) = event.payload.detail else { return true }
        return detail.about != destination
    }
}

extension Router {
    /// When quiet hours end, for each destination that has some now: its own hours, and those of the routes that go there.
    package func quietEnds(at now: Timestamp) -> [String: Timestamp] {
        var ends: [String: Timestamp] = [:]
        func note(_ hours: QuietHours?, _ destination: String) {
            guard let end = hours?.hours.end(at: now) else { return }
            ends[destination] = max(ends[destination] ?? end, end)
        }
        for (destination, rules) in rules { note(rules.quiet, destination) }
        for route in routes { for destination in route.to { note(route.quiet, destination) } }
        return ends
    }
}
