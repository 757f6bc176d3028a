package import RelayCore

/// One entry of the audit of answers, votes and denied attempts. Its row never changes and is kept for `retention.audit`.
package struct AuditEntry: Sendable, Equatable {
    /// *voted* is one approval of several that are needed. *denied* is an attempt by somebody who may not decide. The others are the states
    /// of an answer.
    package enum State: String, Sendable, CaseIterable { case asked, taken, refused, lost, voted, denied, withdrawn }

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
    /// RevKeen's HTTP status; nil if there was no response.
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
    /// Nil for an answer that is not settled yet.
    init?(end state: Answer.State) {
        switch state {
        case .asked: return nil
        case .taken: self = .taken
        case .refused: self = .refused
        case .lost: self = .lost
        case .withdrawn: self = .withdrawn
        }
    }
}
