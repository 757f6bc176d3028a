package import RelayCore

/// One person's answer to an approval as it goes into the ledger. It becomes an `Answer`, or one vote of several that an answer needs.
package struct Ballot: Sendable, Equatable {
    package var account: String
    package var approval: String
    package var choice: Choice
    /// A name of `people:`, or what the way in knows somebody by.
    package var actor: String
    /// The way in: `command line`, `link`, `slack`, …, with the destination where there is one.
    package var via: String
    /// The IP address that the answer came from; nil where there is none.
    package var address: String?
    package var reason: String?
    /// The hash of what the person was shown; nil if they saw it in this moment. A ballot for something that has changed counts for nothing.
    package var shown: String?
    /// How many different people must approve before RevKeen is called. One rejection is always enough.
    package var peopleNeeded: Int

    package init(
        account: String, approval: String, choice: Choice, actor: String, via: String, address: String? = nil,
        reason: String? = nil, shown: String? = nil, peopleNeeded: Int = 1
    ) {
        self.account = account
        self.approval = approval
        self.choice = choice
        self.actor = actor
        self.via = via
        self.address = address
        self.reason = reason
        self.shown = shown
        self.peopleNeeded = peopleNeeded
    }
}

/// What the ledger made of a ballot.
package enum BallotResult: Sendable, Equatable {
    /// It became an answer, which RevKeen is to be told.
    case asked(Answer)
    /// Somebody was first, and their answer is on its way or was taken.
    case earlier(Answer)
    /// It is one vote, and more people must approve.
    case voted([Vote])
    /// The approval shows something else by now. Nothing was written.
    case changed
}

/// One of several people's approvals.
package struct Vote: Sendable, Equatable {
    package var person: String
    package var at: Timestamp
}
