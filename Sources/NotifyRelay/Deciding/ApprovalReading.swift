import Dedup
import Policy
import RelayCore

/// Reads approvals for pages, and finds out who reads a page.
protocol ApprovalReading: Sendable {
    /// Looks at RevKeen if the last good look at the account is older than `age`. It returns after a few seconds at most. `view` then shows
    /// what the ledger holds.
    func refresh(_ account: String, within age: Duration) async

    /// An approval as last seen; nil if the ledger does not have it.
    ///
    /// - Throws: if the store cannot be read. The approval may exist all the same.
    func view(of approval: String, account: String, by speaker: Speaker) async throws(LedgerError) -> ApprovalView?

    /// The person who reads a message at a destination.
    ///
    /// - Parameter mark: `DecisionToken.mark` of the recipient or of the room; nil in links of older versions, which are only read.
    func reader(at destination: String, mark: String?) async -> Reader
}

/// Everything that a page shows of one approval to one person.
struct ApprovalView: Sendable {
    var row: ApprovalRow
    /// The last answer to it; nil if there is none.
    var answer: Answer?
    /// The people who have approved so far, if several must.
    var votes: [Vote]
    var peopleNeeded: Int
    /// Who rejects must say why.
    var needsReason = false
    /// Why the person cannot decide it here; nil if they can.
    var whyNot: String?
    var facts: DecisionFacts
    /// The names of people by their user ids at RevKeen.
    var people: [String: String]
}

/// The person who reads a message at a destination.
struct Reader: Sendable, Equatable {
    /// A name of `people:`; nil if more than one person reads there, or if the person is not known.
    var person: String?
    /// The name in the audit for a reader who is not known.
    var name: String
    /// False if the message was sent to somebody, or to a room, that the destination does not name any more.
    var isRecipient = true
}
