package import RelayCore
import RelaySupport

/// Limits the requests of one account: a number of requests per minute, and how many are made at once.
///
/// Every request enters before it is sent and leaves after it. Decisions and approvals go before the rest, and some places are kept free
/// for them. So they never wait behind a long poll of runs.
package final class RequestBudget: Sendable {
    package enum Setting: Sendable, Equatable {
        /// A percentage of the host's limit; no limit if the host states none.
        case percent(Int)
        case perMinute(Int)
        case none
    }

    /// How urgent a request is, in the order of service.
    package enum Urgency: Int, Sendable, CaseIterable, Comparable {
        /// A person waits for this request.
        /// It never waits for the rate, only for a place and for a short pause.
        case decision
        /// This request may exceed the rate by one burst.
        case approvals
        case rest

        package static func < (a: Urgency, b: Urgency) -> Bool { a.rawValue < b.rawValue }
    }

    /// The most requests in flight under a budget, and without one.
    private static let places = (budgeted: 8, free: 64)
    /// A decision does not wait for a longer pause than this; it fails with `paused`.
    static let longestPauseOfADecision = Duration.seconds(5)
    /// A wait is checked again after this time, because a changed limit may have shortened it.
    private static let longestNap = Duration.seconds(5)

    private struct State {
        var rate: RequestRate
        var queue: PlaceQueue
        var requests = 0
    }

    private let state: Locked<State>
    /// The most requests of the rest in flight. Two more places are kept for approvals and decisions.
    package let mostOfRest: Int
    private let clock: any WallClock

    /// Creates a budget.
    ///
    /// - Parameter hostLimit: in requests per minute; nil if the host states none.
    package init(setting: Setting, hostLimit: Int?, clock: any WallClock) {
        self.clock = clock
        let places = setting == .none ? Self.places.free : Self.places.budgeted
        mostOfRest = places - Urgency.rest.rawValue
        let rate = RequestRate(setting: setting, hostLimit: hostLimit, now: clock.uptime)
        state = Locked(State(rate: rate, queue: PlaceQueue(places: places)))
    }

    /// Waits until a request may be sent.
    /// Each return must be followed by one `leave()`.
    ///
    /// - Returns: the number of the request, for `learn(remaining:from:)`.
    /// - Throws: `NotEntered` if the task is cancelled, or if a decision would have to wait for a long pause.
    @discardableResult
    package func enter(_ urgency: Urgency) async throws(NotEntered) -> Int {
        let isReserved = urgency == .rest && Self.reservation?.use() == true
        if !isReserved { try await waitForRate(urgency) }
        while true {
            try await waitForPlace(urgency)
            // A pause may have begun during the wait for a place.
            guard let wait = state.withLock({ $0.rate.pauseLeft(urgency, at: clock.uptime) }) else { break }
            leave()
            try await nap(wait, urgency)
        }
        return state.withLock { state in
            state.requests += 1
            return state.requests
        }
    }

    /// The right to one request of the rest, taken before the request is made: the next one that the task makes uses it.
    package final class Reservation: Sendable {
        private let isFree = Locked(true)

        fileprivate init() {}

        fileprivate func use() -> Bool {
            isFree.withLock { isFree in
                defer { isFree = false }
                return isFree
            }
        }
    }

    @TaskLocal package static var reservation: Reservation?

    /// Takes a place in the rate for a request of the rest that follows; nil if it would have to wait.
    package func reserve() -> Reservation? {
        let isTaken = state.withLock { state in
            let now = clock.uptime
            guard state.rate.wait(.rest, at: now) == nil else { return false }
            let ticket = state.rate.draw(.rest)
            defer { state.rate.giveUp(ticket) }
            return state.rate.take(ticket, at: now) == nil
        }
        return isTaken ? Reservation() : nil
    }

    package enum NotEntered: Error, Equatable {
        case cancelled
        /// RevKeen asked for a pause, of which this much is left.
        case paused(Duration)
    }

    package func leave() {
        for waiter in state.withLock({ $0.queue.leave() }) { waiter.resume() }
    }

    /// The host refused a request for now: no request of its urgency, and none of the rest, enters for this long.
    /// If two pauses overlap, the one that ends later counts.
    ///
    /// - Parameter isTooMany: the host said that there were too many requests (429), so their rate was too high.
    package func pause(_ urgency: Urgency, for duration: Duration, isTooMany: Bool = true) {
        let now = clock.uptime
        state.withLock { $0.rate.pause(urgency, until: now + duration, isTooMany: isTooMany, now: now) }
    }

    /// Sets how many requests the host still allows, as its answer to one of them says.
    package func learn(remaining: Int, from request: Int) {
        state.withLock { $0.rate.learn(remaining: remaining, from: request, newest: $0.requests, now: clock.uptime) }
    }

    /// Sets the limit that the host itself states, in requests per minute.
    package func learn(limit: Int) {
        state.withLock { $0.rate.learn(limit: limit, now: clock.uptime) }
    }

    /// The rate in requests per minute; nil means no limit.
    package var perMinute: Double? { state.withLock { $0.rate.perMinute } }

    /// The number of requests that have entered so far.
    package var requests: Int { state.withLock { $0.requests } }

    /// How long a request would have to wait for the rate if it came now; zero if it could enter.
    package func wait(_ urgency: Urgency) -> Duration {
        state.withLock { $0.rate.wait(urgency, at: clock.uptime) ?? .zero }
    }

    /// The requests a minute that decisions and approvals, as they were in the last minute, leave to the rest; nil without a limit. At least
    /// a tenth of the budget always counts as left.
    package var leftForRest: Double? { state.withLock { $0.rate.leftForRest(at: clock.uptime) } }

    /// The number of requests that wait for the rate or for a place.
    /// Tests wait for this.
    var waiting: Int { state.withLock { $0.rate.waiting + $0.queue.waiting } }
}

extension RequestBudget {
    private func waitForRate(_ urgency: Urgency) async throws(NotEntered) {
        let ticket = state.withLock { $0.rate.draw(urgency) }
        defer { state.withLock { $0.rate.giveUp(ticket) } }
        while let wait = state.withLock({ $0.rate.take(ticket, at: clock.uptime) }) { try await nap(wait, urgency) }
    }

    private func nap(_ wait: Duration, _ urgency: Urgency) async throws(NotEntered) {
        if urgency == .decision, wait > Self.longestPauseOfADecision { throw .paused(wait) }
        do {
            // A wait shorter than the clock's resolution would never end.
            try await clock.sleep(for: min(max(wait, .milliseconds(1)), Self.longestNap))
        } catch {
            throw .cancelled
        }
    }

    private func waitForPlace(_ urgency: Urgency) async throws(NotEntered) {
        let number = state.withLock { $0.queue.nextNumber() }
        do {
            try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { (waiter: CheckedContinuation<Void, any Error>) in
                    let outcome: Result<Void, any Error>? = state.withLock { state in
                        // This check holds the lock. A cancellation handler that ran earlier has set the flag, and one that runs later
                        // finds the waiter.
                        if Task.isCancelled { return .failure(CancellationError()) }
                        return state.queue.enter(urgency, number: number, waiter: waiter) ? .success(()) : nil
                    }
                    if let outcome { waiter.resume(with: outcome) }
                }
            } onCancel: {
                state.withLock { $0.queue.remove(number) }?.resume(throwing: CancellationError())
            }
        } catch {
            throw .cancelled
        }
    }
}
