package import RelayCore

/// The right to deliver one thing, until its lease ends or somebody claims it anew.
package struct Claim: Sendable {
    package var delivery: Int64
    /// Counts the claims of this delivery. A settlement with an older one changes nothing.
    package var fence: Int64
    /// This attempt, from 1. Deferrals do not count.
    package var attempt: Int
    package var event: Event
    package var destination: String
    package var recipient: String
    package var route: RouteName
    package var priority: Priority
    package var firstFailedAt: Timestamp?
    package var options: DeliveryOptions
    /// Of what belongs to an approval: the approval as last seen, which may be newer than the event.
    package var present: ApprovalRow?
    /// Of what follows a request: the message that this destination was sent about it. Nil where there is none, or none that can be found.
    package var earlier: Receipt?
    /// The number of events collapsed into this one; nil if nothing is counted.
    package var collapsed: Int?

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
    /// It may have been delivered, and may not be sent again.
    case unknown(String)
    case dead(String)
    case dropped(String)
    /// Like `dropped`; and the message that was to be changed is gone for good.
    case vanished(String)
    /// Counts an attempt; the first one starts the time until it is given up.
    case retry(at: Timestamp, reason: String)
    /// Costs no attempt.
    case deferred(until: Timestamp, hold: DeferReason?)
}

/// One try, as it is written down.
package struct Attempt: Sendable, Equatable {
    package var at: Timestamp
    /// A closed word: `delivered`, `retry`, …
    package var outcome: String
    /// A closed word: `ok`, `timeout`, …
    package var reason: String
    /// For people.
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

/// What a lane last said of itself. A command writes it too: the daemon looks again when another process wrote.
package struct LaneRecord: Sendable, Equatable {
    /// *blocked*: open, but its destination asked everyone to wait until `until`.
    package enum State: String, Sendable, CaseIterable { case open, blocked, down, closed }

    package var destination: String
    package var state: State
    package var reason: String?
    package var since: Timestamp
    /// When it may speak again: the end of the block, or the next probe. Nil where only a person can tell.
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

/// Which deliveries a person means.
package enum Selection: Sendable, Equatable {
    /// By the number that `status` shows.
    case deliveries([Int64])
    /// By the id of their event.
    case events([String])
    case destination(String)
    case all
}

/// What a destination gave us to find its one message about a subject again.
package struct StoredReceipt: Sendable, Equatable {
    package enum State: String, Sendable, CaseIterable { case sent, uncertain, gone }

    package var receipt: Receipt
    /// Of an approval: the version that the message showed.
    package var version: Int?
    package var state: State
}
