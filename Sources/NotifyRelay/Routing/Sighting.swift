import Dedup
import RelayCore

/// Something that a look brought, before it is routed.
struct Sighting: Sendable {
    /// How it is told.
    enum Telling: Sendable, Equatable {
        /// By the routes.
        case routed
        /// An update of an approval: to whoever was sent or still owes the request, and nobody else.
        case following
        /// A decision: to whoever was sent or still owes the request, and by the routes.
        case followingAndRouted
        /// Remembered, so that it is never told: from before the relay's time.
        case silent
    }

    var event: Event
    var approval: ApprovalRow?
    var telling: Telling
    /// A destination that is told whatever the routes say: the fallback of the one that the event is about.
    var also: String?

    init(_ event: Event, approval: ApprovalRow? = nil, telling: Telling = .routed, also: String? = nil) {
        self.event = event
        self.approval = approval
        self.telling = telling
        self.also = also
    }
}
