package import RelayCore

/// An approval as last seen. Messages about it are rendered from this row, so that they show the present facts.
package struct ApprovalRow: Sendable, Equatable {
    package var account: String
    package var id: String
    /// Counts the states of the approval that were shown, from 1.
    package var version: Int
    package var shownHash: String
    package var payload: Payload
    package var priority: Priority
    /// The approval was open in some look. If it never was, its decision is stored and not sent.
    package var seenOpen: Bool
    package var updatedAt: Timestamp

    package init(
        account: String, id: String, version: Int, shownHash: String, payload: Payload, priority: Priority, seenOpen: Bool,
        updatedAt: Timestamp
    ) {
        self.account = account
        self.id = id
        self.version = version
        self.shownHash = shownHash
        self.payload = payload
        self.priority = priority
        self.seenOpen = seenOpen
        self.updatedAt = updatedAt
    }

    package var isOpen: Bool { detail?.state == .open }
}

extension ApprovalRow {
    /// Nil only in a row whose payload was removed by retention.
    package var detail: ApprovalDetail? {
        get { if case .approval(let detail) = payload.detail { detail } else { nil } }
        set { if let newValue { payload.detail = .approval(newValue) } }
    }

    /// Records that a reminder was sent, so that the approval's message shows it.
    package mutating func remind(step: Int, overdue: Bool) {
        let last = detail
        detail?.step = max(step, last?.step ?? 0)
        detail?.overdue = overdue || last?.overdue == true
    }
}

/// One answer to an approval. It is stored before RevKeen is called, so that a crash loses no answer.
package struct Answer: Sendable, Equatable {
    /// *asked*: the call to RevKeen is owed, or its response is not stored yet. *taken*: the answer became the decision. *lost*: the
    /// approval was decided otherwise, elsewhere or earlier, or shows something else now. *refused*: RevKeen refused the call. *withdrawn*: a
    /// person took it back before RevKeen was called. After the last three the approval can be answered again, as long as it is open.
    package enum State: String, Sendable, CaseIterable { case asked, taken, refused, lost, withdrawn }

    package var account: String
    package var approval: String
    /// The number of this answer among the answers to one approval, from 1. It is part of the idempotency key.
    package var round: Int
    package var choice: Choice
    package var actor: String
    package var via: String
    package var reason: String?
    package var askedAt: Timestamp
    package var dueAt: Timestamp
    /// The number of claims so far; a settlement under an older number changes nothing.
    package var fence: Int64
    /// RevKeen's last HTTP status; nil before the first response.
    package var status: Int?
    package var state: State
    /// The hash of what the person was shown. RevKeen is called only while the approval shows this.
    package var shown: String
    /// When RevKeen was first called; nil if it was not called yet, so that the answer cannot have taken effect.
    package var calledAt: Timestamp?

    package init(
        account: String, approval: String, round: Int = 1, choice: Choice, actor: String, via: String, reason: String? = nil,
        askedAt: Timestamp, dueAt: Timestamp, fence: Int64 = 0, status: Int? = nil, state: State = .asked, shown: String = "",
        calledAt: Timestamp? = nil
    ) {
        self.account = account
        self.approval = approval
        self.round = round
        self.choice = choice
        self.actor = actor
        self.via = via
        self.reason = reason
        self.askedAt = askedAt
        self.dueAt = dueAt
        self.fence = fence
        self.status = status
        self.state = state
        self.shown = shown
        self.calledAt = calledAt
    }
}
