import Dedup
import Policy
import RelayCore

/// What pages see of approvals, and of the people who read them.
protocol ApprovalReading: Sendable {
    /// Looks at RevKeen if the last good look at the account is older than `age`, for a few seconds at most. After that the ledger has what
    /// is known, which `view` shows.
    func refresh(_ account: String, within age: Duration) async

    /// An approval as last seen; nil if the relay knows nothing of it.
    ///
    /// - Throws: if the store cannot be read. That says nothing about the approval.
    func view(of approval: String, account: String, by speaker: Speaker) async throws(LedgerError) -> ApprovalView?

    /// Who reads what was sent to a destination.
    ///
    /// - Parameter mark: `DecisionToken.mark` of the one recipient; nil where a room reads it.
    func reader(at destination: String, mark: String?) async -> Reader
}

/// Everything that a page shows of one approval to one person.
struct ApprovalView: Sendable {
    var row: ApprovalRow
    /// The last answer to it; nil if there is none.
    var answer: Answer?
    /// Those who have approved so far, where several must.
    var votes: [Vote]
    var peopleNeeded: Int
    /// Why the person cannot decide it here; nil if they can.
    var whyNot: String?
    var facts: DecisionFacts
    /// The names of RevKeen's user ids.
    var people: [String: String]
}

/// Who reads at a destination.
struct Reader: Sendable, Equatable {
    /// A name of `people:`; nil where more than one person reads, or one who is not known.
    var person: String?
    /// What the audit calls them if they are not known.
    var name: String
}
