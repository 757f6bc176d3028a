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
        case .retry, .suspect, .doubtful: "retry"
        case .unavailable: "unavailable"
        case .trimmings: "trimmings"
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

    /// How a destination is reached.
    package enum Carrier: Sendable {
        /// The standard output, or a folder.
        case local
        case mail
        case http
    }

    /// The pairs of word and reason that attempts end with. Metrics have a series for each of them from the start.
    package static func pairs(by carrier: Carrier) -> [(word: String, reason: String)] {
        switch carrier {
        case .local: pairs.filter { ["ok", "local"].contains($0.reason) }
        // SMTP redirects nobody, and a mail that was sent cannot be edited.
        case .mail: pairs.filter { !["redirected", "notFound", "inProgress"].contains($0.reason) }
        case .http: pairs
        }
    }

    private static let pairs: [(word: String, reason: String)] =
        [("delivered", "ok"), ("throttled", "rateLimited"), ("vanished", "notFound")]
        + [
            ("retry", DeliveryError.Reason.allCases), ("unavailable", [.unauthorized, .rejected, .rateLimited, .serverError]),
            ("trimmings", [.rejected, .tooLarge]),
            ("refused", [.rejected, .tooLarge, .redirected, .protocolError, .forbiddenAddress, .local]),
            ("gone", [.unauthorized, .notFound, .rejected, .serverError, .redirected]),
            ("uncertain", [.timeout, .unreachable, .tls, .protocolError, .badAnswer, .local]),
        ].flatMap { word, reasons in reasons.map { (word, $0.rawValue) } }

    /// What becomes of the delivery after this attempt.
    ///
    /// - Parameters:
    ///   - lane: the health of the lane after this attempt.
    ///   - giveUp: how long after its first failed attempt a delivery is dead. It does not count while the lane is not open.
    ///   - unit: a number in 0..<1 from the caller's generator, which spreads the retries.
    ///   - stopping: the program is stopping, so an attempt without a response is not the destination's failure.
    package func settlement(
        of claim: Claim, at now: Timestamp, lane: LaneHealth, giveUp: Duration, unit: Double, stopping: Bool
    ) -> Settlement {
        guard case .failed(let error) = self else {
            if case .delivered(let receipt) = self { return .delivered(receipt) }
            return .delivered(Receipt())
        }
        let giveUp = lane.isOpen ? giveUp : nil
        switch error.verdict {
        case .throttled(let after): return .deferred(until: now + (after ?? .seconds(5)), hold: .throttle)
        case .refused: return .dead(error.detail)
        case .vanished: return .vanished(error.detail)
        case .gone: return .deferred(until: now, hold: nil)
        // Another delivery is the next probe, so that one bad message does not keep a lane down.
        case .unavailable: return .deferred(until: now + Self.untilNextRefusal, hold: .retry)
        case .doubtful: return doubted(claim, error, lane: lane, at: now)
        case .trimmings: return claim.isPlain ? .dead(error.detail) : .plain(error.detail)
        // A refresh only edits a message, and to edit it twice does no harm, so it is repeated even with `at_most_once`.
        case .uncertain where claim.options.atMostOnce && !claim.options.refreshes: return .unknown(error.detail)
        case .uncertain where stopping: return .deferred(until: now, hold: nil)
        case .retry(let after): return again(claim, error, after: after, at: now, giveUp: giveUp, unit: unit)
        case .suspect, .uncertain: return again(claim, error, after: nil, at: now, giveUp: giveUp, unit: unit)
        }
    }

    /// The wait after a refusal that need not be about the message.
    private static let untilNextRefusal = Duration.seconds(60)
    /// A message that is refused so often is the reason itself.
    private static let mostRefusals = 3

    /// Decides whether the message is the reason of a refusal of unknown cause. While the lane is down, the reason is not the message.
    private func doubted(_ claim: Claim, _ error: DeliveryError, lane: LaneHealth, at now: Timestamp) -> Settlement {
        let again = now + Self.untilNextRefusal
        guard lane.isOpen else { return .deferred(until: again, hold: .retry) }
        let wasAnotherAccepted = claim.refusedAt.map { $0 < lane.lastAccepted ?? .distantPast } ?? false
        if wasAnotherAccepted || claim.refusals + 1 >= Self.mostRefusals { return .dead(error.detail) }
        return .doubted(until: again, reason: error.reason.rawValue)
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
