import Dedup
import RelayCore
import RelaySupport

/// How one attempt ended.
enum DeliveryOutcome: Sendable {
    case delivered(Receipt)
    case failed(DeliveryError)

    /// The closed word of metrics and of the attempt's row.
    var word: String {
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

    var reason: String {
        if case .failed(let error) = self { error.reason.rawValue } else { "ok" }
    }

    /// What the verdict means for what is owed.
    ///
    /// - Parameters:
    ///   - giveUp: how long after its first failed attempt a delivery is dead; nil while the lane is not open.
    ///   - unit: in 0..<1, spreads the retries.
    ///   - stopping: we are ending ourselves; an unanswered attempt is our doing.
    func settlement(of claim: Claim, at now: Timestamp, giveUp: Duration?, unit: Double, stopping: Bool) -> Settlement {
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

extension Attempt {
    init(_ outcome: DeliveryOutcome, at: Timestamp, took: Duration) {
        var detail = ""
        if case .failed(let error) = outcome { detail = error.detail }
        self.init(at: at, outcome: outcome.word, reason: outcome.reason, detail: detail, took: took)
    }
}
