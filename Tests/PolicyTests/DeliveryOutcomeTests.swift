import Dedup
import RelayCore
import Testing

@testable import Policy

struct DeliveryOutcomeTests {
    private let now = Timestamp(seconds: 100_000)

    private func claim(attempt: Int = 1, firstFailedAt: Timestamp? = nil, atMostOnce: Bool = false) -> Claim {
        var claim = Claim.about(.sample(.notification, now: now), at: "ops")
        claim.attempt = attempt
        claim.firstFailedAt = firstFailedAt
        claim.options.atMostOnce = atMostOnce
        return claim
    }

    private func settlement(
        _ verdict: DeliveryError.Verdict, _ claim: Claim, giveUp: Duration? = .seconds(86_400), stopping: Bool = false
    ) -> Settlement {
        DeliveryOutcome.failed(DeliveryError(verdict, .serverError, "no"))
            .settlement(of: claim, at: now, giveUp: giveUp, unit: 0.5, stopping: stopping)
    }

    @Test func `a transient failure is owed again after the policy's delay`() {
        #expect(settlement(.retry(after: nil), claim(attempt: 2)) == .retry(at: now + .seconds(10), reason: "serverError"))
    }

    @Test func `the provider's wish counts if it is longer`() {
        #expect(settlement(.retry(after: .seconds(90)), claim()) == .retry(at: now + .seconds(90), reason: "serverError"))
        #expect(settlement(.retry(after: .seconds(1)), claim()) == .retry(at: now + .seconds(5), reason: "serverError"))
    }

    @Test func `a throttle costs no attempt`() {
        #expect(settlement(.throttled(after: .seconds(3)), claim()) == .deferred(until: now + .seconds(3), hold: .throttle))
    }

    @Test func `what is refused is dead at once, with its reason`() {
        #expect(settlement(.refused, claim()) == .dead("no"))
    }

    @Test func `what a gone destination is owed stays owed`() {
        #expect(settlement(.gone, claim()) == .deferred(until: now, hold: nil))
    }

    @Test func `given up a day after the first failure, and only while the lane is open`() {
        let old = claim(attempt: 9, firstFailedAt: now - .seconds(86_400))
        #expect(settlement(.retry(after: nil), old) == .dead("given up after 24 h: no"))
        guard case .retry = settlement(.retry(after: nil), old, giveUp: nil) else {
            Issue.record("died while the lane was not open")
            return
        }
    }

    @Test func `an unanswered attempt is owed again, or unknown where at most once was asked`() {
        #expect(settlement(.uncertain, claim()) == .retry(at: now + .seconds(5), reason: "serverError"))
        #expect(settlement(.uncertain, claim(atMostOnce: true)) == .unknown("no"))
    }

    @Test func `our own end costs no attempt`() {
        #expect(settlement(.uncertain, claim(), stopping: true) == .deferred(until: now, hold: nil))
    }
}
