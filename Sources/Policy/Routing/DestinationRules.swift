package import Dedup

/// When and how often a destination may be disturbed.
package struct DestinationRules: Sendable, Equatable {
    package var quiet: QuietHours?
    package var ceiling: Ceiling?
    /// The destination's messages can be edited, which disturbs nobody.
    package var edits: Bool
    /// Its messages are read by programs, which are told of every end.
    package var isForPrograms = false

    package init(quiet: QuietHours? = nil, ceiling: Ceiling? = nil, edits: Bool = false) {
        self.quiet = quiet
        self.ceiling = ceiling
        self.edits = edits
    }
}
