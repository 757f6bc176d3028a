package import RelayCore

/// The right to attempt one delivery, until its lease ends or it is claimed again.
package struct Claim: Sendable {
    package var delivery: Int64
    /// The number of claims of this delivery so far.
    /// A settlement with an older number changes nothing.
    package var fence: Int64
    /// The number of this attempt, from 1.
    /// Deferrals do not count.
    package var attempt: Int
    package var event: Event
    package var destination: String
    package var recipient: String
    package var route: RouteName
    package var priority: Priority
    package var firstFailedAt: Timestamp?
    package var options: DeliveryOptions
    /// The destination refused the trimmings of the message, so it is sent in its plainest shape.
    package var isPlain = false
    /// How often the destination refused the message for an unknown cause.
    package var refusals = 0
    /// When it first did so; nil if it never did.
    package var refusedAt: Timestamp?
    /// The approval as last seen, which may be newer than the event; nil if the event is not about an approval.
    package var present: ApprovalRow?
    /// The earlier message about the same subject, which this delivery edits or follows; nil if there is none that can be found again.
    package var earlier: Receipt?
    /// The number of events collapsed into this one; nil if nothing is counted.
    package var collapsed: Int?
    /// The success that ended the failures to which a failed run belongs; nil if there is none yet, or if the message does not say so.
    package var recovery: RunDetail.Recovery?
    /// The parts of the delivery that could not be read from the store. `Damage` says how each is handled.
    package var damages: Set<Damage> = []

    /// A part of a delivery that is damaged in the store.
    package enum Damage: Sendable, CaseIterable {
        /// The message says that the event cannot be read.
        case event
        /// The message is sent at most once.
        case options
        /// The earlier message cannot be found again, so it stays as it is.
        case receipt
    }

    package init(
        delivery: Int64, fence: Int64, attempt: Int, event: Event, destination: String, recipient: String = "", route: RouteName,
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
    /// The message may have been delivered and must not be sent again.
    case unknown(String)
    case dead(String)
    case dropped(String)
    /// The delivery is dropped because the message to edit no longer exists; nothing edits that message again.
    case vanished(String)
    /// Counts an attempt.
    /// The first one starts the time after which the delivery is given up.
    case retry(at: Timestamp, reason: String)
    /// Counts an attempt and a refusal of unknown cause.
    case doubted(until: Timestamp, reason: String)
    /// Counts an attempt.
    /// The message is due at once, in its plainest shape.
    case plain(String)
    /// Does not count as an attempt.
    case deferred(until: Timestamp, hold: DeferReason?)
}

/// One attempt as the store keeps it.
package struct Attempt: Sendable, Equatable {
    package var at: Timestamp
    /// A word from a closed set: `delivered`, `retry`, …
    package var outcome: String
    /// A word from a closed set: `ok`, `timeout`, …
    package var reason: String
    /// A description for people.
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

/// The last known state of a lane.
/// Commands write it too; the daemon reads it again after another process wrote.
package struct LaneRecord: Sendable, Equatable {
    /// A *blocked* lane is open, but its destination asked us to pause until `until`.
    package enum State: String, Sendable, CaseIterable { case open, blocked, down, closed }

    package var destination: String
    package var state: State
    package var reason: String?
    package var since: Timestamp
    /// The end of the block or the time of the next probe; nil if only a person can open the lane.
    package var until: Timestamp?

    /// The state at a moment, because a block ends by itself.
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

/// The deliveries that a command names.
package enum Selection: Sendable, Equatable {
    /// Deliveries by the numbers that `status` shows.
    case deliveries([Int64])
    /// All deliveries of the events with these ids.
    case events([String])
    case destination(String)
    case all
}

/// The stored receipt of the message about a subject at one destination.
package struct StoredReceipt: Sendable, Equatable {
    package enum State: String, Sendable, CaseIterable { case sent, uncertain, gone }

    /// Empty if it is damaged in the store.
    package var receipt: Receipt
    /// The version of the approval that the message showed; nil if the subject is not an approval.
    package var version: Int?
    package var state: State
    /// False if the stored receipt is damaged: nothing can find its message again.
    package var isReadable = true
}
