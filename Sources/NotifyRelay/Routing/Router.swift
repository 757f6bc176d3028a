import Dedup
import RelayCore

/// Decides which destinations get an event.
/// The result depends only on the configuration and the event, so `why` can compute it again.
struct Router: Sendable {
    /// Whether one route applies to an event, and the reason.
    struct RouteMatch: Sendable, Equatable {
        var name: String
        var fits: Bool
        var because: String
    }

    var routes: [Route]
    var priorityRules: [PriorityRule]
    var healthTo: [String]
    /// The recipients of each destination: the addresses of a mail, or one empty text.
    var recipients: [String: [String]]
    var digests: [DigestSettings] = []
    /// The rules of each destination, by its name.
    var rules: [String: DestinationRules] = [:]

    /// Nil for the relay's own routes and for routes that are no longer in the configuration.
    func route(_ name: RouteName) -> Route? {
        guard case .configured(let name) = name else { return nil }
        return routes.first { $0.name == name }
    }

    /// The priority from the first rule of `priorities` that fits; without one, the event's own.
    func priority(of event: Event) -> Priority {
        priorityRules.first { $0.when.fits(event) }?.priority ?? event.priority
    }

    /// The deliveries that the event owes.
    /// A destination gets an event once, by the first route in the file that names it.
    ///
    /// - Parameter also: the fallback of the destination that the event is about; nil if there is none.
    func owed(_ event: Event, dueAt: Timestamp, also fallback: String? = nil) -> [PlannedDelivery] {
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
    func explain(_ event: Event) -> [RouteMatch] {
        var stopped: String?
        return routes.map { route in
            if let stopped { return RouteMatch(name: route.name, fits: false, because: "route \(stopped) stops the walk before it") }
            let fits = route.when.fits(event)
            if fits && route.stop { stopped = route.name }
            return RouteMatch(name: route.name, fits: fits, because: route.when.explain(event))
        }
    }

    /// One delivery for each recipient of a destination.
    func entries(
        _ event: Event, _ destination: String, route: RouteName, options: DeliveryOptions, dueAt: Timestamp
    ) -> [PlannedDelivery] {
        (recipients[destination] ?? [""]).map { recipient in
            PlannedDelivery(
                destination: destination, recipient: recipient, route: route, priority: event.priority, dueAt: dueAt,
                heldFor: nil, options: options)
        }
    }

    /// The routes that apply, in the order of the file.
    func applying(to event: Event) -> [Route] {
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

extension Route {
    /// The settings that a delivery copies from its route.
    var options: DeliveryOptions { DeliveryOptions(atMostOnce: atMostOnce, mention: mention) }
}
