import RelayCore

/// One answer that shows approvals.
struct ApprovalLook {
    /// By the clock that never jumps, when it was asked for: what was asked earlier is older, whenever it came.
    var asked: Duration
    var isFirst: Bool
    /// Nil for a list, which does not say.
    var runIsFinished: Bool?
}

/// What is remembered between looks at approvals, in memory alone.
struct ApprovalLooks {
    private static let askAgain = Duration.seconds(30)

    /// Open, and not in the last list.
    var absent: Set<String> = []
    private var taken: [String: Duration] = [:]
    private var askedFor: [String: Timestamp] = [:]

    /// Whether an answer is not older than the last one that was used for this approval.
    mutating func take(_ id: String, asked: Duration) -> Bool {
        if let last = taken[id], asked < last { return false }
        if taken.count > 5_000 { taken = taken.filter { asked - $0.value < .seconds(600) } }
        taken[id] = asked
        return true
    }

    mutating func mayAskFor(_ id: String, at now: Timestamp) -> Bool {
        askedFor = askedFor.filter { absent.contains($0.key) }
        if let last = askedFor[id], now < last + Self.askAgain { return false }
        askedFor[id] = now
        return true
    }

    mutating func shift(by difference: Duration) {
        for id in askedFor.keys { askedFor[id]?.shift(by: difference) }
    }
}
