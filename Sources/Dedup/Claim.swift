package import RelayCore

/// The right to make one delivery, until its lease ends or somebody claims it anew.
package struct Claim: Sendable {
    package var delivery: Int64
    /// Counts the claims of this delivery. A settlement with an older one changes nothing.
    package var fence: Int64
    /// The number of this attempt, from 1. Deferrals do not count.
    package var attempt: Int
    package var event: Event
    package var destination: String
    package var recipient: String
    package var route: String
    package var priority: Priority
    package var firstFailedAt: Timestamp?
    package var options: DeliveryOptions
    /// The approval that the event is about as last seen, which may be newer than the event; nil for all other events.
    package var present: ApprovalRow?
    /// The message that this destination was sent before about the same subject; nil if there is none, or none that can be found again.
    package var earlier: Receipt?
    /// How many events the first message of a collapse stands for besides its own; nil for all other messages.
    package var alike: Int?
    /// What of the delivery could not be read from the store, and is told, kept or sent accordingly.
    package var damages: Set<Damage> = []

    /// A part of a delivery that is damaged in the store.
    package enum Damage: Sendable, CaseIterable {
        /// The message says that the event cannot be read.
        case event
        /// The message is sent once at most.
        case options
        /// The earlier message cannot be found again, so it stays as it is.
        case receipt
    }

    package init(
        delivery: Int64, fence: Int64, attempt: Int, event: Event, destination: String, recipient: String = "", route: String,
        priority: Priority, firstFailedAt: Timestamp? = nil, options: DeliveryOptions = DeliveryOptions(),
        present: ApprovalRow? = nil, earlier: Receipt? = nil
    ) {
        self.delivery = delivery
        self.fence = fence
        self.attempt = attempt
        self.event = event
        self.destination = destination
        self.recipient = recipient
        self.route = route
        self.priority = priority
        self.firstFailedAt = firstFailedAt
        self.options = options
        self.present = present
        self.earlier = earlier
    }
}

/// How a claim ends.
package enum Settlement: Sendable, Equatable {
    case delivered(Receipt)
    /// It may have been delivered, and may not be sent again.
    case unknown(String)
    case dead(String)
    case dropped(String)
    /// Ends the delivery like `dropped`, and remembers that the message to be edited is gone for good.
    case vanished(String)
    /// Counts an attempt; the first one starts the time until it is given up.
    case retry(at: Timestamp, reason: String)
    /// Costs no attempt.
    case deferred(until: Timestamp, hold: DeferReason?)
}

/// One attempt as the ledger keeps it.
package struct Attempt: Sendable, Equatable {
    package var at: Timestamp
    /// A word of a closed set: `delivered`, `retry`, …
    package var outcome: String
    /// A word of a closed set: `ok`, `timeout`, …
    package var reason: String
    /// What happened, for people; empty after a success.
    package var detail: String
    package var took: Duration

    package init(at: Timestamp, outcome: String, reason: String, detail: String, took: Duration) {
        self.at = at
        self.outcome = outcome
        self.reason = reason
        self.detail = detail
        self.took = took
    }
}

package enum DeliveryState: String, Sendable, CaseIterable { case owed, delivered, unknown, dead, dropped }

/// The state of a lane as the ledger keeps it. A command writes it too: the daemon looks again when another process wrote.
package struct LaneRecord: Sendable, Equatable {
    /// *blocked* is open, but its destination asked everyone to wait until `until`.
    package enum State: String, Sendable, CaseIterable { case open, blocked, down, closed }

    package var destination: String
    package var state: State
    package var reason: String?
    package var since: Timestamp
    /// When the lane may send again: the end of the block, or the next probe. Nil if only a person can tell.
    package var until: Timestamp?

    /// A block ends by itself.
    package func state(at now: Timestamp) -> State {
        if state == .blocked, let until, until <= now { return .open }
        return state
    }

    package init(destination: String, state: State, reason: String?, since: Timestamp, until: Timestamp?) {
        self.destination = destination
        self.state = state
        self.reason = reason
        self.since = since
        self.until = until
    }
}

/// The deliveries that a person means.
package enum Selection: Sendable, Equatable {
    /// Deliveries by the numbers that `status` shows.
    case deliveries([Int64])
    /// All deliveries of events, by the events' ids.
    case events([String])
    case destination(String)
    case all
}

/// What a destination returned so that its one message about a subject can be found again.
package struct StoredReceipt: Sendable, Equatable {
    package enum State: String, Sendable, CaseIterable { case sent, uncertain, gone }

    /// Empty if it is damaged in the store.
    package var receipt: Receipt
    /// The version of the approval that the message showed; nil for all other subjects.
    package var version: Int?
    package var state: State
    /// False if the stored receipt is damaged: nothing can find its message again.
    package var isReadable = true
}
