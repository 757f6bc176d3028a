package import RelayCore

/// What is owed and what is dead, at one moment.
package struct Overview: Sendable, Equatable {
    package struct Destination: Sendable, Equatable {
        package var name: String
        package var owed: Int
        package var dead: Int
        /// When the oldest of what is owed was admitted.
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
        /// How many were counted so far.
        package var attempt: Int
    }

    /// The most that `dead` and `owedDeliveries` hold.
    package static let mostDead = 1000
    package static let mostOwed = 100

    package var owed: Int
    package var oldestOwed: Timestamp?
    /// By name: every destination that owes something or has something dead.
    package var destinations: [Destination]
    /// Oldest first.
    package var dead: [Dead]
    /// What is owed, oldest first.
    package var owedDeliveries: [OwedDelivery]
}

package struct StoredEvent: Sendable, Equatable {
    /// Its payload says nothing but the kind once retention has emptied it.
    package var event: Event
    /// No route fitted: it is owed to nobody, was never, and joined no window.
    package var unrouted: Bool
    package var isEmptied: Bool
    /// False if its kind, its priority or its payload is damaged in the store: its text says so.
    package var isReadable = true
}

/// What became of one event.
package struct History: Sendable, Equatable {
    package struct Delivery: Sendable, Equatable {
        package var id: Int64
        package var destination: String
        package var recipient: String
        package var route: String
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
        /// The id of the message that told of the window; nil while it is open, and of one that was closed without a word.
        package var toldIn: String?
        /// In a storm: the one that was told for all of them; nil where there is none.
        package var first: String?
    }

    package var deliveries: [Delivery]
    package var windows: [Joined]
}
