import RelayCore

/// One response that shows approvals: a list or a run's detail.
struct ApprovalLook {
    /// When it was requested, by the monotonic clock. A response that was requested earlier is older, whenever it arrived.
    var asked: Duration
    var isFirst: Bool
    /// Whether the run is over; nil for a list, which does not show it.
    var runIsFinished: Bool?
}

/// The state that is kept between looks at approvals, in memory only.
struct ApprovalLooks {
    private static let askAgain = Duration.seconds(30)

    /// The open approvals that were not in the last list.
    var absent: Set<String> = []
    private var taken: [String: Duration] = [:]
    private var askedFor: [String: Timestamp] = [:]

    /// Returns whether a response is at least as new as the last one that was used for this approval. If so, it counts as used.
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
