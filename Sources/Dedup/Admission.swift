package import RelayCore

/// An event on its way into the ledger, with everything it owes and joins. It appears with all of that, or not at all.
package struct Admission: Sendable {
    package var event: Event
    package var owed: [Owed]
    package var windows: [WindowJoin]
    /// Stored in the same transaction, also if the event is known already.
    package var approval: ApprovalRow?
    /// Of updates and decisions: whom they follow to. Nil follows nowhere.
    package var followsRequest: FollowRule?

    package init(
        event: Event, owed: [Owed] = [], windows: [WindowJoin] = [], approval: ApprovalRow? = nil, followsRequest: FollowRule? = nil
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
package struct Owed: Sendable, Equatable {
    package var destination: String
    /// Empty unless the destination tells each address for itself.
    package var recipient: String
    package var route: String
    package var priority: Priority
    package var dueAt: Timestamp
    package var heldFor: Hold?
    package var options: DeliveryOptions

    package init(
        destination: String, recipient: String = "", route: String, priority: Priority, dueAt: Timestamp, heldFor: Hold? = nil,
        options: DeliveryOptions = DeliveryOptions()
    ) {
        self.destination = destination
        self.recipient = recipient
        self.route = route
        self.priority = priority
        self.dueAt = dueAt
        self.heldFor = heldFor
        self.options = options
    }
}

/// An event about an approval goes to every destination and recipient that was sent the request, or still owes it.
///
/// Where the request is still owed and nobody is sending it, the event is `dropped: superseded`: the request will say the present.
package struct FollowRule: Sendable, Equatable {
    /// What stands as the route of a delivery that came by following.
    package var route: String
    package var dueAt: Timestamp

    package init(route: String, dueAt: Timestamp) {
        self.route = route
        self.dueAt = dueAt
    }
}

/// Why something owed is not due at once.
package enum Hold: String, Sendable, Codable, CaseIterable { case claim, retry, throttle, quiet }

/// What a delivery keeps of its route, whatever the configuration says later.
package struct DeliveryOptions: Codable, Sendable, Equatable {
    package var atMostOnce: Bool
    package var mention: String?
    /// It was delivered before, and is owed again because what its message shows has changed since: only a message that is still there
    /// is brought up to date.
    package var redraws: Bool

    package init(atMostOnce: Bool = false, mention: String? = nil, redraws: Bool = false) {
        self.atMostOnce = atMostOnce
        self.mention = mention
        self.redraws = redraws
    }
}

/// Takes an event into a window, which is opened if there is none. A closed window takes no member: the event joins the next.
package struct WindowJoin: Sendable, Equatable {
    package var kind: WindowKind
    package var name: String
    /// Empty if the window belongs to no destination.
    package var destination: String
    package var opensAt: Timestamp
    package var closesAt: Timestamp
    package var toldAtOnce: Bool
    /// Whichever window of the name is open will do: the times only say what a new one is like.
    package var joinsAnyOpen: Bool

    package init(
        kind: WindowKind, name: String, destination: String = "", opensAt: Timestamp, closesAt: Timestamp, toldAtOnce: Bool = false,
        joinsAnyOpen: Bool = false
    ) {
        self.kind = kind
        self.name = name
        self.destination = destination
        self.opensAt = opensAt
        self.closesAt = closesAt
        self.toldAtOnce = toldAtOnce
        self.joinsAnyOpen = joinsAnyOpen
    }
}

package enum WindowKind: String, Sendable, CaseIterable { case digest, quiet, storm }

/// Events gathered until it closes, and then told as one.
package struct Window: Sendable, Equatable {
    package var id: Int64
    package var kind: WindowKind
    package var name: String
    package var destination: String
    package var opensAt: Timestamp
    package var closesAt: Timestamp
    /// Nil while it is open.
    package var closedAt: Timestamp?
}

/// What a window holds at the moment when it closes.
package struct WindowContents: Sendable, Equatable {
    package var count: Int
    /// When the first and the last of them occurred; nil of none.
    package var from: Timestamp?
    package var until: Timestamp?
    /// The earliest of them.
    package var first: [Event]
}

package struct WindowMember: Sendable, Equatable {
    package var event: Event
    package var toldAtOnce: Bool
}
