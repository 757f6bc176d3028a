import Dedup
import RelayCore

/// What a lane may do now, decided from what its attempts brought. A value without I/O.
///
/// *Down*: five transient failures in a row; then one delivery probes, 5 s doubling to 5 min, and one success opens.
/// *Closed*: gone, or refused for 30 minutes; opened only by a person.
struct LaneHealth: Sendable, Equatable {
    enum State: Sendable, Equatable {
        case open
        case down(since: Timestamp, probes: Int, nextProbe: Timestamp)
        case closed(since: Timestamp)
    }

    enum Change: Sendable, Equatable {
        case none
        case wentDown
        /// `after`: how long it was not open.
        case opened(after: Duration)
        case closed
    }

    static let failuresUntilDown = 5
    static let graceForRefusal = Duration.seconds(30 * 60)
    private static let probing = RetryPolicy(first: .seconds(5), cap: .seconds(300))

    private(set) var state: State = .open
    /// Why it is not open, in words for people.
    private(set) var reason: String?
    /// The destination asked everyone to wait until then.
    private(set) var blockedUntil: Timestamp = .distantPast
    private var failures = 0
    private var refusedSince: Timestamp?

    init() {}

    /// As another process or an earlier run of the program left it.
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

    /// As it is written down for commands and for the next start.
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

    /// Since when it is not open; nil if it is.
    var since: Timestamp? {
        switch state {
        case .open: nil
        case .down(let since, _, _), .closed(let since): since
        }
    }

    /// How many deliveries may be under way at once, and from when.
    func allowance(width: Int) -> (count: Int, from: Timestamp) {
        switch state {
        case .open: (width, blockedUntil)
        case .down(_, _, let nextProbe): (1, max(nextProbe, blockedUntil))
        case .closed: (0, .distantFuture)
        }
    }

    /// The destination took something, and asks for a pause.
    mutating func block(until moment: Timestamp) { blockedUntil = max(blockedUntil, moment) }

    /// The wall clock was set: what waits does so as long as it would have.
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

    /// - Parameter unit: in 0..<1, spreads the probes.
    mutating func failed(_ error: DeliveryError, at now: Timestamp, unit: Double) -> Change {
        switch error.verdict {
        case .retry, .uncertain:
            return transient(error, at: now, unit: unit)
        case .throttled(let after):
            blockedUntil = max(blockedUntil, now + (after ?? .seconds(5)))
            return .none
        case .refused, .vanished:
            // It judges messages, so it is there, although it does not want this one.
            return succeeded(at: now)
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
