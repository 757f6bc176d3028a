package import Dedup
package import RelayCore
import RelaySupport

/// How one attempt ended.
package enum DeliveryOutcome: Sendable {
    case delivered(Receipt)
    case failed(DeliveryError)

    /// The word for metrics and for the attempt's row. The set of words is closed.
    package var word: String {
        guard case .failed(let error) = self else { return "delivered" }
        return switch error.verdict {
        case .retry, .suspect: "retry"
        case .throttled: "throttled"
        case .refused: "refused"
        case .gone: "gone"
        case .uncertain: "uncertain"
        case .vanished: "vanished"
        }
    }

    /// The reason for metrics and for the attempt's row: `ok`, or the error's reason.
    package var reason: String {
        if case .failed(let error) = self { error.reason.rawValue } else { "ok" }
    }

    /// What becomes of the delivery after this attempt.
    ///
    /// - Parameters:
    ///   - giveUp: how long after its first failed attempt a delivery is dead; nil while the lane is not open.
    ///   - unit: a number in 0..<1 from the caller's generator, which spreads the retries.
    ///   - stopping: the program is stopping, so an attempt without a response is not the destination's failure.
    package func settlement(of claim: Claim, at now: Timestamp, giveUp: Duration?, unit: Double, stopping: Bool) -> Settlement {
        guard case .failed(let error) = self else {
            if case .delivered(let receipt) = self { return .delivered(receipt) }
            return .delivered(Receipt())
        }
        switch error.verdict {
        case .throttled(let after): return .deferred(until: now + (after ?? .seconds(5)), hold: .throttle)
        case .refused: return .dead(error.detail)
        case .vanished: return .vanished(error.detail)
        case .gone: return .deferred(until: now, hold: nil)
        // A refresh only edits a message, and to edit it twice does no harm, so it is repeated even with `at_most_once`.
        case .uncertain where claim.options.atMostOnce && !claim.options.refreshes: return .unknown(error.detail)
        case .uncertain where stopping: return .deferred(until: now, hold: nil)
        case .retry(let after): return again(claim, error, after: after, at: now, giveUp: giveUp, unit: unit)
        case .suspect, .uncertain: return again(claim, error, after: nil, at: now, giveUp: giveUp, unit: unit)
        }
    }

    /// Tries the delivery again after the policy's delay or the destination's, whichever is longer, or gives it up.
    private func again(
        _ claim: Claim, _ error: DeliveryError, after: Duration?, at now: Timestamp, giveUp: Duration?, unit: Double
    ) -> Settlement {
        if let giveUp, let first = claim.firstFailedAt, first.duration(to: now) >= giveUp {
            return .dead("given up after \(giveUp.spoken): \(error.detail)")
        }
        let delay = max(RetryPolicy().delay(afterAttempt: claim.attempt, unit: unit), after ?? .zero)
        return .retry(at: now + delay, reason: error.reason.rawValue)
    }
}
