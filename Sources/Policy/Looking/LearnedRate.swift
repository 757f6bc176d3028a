import RelaySupport

/// How often something happens, learned from what was seen: a count of events and the time in which they were counted.
///
/// Both are forgotten with a half-life, so that the rate follows a change. What is expected before anything is known is given with each
/// question, because it comes from all lists of an account together.
package struct LearnedRate: Sendable, Equatable {
    package static let halfLife = 12.0 * 3_600
    /// The weight of what is expected before anything is known, in events.
    static let priorWeight = 0.25
    /// One event an hour, in events a second: what is expected of an account of which nothing is known.
    package static let unknown = 1.0 / 3_600
    /// The most events that one look counts. What comes in one heap says little about how often to look.
    static let mostOfLook = 20

    package private(set) var events: Double
    /// Seconds in which the events were counted.
    package private(set) var seconds: Double

    package init(events: Double = 0, seconds: Double = 0) {
        self.events = events.isFinite ? max(0, events) : 0
        self.seconds = seconds.isFinite ? max(0, seconds) : 0
    }

    /// Counts what was seen in a time.
    package mutating func saw(_ count: Int, in duration: Double) {
        let duration = min(max(0, duration), 14 * Self.halfLife)
        let kept = Double.left(after: duration, halfLife: Self.halfLife)
        events = events * kept + Double(min(max(0, count), Self.mostOfLook))
        seconds = seconds * kept + duration
    }

    /// Events a second.
    ///
    /// - Parameter prior: the rate that is expected before anything is known.
    package func rate(prior: Double) -> Double {
        (Self.priorWeight + events) / (Self.priorWeight / max(prior, Self.least) + seconds)
    }

    /// The mean of several, as far as it is known: what is expected of another one.
    package static func mean(ofEvents events: Double, seconds: Double) -> Double {
        (priorWeight + events) / (priorWeight / unknown + seconds)
    }

    /// One event in 300 days.
    private static let least = 1.0 / (300 * 86_400)
}
