package import RelayCore

/// A part of a list that was not read yet: the list was full, and nothing of its end was known.
///
/// It is stored before anything of the list is, and taken away after its last page is stored. So whatever ends the program in between, the
/// reading goes on.
package struct Gap: Sendable, Equatable {
    package enum Feed: String, Sendable, CaseIterable { case approvals, runs }

    package var account: String
    package var feed: Feed
    /// The automation whose runs the list shows; empty for the list of approvals.
    package var about: String
    package var openedAt: Timestamp
    /// The last row that was stored before the gap opened. Rows after it come from the list itself and say nothing about what is below them.
    package var lastKnown: Int64
    /// The time of the oldest entry that was read; nil if none had a readable time.
    package var oldest: Timestamp?
    /// The number of entries from the top of the list that were read.
    package var reached: Int

    package init(
        account: String, feed: Feed, about: String = "", openedAt: Timestamp, lastKnown: Int64 = 0, oldest: Timestamp? = nil,
        reached: Int = 0
    ) {
        self.account = account
        self.feed = feed
        self.about = about
        self.openedAt = openedAt
        self.lastKnown = lastKnown
        self.oldest = oldest
        self.reached = reached
    }
}
