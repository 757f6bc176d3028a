package import RelayCore

/// One thing that happened to what somebody answered. The row never changes, and is kept as long as `retention.audit` says.
package struct AuditEntry: Sendable, Equatable {
    /// *voted* is one approval of several that are needed. *denied* came from somebody who may not decide. The others say what became of
    /// an answer.
    package enum State: String, Sendable, CaseIterable { case asked, taken, refused, lost, voted, denied }

    package var at: Timestamp
    package var account: String
    package var approval: String
    package var round: Int
    package var choice: Choice
    package var actor: String
    package var via: String
    package var address: String?
    package var reason: String?
    package var state: State
    /// RevKeen's HTTP status, where there was one.
    package var status: Int?
}

extension AuditEntry {
    init(_ answer: Answer, _ state: State, address: String?, at now: Timestamp) {
        self.init(
            at: now, account: answer.account, approval: answer.approval, round: answer.round, choice: answer.choice, actor: answer.actor,
            via: answer.via, address: address, reason: answer.reason, state: state, status: nil)
    }

    init(_ ballot: Ballot, round: Int, _ state: State, at now: Timestamp) {
        self.init(
            at: now, account: ballot.account, approval: ballot.approval, round: round, choice: ballot.choice, actor: ballot.actor,
            via: ballot.via, address: ballot.address, reason: ballot.reason, state: state, status: nil)
    }
}

extension AuditEntry.State {
    /// Nil for an answer that is still on its way.
    init?(end state: Answer.State) {
        switch state {
        case .asked: return nil
        case .taken: self = .taken
        case .refused: self = .refused
        case .lost: self = .lost
        }
    }
}
