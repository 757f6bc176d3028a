package import RelayCore

/// How far a feed was read.
package struct FeedState: Sendable, Equatable {
    package var account: String
    package var name: String
    /// What is older is remembered and not told. Stored before the first list is used; nil before that.
    package var since: Timestamp?
    package var firstReadAt: Timestamp?
    package var lastReadAt: Timestamp?
    package var lastShown: String?
    package var saturated: Bool

    package init(
        account: String, name: String, since: Timestamp? = nil, firstReadAt: Timestamp? = nil, lastReadAt: Timestamp? = nil,
        lastShown: String? = nil, saturated: Bool = false
    ) {
        self.account = account
        self.name = name
        self.since = since
        self.firstReadAt = firstReadAt
        self.lastReadAt = lastReadAt
        self.lastShown = lastShown
        self.saturated = saturated
    }
}

/// A run whose detail is looked at until nothing more can come of it.
package struct RunWatch: Sendable, Equatable {
    package var account: String
    package var run: String
    package var automation: String
    /// Hash of the run's row in the list. Another one means that something changed.
    package var shown: String
    /// Nil while it runs.
    package var completedAt: Timestamp?
    /// Of the ladder of looks after completion, from 0.
    package var rung: Int
    package var dueAt: Timestamp
    /// Nothing more is looked at, unless its row changes.
    package var settled: Bool

    package init(
        account: String, run: String, automation: String, shown: String, completedAt: Timestamp? = nil, rung: Int = 0,
        dueAt: Timestamp, settled: Bool = false
    ) {
        self.account = account
        self.run = run
        self.automation = automation
        self.shown = shown
        self.completedAt = completedAt
        self.rung = rung
        self.dueAt = dueAt
        self.settled = settled
    }
}
