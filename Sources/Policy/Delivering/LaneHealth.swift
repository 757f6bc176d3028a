package import Dedup
package import RelayCore

/// Decides from the verdicts on a lane's attempts what the lane may do now. This is a value without I/O.
///
/// Five transient failures in a row take a lane *down*, and so do three refusals of unknown cause of different messages, or one refusal that
/// is about us. Then one delivery at a time is a probe, first after 5 s and at last every 5 min, or when the destination says. A success
/// opens the lane, and so does a verdict on the message alone, unless the lane is down for a refusal. A destination that is gone, or refuses
/// access for 30 minutes, *closes* the lane until a person opens it.
package struct LaneHealth: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        case open
        case down(since: Timestamp, probes: Int, nextProbe: Timestamp)
        case closed(since: Timestamp)
    }

    /// What a verdict changed.
    package enum Change: Sendable, Equatable {
        case none
        case wentDown
        /// `after` is how long the lane was not open.
        case opened(after: Duration)
        case closed
    }

    static let failuresUntilDown = 5
    /// So many messages in a row that are refused for an unknown cause are refused because of us.
    static let doubtsUntilDown = 3
    /// How long a destination may refuse access before the lane closes.
    static let graceForRefusal = Duration.seconds(30 * 60)
    private static let probing = RetryPolicy(first: .seconds(5), cap: .seconds(300))

    package private(set) var state: State = .open
    /// Why the lane is not open, as a text for people; nil if it is open.
    package private(set) var reason: String?
    /// The moment until which the destination asked us to wait.
    package private(set) var blockedUntil: Timestamp = .distantPast
    /// When the destination last accepted a message; nil if it has not since the program started.
    package private(set) var lastAccepted: Timestamp?
    private var window = SendWindow()
    private var failures = 0
    private var refusedSince: Timestamp?
    /// The messages that were refused for an unknown cause since the last success, by their event's id. One message to several recipients
    /// counts once.
    private var doubted: Set<String> = []
    /// The lane is down because the destination refuses us, not because it fails.
    package private(set) var isRefused = false

    package init() {}

    /// The state that another process or an earlier run of the program wrote; nil is an open lane.
    package init(_ record: LaneRecord?) {
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
    package func record(of destination: String, at now: Timestamp) -> LaneRecord {
        func record(_ state: LaneRecord.State, since: Timestamp = now, until: Timestamp? = nil) -> LaneRecord {
            LaneRecord(destination: destination, state: state, reason: reason, since: since, until: until)
        }
        return switch state {
        case .open: blockedUntil > now ? record(.blocked, until: blockedUntil) : record(.open)
        case .down(let since, _, let nextProbe): record(.down, since: since, until: max(nextProbe, blockedUntil))
        case .closed(let since): record(.closed, since: since)
        }
    }

    package var isOpen: Bool { state == .open }

    /// When the lane ceased to be open; nil if it is open.
    package var since: Timestamp? {
        switch state {
        case .open: nil
        case .down(let since, _, _), .closed(let since): since
        }
    }

    /// The number of deliveries that may be under way at the same time, and the moment from which they may begin.
    package func allowance(width: Int) -> (count: Int, from: Timestamp) {
        switch state {
        case .open: (window.count(within: width), max(blockedUntil, window.opensAt))
        case .down(_, _, let nextProbe): (1, max(nextProbe, blockedUntil))
        case .closed: (0, .distantFuture)
        }
    }

    /// The number of deliveries to claim at once: twice what may be under way, so that no message waits for a claim. At a pace it is one,
    /// because what waits for long must be put back.
    package func mostToClaim(width: Int, claimsAhead: Bool) -> Int {
        guard isOpen, !window.isPaced else { return 1 }
        return window.count(within: width) * (claimsAhead ? 2 : 1)
    }

    /// Records that an attempt begins.
    package mutating func began(at now: Timestamp) { window.began(at: now) }

    /// Records that the destination accepted a message and asked us to wait.
    package mutating func block(until moment: Timestamp) { blockedUntil = max(blockedUntil, moment) }

    /// Moves all moments after the wall clock was set, so that what waits does so for as long as it would have.
    package mutating func shift(by difference: Duration) {
        blockedUntil.shift(by: difference)
        refusedSince?.shift(by: difference)
        lastAccepted?.shift(by: difference)
        window.shift(by: difference)
        switch state {
        case .open: break
        case .down(let since, let probes, let nextProbe):
            state = .down(since: since + difference, probes: probes, nextProbe: nextProbe + difference)
        case .closed(let since): state = .closed(since: since + difference)
        }
    }

    /// Records that the destination accepted a message. It opens a lane that is down, but not a closed one.
    package mutating func succeeded(at now: Timestamp) -> Change {
        lastAccepted = now
        window.succeeded(at: now)
        doubted = []
        isRefused = false
        return answered(at: now)
    }

    /// Records that the destination works. It opens a lane that is down, but not a closed one.
    private mutating func answered(at now: Timestamp) -> Change {
        failures = 0
        refusedSince = nil
        guard case .down(let since, _, _) = state else { return .none }
        state = .open
        reason = nil
        return .opened(after: since.duration(to: now))
    }

    /// Records a failed attempt.
    ///
    /// - Parameters:
    ///   - message: the id of the event that was tried to be told.
    ///   - unit: a number in 0..<1 from the caller's generator, which spreads the probes.
    package mutating func failed(_ error: DeliveryError, message: String, at now: Timestamp, unit: Double) -> Change {
        switch error.verdict {
        case .retry, .uncertain:
            return transient(error, at: now, unit: unit)
        case .throttled(let after):
            // What was under way when the destination began to throttle teaches nothing new.
            if now >= blockedUntil { window.throttled(for: after ?? .seconds(5), at: now) }
            blockedUntil = max(blockedUntil, now + (after ?? .seconds(5)))
            return .none
        case .unavailable(let after):
            return goDown(error, after: after, at: now, unit: unit)
        case .doubtful:
            doubted.insert(message)
            guard doubted.count >= Self.doubtsUntilDown || !isOpen else { return .none }
            return goDown(error, after: nil, at: now, unit: unit)
        case .refused, .trimmings, .vanished:
            // A message that was not even sent says nothing about the destination. A destination that judges messages works.
            return error.reason == .local || isRefused ? .none : answered(at: now)
        case .gone:
            return close(error.detail, at: now)
        case .suspect:
            let since = refusedSince ?? now
            refusedSince = since
            if since.duration(to: now) >= Self.graceForRefusal { return close(error.detail, at: now) }
            return transient(error, at: now, unit: unit)
        }
    }

    /// Opens the lane because a person said so, and forgets all failures.
    package mutating func open(at now: Timestamp) -> Change {
        defer { self = LaneHealth() }
        switch state {
        case .open: return .none
        case .down(let since, _, _), .closed(let since): return .opened(after: since.duration(to: now))
        }
    }

    /// Takes the lane down because the destination refuses us. A lane that is down already waits for its next probe.
    private mutating func goDown(_ error: DeliveryError, after: Duration?, at now: Timestamp, unit: Double) -> Change {
        switch state {
        case .closed: return .none
        case .open:
            isRefused = true
            state = .down(since: now, probes: 1, nextProbe: now + (after ?? Self.probing.delay(afterAttempt: 1, unit: unit)))
            reason = error.detail
            return .wentDown
        case .down(let since, let probes, let nextProbe):
            isRefused = true
            reason = error.detail
            // An attempt that was under way when the lane went down is no probe.
            let isProbe = now >= nextProbe
            let next = after.map { now + $0 } ?? (isProbe ? now + Self.probing.delay(afterAttempt: probes + 1, unit: unit) : nextProbe)
            state = .down(since: since, probes: isProbe ? probes + 1 : probes, nextProbe: max(nextProbe, next))
            return .none
        }
    }

    private mutating func transient(_ error: DeliveryError, at now: Timestamp, unit: Double) -> Change {
        failures += 1
        if case .down(let since, let probes, let nextProbe) = state {
            // Attempts that were under way when the lane went down are not probes.
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
