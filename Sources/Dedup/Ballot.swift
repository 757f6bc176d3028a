package import RelayCore

/// One person's answer to an approval before it is stored. It becomes an `Answer`, or one vote of several that an answer needs.
package struct Ballot: Sendable, Equatable {
    package var account: String
    package var approval: String
    package var choice: Choice
    /// A name from `people:`, or the identity that `via` gives for somebody who has none.
    package var actor: String
    /// How the answer came in: `command line`, `link`, `slack`, …, with the destination where there is one.
    package var via: String
    /// The IP address that the answer came from; nil if it is not known.
    package var address: String?
    package var reason: String?
    /// The hash of what the person was shown; nil if that is the present state. A ballot whose hash is not the present one is not counted.
    package var shown: String?
    /// How many different people must approve before RevKeen is called. One rejection is always enough.
    package var peopleNeeded: Int
    /// The people whose votes count; nil means everybody's. A vote of somebody who may not decide any more does not.
    package var voters: [String]?

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

/// The result of `Ledger.ask`.
package enum BallotResult: Sendable, Equatable {
    /// The ballot became an answer, and the call to RevKeen is owed.
    case asked(Answer)
    /// An earlier answer is not settled yet or was taken.
    case earlier(Answer)
    /// The ballot is counted as a vote, and more people must approve.
    case voted([Vote])
    /// The approval has changed since it was shown. No answer and no vote was stored.
    case changed
}

/// The result of `Ledger.withdraw`.
package enum Withdrawal: Sendable, Equatable {
    case withdrawn(Answer)
    /// RevKeen may have been called for it already.
    case tooLate(Answer)
    /// No answer waits.
    case nothing
}

/// One person's approval where several people must approve.
package struct Vote: Sendable, Equatable {
    package var person: String
    package var at: Timestamp
    /// It was given on the command line, which no list of approvers binds.
    package var isByHand = false
}

extension [Vote] {
    /// The votes of those who may decide now.
    ///
    /// - Parameter voters: nil means everybody.
    package func counting(_ voters: [String]?) -> [Vote] { filter { $0.isByHand || voters?.contains($0.person) ?? true } }
}
