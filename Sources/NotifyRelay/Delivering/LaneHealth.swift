import Dedup
import RelayCore

/// Decides from the verdicts on a lane's attempts what the lane may do now. This is a value without I/O.
///
/// Five transient failures in a row take a lane *down*. Then one delivery at a time is a probe, first after 5 s and at last every 5 min. A
/// success opens the lane, and so does a verdict on the message alone. A destination that is gone, or refuses access for 30 minutes,
/// *closes* the lane until a person opens it.
struct LaneHealth: Sendable, Equatable {
    enum State: Sendable, Equatable {
        case open
        case down(since: Timestamp, probes: Int, nextProbe: Timestamp)
        case closed(since: Timestamp)
    }

    enum Change: Sendable, Equatable {
        case none
        case wentDown
        /// `after` is how long the lane was not open.
        case opened(after: Duration)
        case closed
    }

    static let failuresUntilDown = 5
    static let graceForRefusal = Duration.seconds(30 * 60)
    private static let probing = RetryPolicy(first: .seconds(5), cap: .seconds(300))

    private(set) var state: State = .open
    /// Why the lane is not open, as a text for people; nil if it is open.
    private(set) var reason: String?
    /// The moment until which the destination asked us to wait.
    private(set) var blockedUntil: Timestamp = .distantPast
    private var failures = 0
    private var refusedSince: Timestamp?

    init() {}

    /// The state that another process or an earlier run of the program wrote; nil is an open lane.
    init(_ record: LaneRecord?) {
        guard let record else { return }
        switch record.state {
        case .open: return
        case .blocked: blockedUntil = record.until ?? .distantPast
        case .down: state = .down(since: record.since, probes: 1, nextProbe: .distantPast)
        case .closed: state = .closed(since: record.since)
        }
        reason = record.state == .blocked ? nil : record.reason
    }

    /// The record that commands and the next start of the program read.
    func record(of destination: String, at now: Timestamp) -> LaneRecord {
        func record(_ state: LaneRecord.State, since: Timestamp = now, until: Timestamp? = nil) -> LaneRecord {
            LaneRecord(destination: destination, state: state, reason: reason, since: since, until: until)
        }
        return switch state {
        case .open: blockedUntil > now ? record(.blocked, until: blockedUntil) : record(.open)
        case .down(let since, _, let nextProbe): record(.down, since: since, until: max(nextProbe, blockedUntil))
        case .closed(let since): record(.closed, since: since)
        }
    }

    var isOpen: Bool { state == .open }

    /// When the lane ceased to be open; nil if it is open.
    var since: Timestamp? {
        switch state {
        case .open: nil
        case .down(let since, _, _), .closed(let since): since
        }
    }

    /// The number of deliveries that may be under way at the same time, and the moment from which they may begin.
    func allowance(width: Int) -> (count: Int, from: Timestamp) {
        switch state {
        case .open: (width, blockedUntil)
        case .down(_, _, let nextProbe): (1, max(nextProbe, blockedUntil))
        case .closed: (0, .distantFuture)
        }
    }

    /// Records that the destination accepted a message and asked us to wait.
    mutating func block(until moment: Timestamp) { blockedUntil = max(blockedUntil, moment) }

    /// Moves all moments after the wall clock was set, so that what waits does so for as long as it would have.
    mutating func shift(by difference: Duration) {
        blockedUntil.shift(by: difference)
        refusedSince?.shift(by: difference)
        switch state {
        case .open: break
        case .down(let since, let probes, let nextProbe):
            state = .down(since: since + difference, probes: probes, nextProbe: nextProbe + difference)
        case .closed(let since): state = .closed(since: since + difference)
        }
    }

    mutating func succeeded(at now: Timestamp) -> Change {
        failures = 0
        refusedSince = nil
        guard case .down(let since, _, _) = state else { return .none }
        state = .open
        reason = nil
        return .opened(after: since.duration(to: now))
    }

    /// - Parameter unit: a number in 0..<1 from the caller's generator, which spreads the probes.
    mutating func failed(_ error: DeliveryError, at now: Timestamp, unit: Double) -> Change {
        switch error.verdict {
        case .retry, .uncertain:
            return transient(error, at: now, unit: unit)
        case .throttled(let after):
            blockedUntil = max(blockedUntil, now + (after ?? .seconds(5)))
            return .none
        case .refused, .vanished:
            // With `local` nothing was sent, so the destination is not judged. Else it judged a message, so it works.
            return error.reason == .local ? .none : succeeded(at: now)
        case .gone:
            return close(error.detail, at: now)
        case .suspect:
            let since = refusedSince ?? now
            refusedSince = since
            if since.duration(to: now) >= Self.graceForRefusal { return close(error.detail, at: now) }
            return transient(error, at: now, unit: unit)
        }
    }

    mutating func open(at now: Timestamp) -> Change {
        defer { self = LaneHealth() }
        switch state {
        case .open: return .none
        case .down(let since, _, _), .closed(let since): return .opened(after: since.duration(to: now))
        }
    }

    private mutating func transient(_ error: DeliveryError, at now: Timestamp, unit: Double) -> Change {
        failures += 1
        if case .down(let since, let probes, let nextProbe) = state {
            // Failures that were under way when it went down are no probes.
            guard now >= nextProbe else { return .none }
            state = .down(since: since, probes: probes + 1, nextProbe: now + Self.probing.delay(afterAttempt: probes + 1, unit: unit))
            return .none
        }
        guard failures >= Self.failuresUntilDown, isOpen else { return .none }
        state = .down(since: now, probes: 1, nextProbe: now + Self.probing.delay(afterAttempt: 1, unit: unit))
        reason = error.detail
        return .wentDown
    }

    private mutating func close(_ detail: String, at now: Timestamp) -> Change {
        if case .closed = state { return .none }
        state = .closed(since: now)
        reason = detail
        return .closed
    }
}
