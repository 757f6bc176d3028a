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

    enum Shown: Sendable {
        /// The whole hash, from a page.
        case hash(String)
        /// The beginning of the hash, from a button.
        case button(ButtonToken)

        func isStill(_ row: ApprovalRow) -> Bool {
            switch self {
            case .hash(let hash): isSame(Array(hash.utf8), Array(row.shownHash.utf8))
            case .button(let token): token.isFor(row)
            }
        }
    }
}
