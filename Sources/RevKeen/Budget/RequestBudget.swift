package import RelayCore

/// How fast one account may be asked: so many requests a minute, and at most eight at once.
///
/// Every request enters before it is sent and leaves after it. Decisions and approvals go before all the rest, and places are kept
/// for them, so that neither ever waits behind a long poll of runs.
package final class RequestBudget: Sendable {
    package enum Setting: Sendable, Equatable {
        /// Of the host's limit; no bound where the host states none.
        case percent(Int)
        case perMinute(Int)
        case none
    }

    /// In the order in which they are served.
    package enum Urgency: Int, Sendable, CaseIterable, Comparable {
        /// A person waits. Never waits for the rate, only for a place and for a short pause.
        case decision
        /// May run ahead of the rate by one burst.
        case approvals
        case rest

        package static func < (a: Urgency, b: Urgency) -> Bool { a.rawValue < b.rawValue }
    }

    /// Requests that may be under way at once.
    package static let places = 8
    /// Whoever waits with a decision is told of a longer pause, and waits no longer.
    static let longestPauseOfADecision = Duration.seconds(5)
    /// A wait is looked at again after this long, since a changed limit may have shortened it.
    private static let longestNap = Duration.seconds(5)

    private struct State {
        var rate: RequestRate
        var queue = PlaceQueue()
        var requests = 0
    }

    private let state: Locked<State>
    private let clock: any WallClock

    /// - Parameter hostLimit: requests a minute; nil if the host states none.
    package init(setting: Setting, hostLimit: Int?, clock: any WallClock) {
        self.clock = clock
        state = Locked(State(rate: RequestRate(setting: setting, hostLimit: hostLimit, now: clock.uptime)))
    }

    /// Waits until a request may be sent. Each return is followed by one `leave()`.
    package func enter(_ urgency: Urgency) async throws(NotEntered) {
        try await waitForRate(urgency)
        while true {
            try await waitForPlace(urgency)
            // A pause may have begun while the place was waited for.
            guard let wait = state.withLock({ $0.rate.pauseLeft(at: clock.uptime) }) else { break }
            leave()
            try await nap(wait, urgency)
        }
        state.withLock { $0.requests += 1 }
    }

    package enum NotEntered: Error, Equatable {
        case cancelled
        /// RevKeen asked for a pause of which so much is left.
        case paused(Duration)
    }

    package func leave() {
        for waiter in state.withLock({ $0.queue.leave() }) { waiter.resume() }
    }

    /// Nobody enters for so long. The longer of two pauses counts.
    package func pause(for duration: Duration) {
        state.withLock { $0.rate.pause(until: clock.uptime + duration) }
    }

    /// What the host itself says its limit is, in requests a minute.
    package func learn(limit: Int) {
        state.withLock { $0.rate.learn(limit: limit, now: clock.uptime) }
    }

    /// Nil: no bound.
    package var perMinute: Double? { state.withLock { $0.rate.perMinute } }

    /// All that ever entered.
    package var requests: Int { state.withLock { $0.requests } }

    /// By how much, at least 1, everything but decisions and approvals must slow so that it fits beside them.
    ///
    /// - Parameter demandPerMinute: what everything else would ask at its own pace. Decisions and approvals are counted as they
    ///   were in the last minute; however many they were, a tenth of the budget is reckoned as free.
    package func stretch(demandPerMinute: Double) -> Double {
        state.withLock { $0.rate.stretch(demandPerMinute: demandPerMinute, at: clock.uptime) }
    }

    /// Who wait for the rate or for a place. A test waits for this.
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
                        // Under the lock: a handler that ran before it has set the flag, one that runs after it finds the waiter.
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
