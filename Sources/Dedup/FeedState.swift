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
    /// How long a thing waits until it is seen; nil while that is not known.
    package var delay: SeenDelay?

    /// How long things wait until they are seen, from their own time.
    package struct SeenDelay: Sendable, Equatable {
        /// By how often the feed is looked at now.
        package var expected: Duration?
        /// As it was measured lately; nil if nothing was seen.
        package var median: Duration?
        /// 95 of 100 things waited at most so long.
        package var most: Duration?
        /// The factor by which the longest time between two looks is stretched, so that the request budget is kept.
        package var stretch: Double

        package init(expected: Duration? = nil, median: Duration? = nil, most: Duration? = nil, stretch: Double = 1) {
            self.expected = expected
            self.median = median
            self.most = most
            self.stretch = stretch
        }
    }

    package init(
        account: String, name: String, since: Timestamp? = nil, firstReadAt: Timestamp? = nil, lastReadAt: Timestamp? = nil,
        saturated: Bool = false, delay: SeenDelay? = nil
    ) {
        self.account = account
        self.name = name
        self.since = since
        self.firstReadAt = firstReadAt
        self.lastReadAt = lastReadAt
        self.saturated = saturated
        self.delay = delay
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
    package var haste: Haste
    /// When the run started, or was made if it is not known when it started. Nil unless a rule expects something of the automation.
    package var startedAt: Timestamp?
    /// Whether a list showed that the run succeeded. Nil unless a rule expects something of the automation.
    package var succeeded: Bool?
    /// A list shows the run as cancelled.
    package var isCancelled = false
    /// The row is only changed while it has this `shown`, because what is stored here comes from before a later change of it. Nil changes it
    /// in any case. It is not stored.
    package var onlyIfShown: String?

    /// Which of the details that are due is read first.
    package enum Haste: Int, Sendable, CaseIterable, Comparable {
        /// The run goes on, or it was read since it finished.
        case late
        /// The run finished and was not read since.
        case finished
        /// The run failed and was not read since.
        case failed
        /// An approval waits to be judged by its run.
        case asked

        package static func < (a: Haste, b: Haste) -> Bool { a.rawValue < b.rawValue }
    }

    package init(
        account: String, run: String, automation: String, shown: String, completedAt: Timestamp? = nil, rung: Int = 0,
        dueAt: Timestamp, settled: Bool = false, haste: Haste = .late
    ) {
        self.account = account
        self.run = run
        self.automation = automation
        self.shown = shown
        self.completedAt = completedAt
        self.rung = rung
        self.dueAt = dueAt
        self.settled = settled
        self.haste = haste
    }
}

/// The next state of a watch, which depends on whether its detail brought an event that is new.
package struct WatchAfter: Sendable {
    package var ifNew: RunWatch
    package var ifKnown: RunWatch

    package init(ifNew: RunWatch, ifKnown: RunWatch) {
        self.ifNew = ifNew
        self.ifKnown = ifKnown
    }
}
