import Dedup
import RelayCore

/// The state of the relay itself at one moment: what is wrong, its lanes with what they owe, its feeds and its dead deliveries.
struct RelayStatus: Sendable {
    var overview: Overview
    /// The destinations of the configuration. A destination that is not in it any more is shown while it is owed deliveries.
    var known: [String]
    var lanes: [LaneRecord]
    var feeds: [(account: String, feed: String, age: Duration, saturated: Bool, gaps: Int)]
    var troubles: [SelfReport.Trouble]
    var readiness: Readiness
    var version: String
    /// The relay that leads, or that led last; nil if none ever did.
    var leader: Leader?
}
