package import Dedup
package import RelayCore

/// Decides when a destination that was told of an approval or an absence is reminded of it, and what the reminder says.
///
/// A ladder has moments, counted from when a destination was told. Each is a step, which is told once. After a downtime only the last step
/// that has passed is told.
package struct Reminding: Sendable {
    private let router: Router
    /// The hours in which the working clock of a destination runs, by its name. A destination that is not in it has no working clock.
    private let workingHours: [String: WeeklyHours]
    private let mutes: [Mute]
    private let now: Timestamp

    private var plan: DeliveryPlan { DeliveryPlan(router: router, mutes: mutes, now: now) }

    /// The reminders and escalations that are due now.
    package struct Due: Sendable {
        package var reminders: [Admission] = []
        /// The deliveries of the request itself, or of the absence's beginning, to further destinations.
        package var escalations: [(first: Event, owed: [PlannedDelivery])] = []
    }

    package init(router: Router, workingHours: [String: WeeklyHours], mutes: [Mute] = [], now: Timestamp) {
        self.router = router
        self.workingHours = workingHours
        self.mutes = mutes
        self.now = now
    }

    /// - Parameter told: the open requests and the destinations that were told of them.
    package func due(_ told: [ToldRequest]) -> Due {
        var due = Due()
        for request in told {
            guard let (route, ladder, index) = step(of: request) else { continue }
            let moment = ladder.moments[index - 1]
            if let escalation = ladder.escalation, moment >= escalation.after {
                let first = request.about.first(at: now)
                due.escalations.append((first, escalated(first, escalation, route)))
            }
            if let reminder = reminder(of: request, route, ladder, index) { due.reminders.append(reminder) }
        }
        return due
    }

    /// The earliest moment at which a further step may be due. A clock of working hours runs at most as fast as any other.
    ///
    /// - Parameter told: the open requests and the destinations that were told of them.
    package func next(_ told: [ToldRequest]) -> Timestamp {
        told.reduce(.distantFuture) { earliest, request in
            guard let (_, ladder, waited) = ladder(of: request), let moment = ladder.moments.first(where: { $0 > waited }) else {
                return earliest
            }
            return min(earliest, now + (moment - waited))
        }
    }

    /// The last step of the ladder that has passed, from 1; nil if none has, or if the request has no ladder.
    private func step(of request: ToldRequest) -> (route: Route, ladder: ReminderLadder, step: Int)? {
        guard let (route, ladder, waited) = ladder(of: request) else { return nil }
        let step = ladder.moments.prefix { $0 <= waited }.count
        return step > 0 ? (route, ladder, step) : nil
    }

    /// The ladder of a request and how long it has waited by the ladder's clock; nil if no route that fits has a ladder, or if the
    /// destination has no such clock.
    private func ladder(of request: ToldRequest) -> (route: Route, ladder: ReminderLadder, waited: Duration)? {
        guard let (route, ladder) = router.reminders(of: request.about).first(where: { .configured($0.route.name) == request.route })
        else { return nil }
        return waited(since: request.toldAt, ladder, at: request.destination).map { (route, ladder, $0) }
    }

    /// How long the request has waited, by the ladder's clock; nil if only working hours count and the destination has none.
    private func waited(since told: Timestamp, _ ladder: ReminderLadder, at name: String) -> Duration? {
        guard ladder.isWorkingTime else { return told.duration(to: now) }
        return workingHours[name]?.elapsed(from: told, to: now)
    }

    /// The reminder of one step; nil if this destination gets none.
    private func reminder(of request: ToldRequest, _ route: Route, _ ladder: ReminderLadder, _ step: Int) -> Admission? {
        let moment = ladder.moments[step - 1]
        let escalation = ladder.escalation.flatMap { moment == $0.after ? $0 : nil }
        let calls =
            escalation.map { $0.to.isEmpty || $0.to.contains(request.destination) && route.to.contains(request.destination) } ?? false
        // At a moment that only escalates to other destinations, this one gets no reminder.
        guard calls || ladder.steps.contains(moment) || ladder.overdue == moment else { return nil }
        let isOverdue = ladder.overdue.map { $0 <= moment } ?? false
        let event = request.about.reminder(step: step, isOverdue: isOverdue, at: now)
        let owed = PlannedDelivery(
            destination: request.destination, recipient: request.recipient, route: request.route,
            priority: router.priority(of: event), dueAt: now,
            options: DeliveryOptions(atMostOnce: route.atMostOnce, mention: calls ? escalation?.mention ?? route.mention : route.mention))
        let deferral = plan.deferral(of: event, at: request.destination, route: .configured(route.name))
        return Admission(event: event, owed: [deferral.map { owed.held(until: $0.until) } ?? owed])
    }

    /// The deliveries of an escalation. A destination in its quiet hours gets its own when they are over.
    private func escalated(_ first: Event, _ escalation: ReminderLadder.Escalation, _ route: Route) -> [PlannedDelivery] {
        return escalation.to.flatMap { destination in
            let deferral = plan.deferral(of: first, at: destination, route: .configured(route.name))
            return (router.recipients[destination] ?? [""]).map { recipient in
                let owed = PlannedDelivery(
                    destination: destination, recipient: recipient, route: .configured(route.name), priority: .high, dueAt: now,
                    options: DeliveryOptions(atMostOnce: route.atMostOnce, mention: escalation.mention))
                return deferral.map { owed.held(until: $0.until) } ?? owed
            }
        }
    }
}

extension ToldRequest.Subject {
    /// The event that destinations get by an escalation.
    fileprivate func first(at now: Timestamp) -> Event {
        switch self {
        case .approval(let row):
            Event(
                id: EventID.approval(row.id, version: 1, account: row.account), account: row.account, kind: .approval,
                subject: EventID.approvalSubject(row.id, account: row.account), priority: .high, occurredAt: now, seenAt: now,
                payload: row.payload)
        case .absence(let event): event
        }
    }

    fileprivate func reminder(step: Int, isOverdue: Bool, at now: Timestamp) -> Event {
        var event = first(at: now)
        (event.kind, event.id, event.occurredAt, event.seenAt) = (.reminder, EventID.reminder(of: event.subject, step: step), now, now)
        switch self {
        case .approval(var row):
            row.remind(step: step, overdue: isOverdue)
            event.payload = row.payload
        case .absence:
            guard case .absence(var detail) = event.payload.detail else { return event }
            (detail.step, detail.overdue) = (step, isOverdue)
            event.payload.detail = .absence(detail)
        }
        return event
    }
}
