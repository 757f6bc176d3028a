package import RelayCore

/// What somebody says to an approval, on its way into the ledger.
package struct Ballot: Sendable, Equatable {
    package var account: String
    package var approval: String
    package var verdict: Choice
    /// A name of `people:`, or what the way in knows somebody by.
    package var actor: String
    /// The way in: `command line`, `link`, `slack`, …, with the destination where there is one.
    package var via: String
    /// Where it came from, as far as that is known: an IP address.
    package var address: String?
    package var reason: String?
    /// The hash of what was shown to whoever decides; nil: they saw it in this moment. Once something else is to be decided, it counts for
    /// nothing.
    package var shown: String?
    /// So many different people must approve before RevKeen is called. One rejection is enough, always.
    package var peopleNeeded: Int

    package init(
        account: String, approval: String, verdict: Choice, actor: String, via: String, address: String? = nil,
        reason: String? = nil, shown: String? = nil, peopleNeeded: Int = 1
    ) {
        self.account = account
        self.approval = approval
        self.verdict = verdict
        self.actor = actor
        self.via = via
        self.address = address
        self.reason = reason
        self.shown = shown
        self.peopleNeeded = peopleNeeded
    }
}

/// What a ballot came to.
package enum BallotResult: Sendable, Equatable {
    case asked(Answer)
    /// Somebody was first, and their answer is on its way or was taken.
    case earlier(Answer)
    /// It is counted, and more people must approve.
    case voted([Vote])
    /// Something else is to be decided by now than what was shown.
    case changed
}

/// One of several people's approvals.
package struct Vote: Sendable, Equatable {
    package var person: String
    package var at: Timestamp
}
