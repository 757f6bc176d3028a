package import RelayCore

/// An event with the deliveries it owes and the windows it joins.
/// All of that is written in one transaction.
package struct Admission: Sendable {
    package var event: Event
    package var owed: [PlannedDelivery]
    package var windows: [WindowJoin]
    /// Stored in the same transaction, even if the event is known already.
    package var approval: ApprovalRow?
    /// Sends an update or a decision to everyone who got the request; nil for other events.
    package var followsRequest: FollowRule?
    /// The messages of failures that are edited, because this event is the success that ended them.
    package var edits: [ToldFailure] = []

    package init(
        event: Event, owed: [PlannedDelivery] = [], windows: [WindowJoin] = [], approval: ApprovalRow? = nil,
        followsRequest: FollowRule? = nil
    ) {
        self.event = event
        self.owed = owed
        self.windows = windows
        self.approval = approval
        self.followsRequest = followsRequest
    }
}

/// What a transaction admitted.
package struct Admitted: Sendable {
    package var admissions: [Admission]
    /// For each admission, in order, whether it was new.
    package var results: [AdmissionResult]

    /// The admissions that were new.
    package var new: [Admission] { zip(admissions, results).compactMap { $1 == .known ? nil : $0 } }
}

package enum AdmissionResult: Sendable, Equatable {
    /// The event is new; `owed` counts its deliveries without those that were superseded at once.
    case admitted(owed: Int)
    /// The event was admitted before; nothing is added.
    case known
}

/// A delivery that an event will owe.
package struct PlannedDelivery: Sendable, Equatable {
    package var destination: String
    /// One address of a mail's `to`; empty for destinations without recipients.
    package var recipient: String
    package var route: RouteName
    package var priority: Priority
    package var dueAt: Timestamp
    package var heldFor: DeferReason?
    package var options: DeliveryOptions
    /// Collapse and ceiling rules, evaluated inside the admitting transaction.
    /// All recipients of one destination have the same.
    package var gate: GateRules?

    package init(
        destination: String, recipient: String = "", route: RouteName, priority: Priority, dueAt: Timestamp, heldFor: DeferReason? = nil,
        options: DeliveryOptions = DeliveryOptions(), gate: GateRules? = nil
    ) {
        self.destination = destination
        self.recipient = recipient
        self.route = route
        self.priority = priority
        self.dueAt = dueAt
        self.heldFor = heldFor
        self.options = options
        self.gate = gate
    }
}

/// Rules that may hold a delivery back when its event is admitted; the event then joins a window instead.
package struct GateRules: Sendable, Equatable {
    /// The event that opens this window is sent; those that join while it is open are only counted.
    /// Nil if nothing is collapsed.
    package var collapse: WindowJoin?
    /// The destination can edit messages, so the count is shown in the message of the first event.
    package var refreshes = false
    package var ceiling: Ceiling?

    package init(collapse: WindowJoin? = nil, refreshes: Bool = false, ceiling: Ceiling? = nil) {
        self.collapse = collapse
        self.refreshes = refreshes
        self.ceiling = ceiling
    }
}

/// The most events that a destination gets within a time; those above it join a window.
package struct Ceiling: Sendable, Equatable {
    package var most: Int
    package var within: Duration
    /// The event counts towards the ceiling but is never held.
    package var isExempt: Bool

    package init(most: Int, within: Duration, isExempt: Bool = false) {
        self.most = most
        self.within = within
        self.isExempt = isExempt
    }
}

/// Sends an event about an approval to every destination and recipient that got the request or still owes it.
///
/// If the request is still owed and unclaimed, the event is `dropped: superseded`, because the request will show the present facts.
package struct FollowRule: Sendable, Equatable {
    /// The route of the deliveries that are owed because of this rule.
    package var route: RouteName
    package var dueAt: Timestamp
    /// The ends of quiet hours and mutes, by destination; the delivery is due then.
    package var quiet: [String: Timestamp]
    /// Destinations where the earlier message is edited, which disturbs nobody; the delivery is due at once there.
    package var edits: Set<String>
    /// Destinations whose messages are read by programs.
    package var programs: Set<String> = []
    /// Only the earlier message is edited, where that can be, and programs are told; no person gets a message more.
    package var onlyEdits = false

    package init(route: RouteName, dueAt: Timestamp, quiet: [String: Timestamp] = [:], edits: Set<String> = []) {
        self.route = route
        self.dueAt = dueAt
        self.quiet = quiet
        self.edits = edits
    }

    /// When the delivery to a destination is due, and what it waits for.
    func due(at destination: String) -> (at: Timestamp, hold: DeferReason?) {
        guard !edits.contains(destination), let quiet = quiet[destination] else { return (dueAt, nil) }
        return (quiet, .quiet)
    }
}

/// Why an owed delivery is not due at once.
package enum DeferReason: String, Sendable, CaseIterable { case claim, retry, throttle, quiet }

/// The settings of a delivery's route, copied so that later changes of the configuration do not affect it.
package struct DeliveryOptions: Sendable, Equatable {
    package var atMostOnce: Bool
    package var mention: String?
    /// It was delivered and is owed again because the facts in its message have changed.
    /// It only edits the message; if that is gone, nothing is sent.
    package var refreshes: Bool
    /// The window that counts the events collapsed into this one; nil if there is none.
    package var collapseWindow: Int64?
    /// What becomes of a failed run's message when its automation recovers; nil for all other events, and if nothing does.
    package var onRecovery: OnRecovery?

    package enum OnRecovery: String, Sendable, CaseIterable {
        /// The message is edited and says that the automation recovered.
        case edit
        /// The run that succeeded is told here as a message of its own.
        case tell
    }

    package init(
        atMostOnce: Bool = false, mention: String? = nil, refreshes: Bool = false, collapseWindow: Int64? = nil,
        onRecovery: OnRecovery? = nil
    ) {
        self.atMostOnce = atMostOnce
        self.mention = mention
        self.refreshes = refreshes
        self.collapseWindow = collapseWindow
        self.onRecovery = onRecovery
    }
}
