package import RelayCore

/// One thing that happened to what somebody said. Never changed, and kept as long as `retention.audit` says.
package struct AuditEntry: Sendable, Equatable {
    /// *voted*: one of several. *denied*: by somebody who may not. The others: what became of an answer.
    package enum State: String, Sendable, CaseIterable { case asked, taken, refused, lost, voted, denied }

    package var at: Timestamp
    package var account: String
    package var approval: String
    package var round: Int
    package var verdict: Choice
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
            at: now, account: answer.account, approval: answer.approval, round: answer.round, verdict: answer.verdict, actor: answer.actor,
            via: answer.via, address: address, reason: answer.reason, state: state, status: nil)
    }

    init(_ ballot: Ballot, round: Int, _ state: State, at now: Timestamp) {
        self.init(
            at: now, account: ballot.account, approval: ballot.approval, round: round, verdict: ballot.verdict, actor: ballot.actor,
            via: ballot.via, address: ballot.address, reason: ballot.reason, state: state, status: nil)
    }
}

extension AuditEntry.State {
    /// Nil of an answer that is still on its way.
    init?(end state: Answer.State) {
        switch state {
        case .asked: return nil
        case .taken: self = .taken
        case .refused: self = .refused
        case .lost: self = .lost
        }
    }
}
