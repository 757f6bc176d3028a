package import Dedup
import RelayCore

extension DeliveryPlan {
    /// Adds to the admission of a success what becomes of the messages about the failures that it ended: they are edited where that can
    /// be. Elsewhere the success is told to those who were told of a failure, if their route says so.
    package func tellRecovery(_ failures: [ToldFailure], in admission: inout Admission) {
        admission.edits = failures.filter { $0.onRecovery == .edit }
        let event = admission.event
        let told = Set(admission.owed.map(\.destination)).union(admission.windows.map(\.destination))
        for failure in failures where failure.onRecovery == .tell && !failure.isAwaited && !told.contains(failure.destination) {
            if let deferral = deferral(of: event, at: failure.destination, route: failure.route) {
                let join = WindowJoin(
                    kind: deferral.kind, name: deferral.name, destination: failure.destination, opensAt: now, closesAt: deferral.until)
                if !admission.windows.contains(join) { admission.windows.append(join) }
            } else {
                admission.owed.append(
                    PlannedDelivery(
                        destination: failure.destination, recipient: failure.recipient, route: failure.route, priority: event.priority,
                        dueAt: now, options: DeliveryOptions(atMostOnce: router.route(failure.route)?.atMostOnce ?? false)))
            }
        }
    }
}

extension PlannedDelivery {
    /// The same delivery. One of a failed run knows what becomes of its message when the automation recovers.
    func heedingRecovery(of event: Event, by router: Router) -> PlannedDelivery {
        guard case .run(let detail) = event.payload.detail, detail.outcome == .failed else { return self }
        var heeding = self
        if router.rules[destination]?.edits == true {
            heeding.options.onRecovery = .edit
        } else if router.route(route)?.tellsRecovery == true {
            heeding.options.onRecovery = .tell
        }
        return heeding
    }
}
