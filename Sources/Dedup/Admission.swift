package import RelayCore

/// An event on its way into the ledger, with everything it owes and joins. It appears with all of that, or not at all.
package struct Admission: Sendable {
    package var event: Event
    package var owed: [PlannedDelivery]
    package var windows: [WindowJoin]
    /// Stored in the same transaction, also if the event is known already.
    package var approval: ApprovalRow?
    /// Of updates and decisions: whom they follow to. Nil follows nowhere.
    package var followsRequest: FollowRule?

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

package enum AdmissionResult: Sendable, Equatable {
    /// New; `owed` counts its deliveries that are owed now, without those that were superseded at once.
    case admitted(owed: Int)
    /// Admitted before: it owes and joins nothing more.
    case known
}

/// One delivery to be: to whom, how loudly, from when.
package struct PlannedDelivery: Sendable, Equatable {
    package var destination: String
    /// Empty unless the destination tells each address for itself.
    package var recipient: String
    package var route: String
    package var priority: Priority
    package var dueAt: Timestamp
    package var heldFor: DeferReason?
    package var options: DeliveryOptions
    /// What may gather it instead, which the ledger alone can say. Of one destination, the same for each recipient.
    package var gate: GateRules?

    package init(
        destination: String, recipient: String = "", route: String, priority: Priority, dueAt: Timestamp, heldFor: DeferReason? = nil,
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

/// What stands before a delivery at its admission: it is owed, or it is gathered.
package struct GateRules: Sendable, Equatable {
    /// The first that opens this window is told, and those that follow while it is open are counted in it.
    package var alike: WindowJoin?
    /// The message of the first can be changed: it is brought up to date when others join.
    package var refreshes = false
    package var ceiling: Ceiling?

    package init(alike: WindowJoin? = nil, refreshes: Bool = false, ceiling: Ceiling? = nil) {
        self.alike = alike
        self.refreshes = refreshes
        self.ceiling = ceiling
    }
}

/// At most so many events at a destination in so long; what is more is gathered.
package struct Ceiling: Sendable, Equatable {
    package var most: Int
    package var within: Duration
    /// It counts, and is told all the same.
    package var isExempt: Bool

    package init(most: Int, within: Duration, isExempt: Bool = false) {
        self.most = most
        self.within = within
        self.isExempt = isExempt
    }
}

/// An event about an approval goes to every destination and recipient that was sent the request, or still owes it.
///
/// Where the request is still owed and nobody is sending it, the event is `dropped: superseded`: the request will say the present.
package struct FollowRule: Sendable, Equatable {
    /// What stands as the route of a delivery that came by following.
    package var route: String
    package var dueAt: Timestamp
    /// Destinations that are not to be disturbed, and until when: there it is due then.
    package var quiet: [String: Timestamp]
    /// Destinations where what follows changes the message that is there, which disturbs nobody: there it is due at once.
    package var edits: Set<String>

    package init(route: String, dueAt: Timestamp, quiet: [String: Timestamp] = [:], edits: Set<String> = []) {
        self.route = route
        self.dueAt = dueAt
        self.quiet = quiet
        self.edits = edits
    }

    /// When something that follows is due.
    func due(at destination: String) -> (at: Timestamp, hold: DeferReason?) {
        guard !edits.contains(destination), let quiet = quiet[destination] else { return (dueAt, nil) }
        return (quiet, .quiet)
    }
}

/// Why something owed is not due at once.
package enum DeferReason: String, Sendable, CaseIterable { case claim, retry, throttle, quiet }

/// What a delivery keeps of its route, whatever the configuration says later.
package struct DeliveryOptions: Sendable, Equatable {
    package var atMostOnce: Bool
    package var mention: String?
    /// It was delivered before, and is owed again because what its message shows has changed since: only a message that is still there
    /// is brought up to date.
    package var refreshes: Bool
    /// The window that counts what is alike: this one is told, the others are counted in it.
    package var storm: Int64?

    package init(atMostOnce: Bool = false, mention: String? = nil, refreshes: Bool = false, storm: Int64? = nil) {
        self.atMostOnce = atMostOnce
        self.mention = mention
        self.refreshes = refreshes
        self.storm = storm
    }
}
