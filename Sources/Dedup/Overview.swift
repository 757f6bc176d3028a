package import RelayCore

/// The deliveries that are owed or dead, at one moment.
package struct Overview: Sendable, Equatable {
    package struct Destination: Sendable, Equatable {
        package var name: String
        package var owed: Int
        package var dead: Int
        /// When the event of the oldest owed delivery was admitted; nil if nothing is owed.
        package var oldestOwed: Timestamp?
    }

    package struct Dead: Sendable, Equatable {
        package var id: Int64
        package var event: String
        package var destination: String
        package var reason: String
        package var since: Timestamp
    }

    package struct OwedDelivery: Sendable, Equatable {
        package var id: Int64
        package var event: String
        package var destination: String
        package var dueAt: Timestamp
        package var heldFor: DeferReason?
        /// The number of attempts so far.
        package var attempt: Int
    }

    /// The maximum lengths of `dead` and `owedDeliveries`.
    package static let mostDead = 1000
    package static let mostOwed = 100

    package var owed: Int
    package var oldestOwed: Timestamp?
    /// Every destination that has owed or dead deliveries, sorted by name.
    package var destinations: [Destination]
    /// The dead deliveries, oldest first.
    package var dead: [Dead]
    /// The owed deliveries, oldest first.
    package var owedDeliveries: [OwedDelivery]
}

package struct StoredEvent: Sendable, Equatable {
    /// The event as it is stored. Once retention has emptied it, its payload has only the kind.
    package var event: Event
    /// No route applied: the event has no delivery and joined no window.
    package var unrouted: Bool
    package var isEmptied: Bool
    /// False if its kind, its priority or its payload is damaged in the store; its text then says so.
    package var isReadable = true
}

/// The deliveries and windows of one event.
package struct History: Sendable, Equatable {
    package struct Delivery: Sendable, Equatable {
        package var id: Int64
        package var destination: String
        package var recipient: String
        package var route: RouteName
        package var priority: Priority
        package var state: DeliveryState
        package var dueAt: Timestamp
        package var heldFor: DeferReason?
        package var attempt: Int
        package var firstFailedAt: Timestamp?
        package var reason: String?
        package var settledAt: Timestamp?
        package var attempts: [Attempt]
    }

    package struct Joined: Sendable, Equatable {
        package var window: Window
        package var toldAtOnce: Bool
        /// The id of the window's message; nil while the window is open, and if it closed without a message.
        package var toldIn: String?
        /// The id of the event that was sent for the whole collapse; nil for windows of other kinds.
        package var first: String?
    }

    package var deliveries: [Delivery]
    package var windows: [Joined]
}
