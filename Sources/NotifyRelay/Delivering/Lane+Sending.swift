import Channels
import Dedup
import Policy
import RelayCore
import RelaySupport

extension Lane {
    /// Makes one attempt, away from the actor.
    ///
    /// - Parameter gate: is asked before the message is handed over, by a channel that prepares messages ahead.
    @concurrent static func attempt(
        _ claim: Claim, through destination: Destination, composer: Composer, gate: (any HandoverGate)? = nil, clock: any WallClock
    ) async -> (outcome: DeliveryOutcome, took: Duration, fellBackBecause: String?) {
        let compose: @Sendable () -> (message: Message, fellBackBecause: String?) = {
            composer.message(claim, for: destination.target, now: clock.now)
        }
        // A digest can hold much, and an own template can make much of it.
        var composed = claim.event.kind == .digest ? await BlockingCall.run(compose) : compose()
        composed.message.gate = gate
        composed.message.isAtMostOnce = claim.options.atMostOnce
        StopPoint.pass(.sending)
        let start = clock.uptime
        let outcome: DeliveryOutcome
        do throws(DeliveryError) {
            outcome = .delivered(try await send(composed.message, claim, through: destination.channel))
        } catch {
            outcome = .failed(error)
        }
        return (outcome, clock.uptime - start, composed.fellBackBecause)
    }

    /// Sends a message. If an earlier message about the same subject can be found again, it is edited. One that was deleted by hand is
    /// posted once more, and never again after that.
    private static func send(
        _ message: Message, _ claim: Claim, through channel: any Channel
    ) async throws(DeliveryError) -> Receipt {
        guard let earlier = claim.earlier else { return try await channel.deliver(message) }
        if claim.event.kind == .reminder { return try await channel.follow(earlier, with: message) }
        do throws(DeliveryError) {
            return try await channel.update(earlier, with: message).marked(as: earlier)
        } catch {
            guard error.verdict == .vanished, !earlier.wasPostedAgain else { throw error }
        }
        return try await channel.deliver(message).postedAgain
    }
}

extension Receipt {
    private static let again = "posted_again"

    fileprivate var wasPostedAgain: Bool { remote[Self.again] != nil }

    fileprivate var postedAgain: Receipt {
        var marked = self
        marked.remote[Self.again] = "1"
        return marked
    }

    /// Remembers that the message of an earlier receipt was posted again.
    fileprivate func marked(as earlier: Receipt) -> Receipt { earlier.wasPostedAgain ? postedAgain : self }
}
