import Dedup
import RelayCore

/// When and how often a destination may be disturbed.
struct DestinationRules: Sendable, Equatable {
    var quiet: QuietHours?
    var ceiling: Ceiling?
    /// The destination's messages can be edited, which disturbs nobody.
    var edits = false
}
