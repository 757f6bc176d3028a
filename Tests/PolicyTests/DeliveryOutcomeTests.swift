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
        _ verdict: DeliveryError.Verdict, _ claim: Claim, lane: LaneHealth = LaneHealth(), stopping: Bool = false
    ) -> Settlement {
        DeliveryOutcome.failed(DeliveryError(verdict, .serverError, "no"))
            .settlement(of: claim, at: now, lane: lane, giveUp: .seconds(86_400), unit: 0.5, stopping: stopping)
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
        guard case .retry = settlement(.retry(after: nil), old, lane: down) else {
            Issue.record("died while the lane was not open")
            return
        }
    }

    private var down: LaneHealth {
        var health = LaneHealth()
        _ = health.failed(DeliveryError(.unavailable(after: nil), .rejected, "no"), message: "m", at: now, unit: 0.5)
        return health
    }

    @Test func `a refusal that is about us costs the message nothing`() {
        #expect(settlement(.unavailable(after: .seconds(3_600)), claim(), lane: down) == .deferred(until: now + .seconds(60), hold: .retry))
    }

    @Test func `a refusal of unknown cause is owed again after a minute, and dead at the third`() {
        var claim = claim()
        #expect(settlement(.doubtful, claim) == .doubted(until: now + .seconds(60), reason: "serverError"))
        claim.refusals = 1
        claim.refusedAt = now - .seconds(60)
        #expect(settlement(.doubtful, claim) == .doubted(until: now + .seconds(60), reason: "serverError"))
        claim.refusals = 2
        #expect(settlement(.doubtful, claim) == .dead("no"))
    }

    @Test func `a second refusal of unknown cause is dead if another message was accepted after the first`() {
        var claim = claim(), lane = LaneHealth()
        claim.refusals = 1
        claim.refusedAt = now - .seconds(60)
        _ = lane.succeeded(at: now - .seconds(61))
        #expect(settlement(.doubtful, claim, lane: lane) == .doubted(until: now + .seconds(60), reason: "serverError"))
        _ = lane.succeeded(at: now - .seconds(30))
        #expect(settlement(.doubtful, claim, lane: lane) == .dead("no"))
    }

    @Test func `while the lane is down no refusal of unknown cause counts`() {
        var claim = claim()
        claim.refusals = 2
        #expect(settlement(.doubtful, claim, lane: down) == .deferred(until: now + .seconds(60), hold: .retry))
    }

    @Test func `what is refused for its trimmings is sent plain, and is dead if it was plain`() {
        var claim = claim()
        #expect(settlement(.trimmings, claim) == .plain("no"))
        claim.isPlain = true
        #expect(settlement(.trimmings, claim) == .dead("no"))
    }

    @Test func `an unanswered attempt is owed again, or unknown where at most once was asked`() {
        #expect(settlement(.uncertain, claim()) == .retry(at: now + .seconds(5), reason: "serverError"))
        #expect(settlement(.uncertain, claim(atMostOnce: true)) == .unknown("no"))
    }

    @Test func `our own end costs no attempt`() {
        #expect(settlement(.uncertain, claim(), stopping: true) == .deferred(until: now, hold: nil))
    }
}
