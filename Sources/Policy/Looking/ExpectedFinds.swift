import RelayCore
import RelaySupport

/// The events that the looks of the last hour or so were expected to find, and their waiting. Both are forgotten with a half-life.
struct ExpectedFinds: Sendable {
    private static let halfLife = 1_800.0
    private(set) var events = 0.0
    private(set) var waiting = 0.0
    private var at: Timestamp?

    mutating func add(_ expected: ListOutlook.Expectation, at now: Timestamp) {
        let passed = max(0, (at ?? now).duration(to: now).inSeconds)
        let kept = Double.left(after: passed, halfLife: Self.halfLife)
        events = events * kept + expected.events
        waiting = waiting * kept + expected.waiting
        at = now
    }
}
