package import Dedup
package import RelayCore

/// An event that a source found, before it is routed.
package struct Sighting: Sendable {
    /// Who gets the event.
    package enum Telling: Sendable, Equatable {
        /// The destinations of the routes.
        case routed
        /// Only the destinations that got or still owe the request; for an update of an approval.
        case following
        /// The destinations that got or still owe the request, and those of the routes; for a decision.
        case followingAndRouted
        /// Only the message of the beginning is changed, where that can be; for the end of an absence in which nothing happened.
        case editing
        /// Nobody: the event is from before the relay's first look and is only remembered.
        case silent
    }

    package var event: Event
    package var approval: ApprovalRow?
    package var telling: Telling
    /// A destination that gets the event whatever the routes say: the fallback of the one that the event is about.
    package var also: String?

    package init(_ event: Event, approval: ApprovalRow? = nil, telling: Telling = .routed, also: String? = nil) {
        self.event = event
        self.approval = approval
        self.telling = telling
        self.also = also
    }
}
