import Dedup
import RelayCore

/// Decides who is told of an event. A value: what it says depends on the configuration and the event alone, so `why` can ask it again.
struct Router: Sendable {
    /// One route and why it does or does not apply.
    struct RouteMatch: Sendable, Equatable {
        var name: String
        var fits: Bool
        var because: String
    }

    /// The route of what the relay says about itself to `health_to`.
    static let healthRoute = "health_to"
    /// The route of what goes to a destination because another is ill.
    static let fallbackRoute = "fallback"

    var routes: [Route]
    var priorityRules: [PriorityRule]
    var healthTo: [String]
    /// The recipients of each destination: one empty text, or the addresses of a mail.
    var recipients: [String: [String]]
    var digests: [DigestSettings] = []
    /// When and how much each destination is told.
    var manners: [String: Manners] = [:]

    struct Manners: Sendable, Equatable {
        var quiet: QuietHours?
        var ceiling: Ceiling?
        /// Its messages can be changed, which disturbs nobody.
        var edits = false
    }

    /// The event's own priority, unless a rule of `priorities` fits; the first that fits decides.
    func priority(of event: Event) -> Priority {
        priorityRules.first { $0.when.fits(event) }?.priority ?? event.priority
    }

    /// What the event owes. A destination gets it once; the first route in the file that names it governs how.
    ///
    /// - Parameter also: the fallback of the destination that the event is about.
    func owed(_ event: Event, dueAt: Timestamp, also fallback: String? = nil) -> [PlannedDelivery] {
        var told = Set<String>()
        var owed: [PlannedDelivery] = []
        for route in applying(to: event) {
            for destination in route.to where told.insert(destination).inserted && maySay(event, to: destination) {
                owed += entries(event, destination, route: route.name, options: route.options, dueAt: dueAt)
            }
        }
        if event.kind == .relay {
            for destination in healthTo where told.insert(destination).inserted && maySay(event, to: destination) {
                owed += entries(event, destination, route: Self.healthRoute, options: DeliveryOptions(), dueAt: dueAt)
            }
        }
        if let fallback, told.insert(fallback).inserted, maySay(event, to: fallback) {
            owed += entries(event, fallback, route: Self.fallbackRoute, options: DeliveryOptions(), dueAt: dueAt)
        }
        return owed
    }

    /// Every route with its verdict, in the order of the file.
    func explain(_ event: Event) -> [RouteMatch] {
        var stopped: String?
        return routes.map { route in
            if let stopped { return RouteMatch(name: route.name, fits: false, because: "route \(stopped) stops the walk before it") }
            let fits = route.when.fits(event)
            if fits && route.stop { stopped = route.name }
            return RouteMatch(name: route.name, fits: fits, because: route.when.explain(event))
        }
    }

    func entries(_ event: Event, _ destination: String, route: String, options: DeliveryOptions, dueAt: Timestamp) -> [PlannedDelivery] {
        (recipients[destination] ?? [""]).map { recipient in
            PlannedDelivery(
                destination: destination, recipient: recipient, route: route, priority: event.priority, dueAt: dueAt,
                heldFor: nil, options: options)
        }
    }

    func applying(to event: Event) -> [Route] {
        var applying: [Route] = []
        for route in routes where route.when.fits(event) {
            applying.append(route)
            if route.stop { break }
        }
        return applying
    }

    /// Never about X to X: a destination that is ill cannot be told so through itself.
    private func maySay(_ event: Event, to destination: String) -> Bool {
        guard case .relay(let detail) = event.payload.detail else { return true }
        return detail.about != destination
    }
}

extension Route {
    /// What a delivery keeps of its route, whatever the file says later.
    var options: DeliveryOptions { DeliveryOptions(atMostOnce: atMostOnce, mention: mention) }
}
