package import RelayCore

/// The state of one feed of an account, as it is stored.
package struct FeedState: Sendable, Equatable {
    package var account: String
    package var name: String
    /// Items from before this moment are stored and not sent. Nil until it is stored, which happens before the first list is used.
    package var since: Timestamp?
    package var firstReadAt: Timestamp?
    package var lastReadAt: Timestamp?
    package var saturated: Bool

    package init(
        account: String, name: String, since: Timestamp? = nil, firstReadAt: Timestamp? = nil, lastReadAt: Timestamp? = nil,
        saturated: Bool = false
    ) {
        self.account = account
        self.name = name
        self.since = since
        self.firstReadAt = firstReadAt
        self.lastReadAt = lastReadAt
        self.saturated = saturated
    }
}

/// A run whose detail is read repeatedly until nothing new can appear in it.
package struct RunWatch: Sendable, Equatable {
    package var account: String
    package var run: String
    package var automation: String
    /// A hash of the run's row in the list; a different hash means that the run has changed.
    package var shown: String
    /// When the run completed; nil while it is not complete.
    package var completedAt: Timestamp?
    /// The step of the detail ladder that is due next, from 1; 0 before the first look. While the run is not complete, it counts the looks
    /// in a row that brought nothing.
    package var rung: Int
    package var dueAt: Timestamp
    /// The detail is not read again, unless the run's row in the list changes.
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
