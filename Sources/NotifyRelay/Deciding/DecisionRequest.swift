import Dedup
import Policy
import RelayCore
import RelaySupport

/// A request to decide an approval: who asks, for which choice, and what they saw. Each way in (page, button, command) makes one; the desk
/// turns it into a `Ballot`.
struct DecisionRequest: Sendable {
    var account: String
    var approval: String
    var choice: Choice
    /// The reason as it was typed; nil if the way in asks for none.
    var reason: String?
    /// What the person saw when they decided; nil means that the present state of the approval counts.
    var shown: Shown?
    var speaker: Speaker

    enum Shown: Sendable, Equatable {
        /// The whole hash: a page sends it back, and the signature of a button proves it.
        case hash(String)
        /// A button of ours for something that the approval does not show now.
        case outdated
        /// A button of ours that is too old.
        case expired

        func isStill(_ row: ApprovalRow) -> Bool {
            switch self {
            case .hash(let hash): isSame(Array(hash.utf8), Array(row.shownHash.utf8))
            case .outdated, .expired: false
            }
        }
    }
}
