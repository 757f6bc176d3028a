package import RelayCore

/// Learns how much a destination takes: how many messages at once, and how often. This is a value without I/O.
///
/// It begins with a few messages at once and allows one more for every two that are accepted, so a destination that bears the full width
/// gets it after a few round trips. After a throttle it sends one message and grows again, as a congestion window does (RFC 5681), and
/// keeps a little above the rate at which messages were accepted before the throttle.
package struct SendWindow: Sendable, Equatable {
    private static let firstSize = 4.0
    private static let growth = 0.5
    /// By how much the pace rises with each accepted message. A receiver of 5 messages a second then refuses about one in ten.
    private static let acceleration = 1.02
    /// So many accepted messages in a row say that the throttle was about something else than this pace. The pace then rises faster.
    private static let manyAccepted = 12
    private static let fastAcceleration = 1.1
    /// A pace that is slower than this rises faster as well: a wrong guess costs one attempt, and a slow one costs people minutes.
    private static let slow = Duration.seconds(1)
    private static let slowAcceleration = 1.25
    /// A pace is forgotten when no throttle came for this long.
    private static let memory = Duration.seconds(300)
    private static let mostRemembered = 128

    private var size = firstSize
    /// The learned time between two messages; nil sends as the window allows.
    private var interval: Duration?
    private var nextAt: Timestamp = .distantPast
    private var throttledAt: Timestamp = .distantPast
    /// The number of messages that were accepted since the last throttle.
    private var streak = 0
    /// When the last messages were accepted, oldest first.
    private var accepted: [Timestamp] = []

    package init() {}

    /// The number of messages that may be under way at the same time.
    package func count(within width: Int) -> Int { min(width, max(1, Int(size))) }

    /// True while messages go out one by one at a learned pace.
    package var isPaced: Bool { interval != nil }

    /// When the next message may begin.
    package var opensAt: Timestamp { interval == nil ? .distantPast : nextAt }

    package mutating func began(at now: Timestamp) {
        guard let interval else { return }
        nextAt = max(nextAt, now) + interval
    }

    package mutating func succeeded(at now: Timestamp) {
        size = min(size + Self.growth, 1_000)
        if accepted.count == Self.mostRemembered { accepted.removeFirst(Self.mostRemembered / 2) }
        accepted.append(now)
        streak += 1
        guard let interval else { return }
        let acceleration =
            interval > Self.slow ? Self.slowAcceleration : streak > Self.manyAccepted ? Self.fastAcceleration : Self.acceleration
        let faster = interval * (1 / acceleration)
        self.interval = throttledAt.duration(to: now) > Self.memory || faster < .milliseconds(1) ? nil : faster
    }

    /// - Parameter wait: the wait that the destination asked for. Its rate limit probably counts over a similar time.
    package mutating func throttled(for wait: Duration, at now: Timestamp) {
        let span = min(max(wait, .seconds(1)), .seconds(60))
        let recent = accepted.filter { $0 > now - span }
        // If the oldest acceptance that is remembered is within the span, there were more, which are forgotten.
        let known = recent.count < accepted.count || accepted.count < Self.mostRemembered / 2
        let time = known ? span : min(span, max(.seconds(1), recent[0].duration(to: now)))
        interval = recent.count < 2 ? nil : time / recent.count
        size = 1
        streak = 0
        nextAt = now + wait
        throttledAt = now
    }

    /// Moves all moments after the wall clock was set.
    package mutating func shift(by difference: Duration) {
        nextAt.shift(by: difference)
        throttledAt.shift(by: difference)
        for index in accepted.indices { accepted[index].shift(by: difference) }
    }
}
