import RelayCore
import Testing

@testable import Policy

struct LaneHealthTests {
    private let start = Timestamp(seconds: 1_000)
    private let transient = DeliveryError(.retry(after: nil), .serverError, "HTTP 500", status: 500)

    private func failing(_ times: Int, _ health: inout LaneHealth) -> LaneHealth.Change {
        var change = LaneHealth.Change.none
        for _ in 0..<times { change = health.failed(transient, message: "m", at: start, unit: 0.5) }
        return change
    }

    @Test func `four failures in a row leave it open, the fifth takes it down`() {
        var health = LaneHealth()
        #expect(failing(4, &health) == .none)
        #expect(health.isOpen)
        #expect(failing(1, &health) == .wentDown)
        #expect(!health.isOpen)
        #expect(health.reason == "HTTP 500")
    }

    @Test func `a success between failures starts the count again`() {
        var health = LaneHealth()
        _ = failing(4, &health)
        _ = health.succeeded(at: start)
        #expect(failing(4, &health) == .none)
    }

    @Test func `a lane that is down lets one probe out, later each time, up to five minutes`() {
        var health = LaneHealth()
        _ = failing(5, &health)
        var now = start
        var waits: [Duration] = []
        for _ in 0..<8 {
            let allowed = health.allowance(width: 8)
            #expect(allowed.count == 1)
            waits.append(now.duration(to: allowed.from))
            now = allowed.from
            _ = health.failed(transient, message: "m", at: now, unit: 0.5)
        }
        #expect(waits == [5, 10, 20, 40, 80, 160, 300, 300].map(Duration.seconds))
    }

    @Test func `failures that were under way when it went down are no probes`() {
        var health = LaneHealth()
        _ = failing(5, &health)
        let before = health.allowance(width: 8).from
        _ = failing(3, &health)
        #expect(health.allowance(width: 8).from == before)
    }

    @Test func `one success opens it and says how long it was not open`() {
        var health = LaneHealth()
        _ = failing(5, &health)
        #expect(health.succeeded(at: start + .seconds(30)) == .opened(after: .seconds(30)))
        #expect(health.isOpen)
    }

    @Test func `gone closes at once, and no success that was under way opens it`() {
        var health = LaneHealth()
        #expect(health.failed(DeliveryError(.gone, .rejected, "HTTP 410", status: 410), message: "m", at: start, unit: 0.5) == .closed)
        #expect(health.allowance(width: 8).count == 0)
        #expect(health.succeeded(at: start) == .none)
        #expect(!health.isOpen)
    }

    @Test func `a refusal that lasts half an hour closes it`() {
        var health = LaneHealth()
        let refusal = DeliveryError(.suspect, .notFound, "HTTP 404", status: 404)
        #expect(health.failed(refusal, message: "m", at: start, unit: 0.5) == .none)
        #expect(health.failed(refusal, message: "m", at: start + .seconds(29 * 60), unit: 0.5) == .none)
        #expect(health.failed(refusal, message: "m", at: start + .seconds(30 * 60), unit: 0.5) == .closed)
    }

    @Test func `a throttle blocks everyone and is no failure`() {
        var health = LaneHealth()
        for _ in 0..<10 {
            let limit = DeliveryError(.throttled(after: .seconds(7)), .rateLimited, "HTTP 429", status: 429)
            #expect(health.failed(limit, message: "m", at: start, unit: 0.5) == .none)
        }
        #expect(health.isOpen)
        #expect(health.allowance(width: 8).from == start + .seconds(7))
    }

    @Test(arguments: [DeliveryError.Verdict.refused, .vanished])
    func `a response that refuses only the message opens a lane that is down`(verdict: DeliveryError.Verdict) {
        var health = LaneHealth()
        _ = failing(5, &health)
        let change = health.failed(
            DeliveryError(verdict, .rejected, "HTTP 400", status: 400), message: "m", at: start + .seconds(5), unit: 0.5)
        #expect(change == .opened(after: .seconds(5)))
        #expect(health.isOpen && health.reason == nil)
        #expect(health.allowance(width: 4).count == 4)
        #expect(failing(4, &health) == .none, "the count of failures starts again")
    }

    @Test func `a message that could not even be sent says nothing about the destination`() {
        var health = LaneHealth()
        _ = failing(5, &health)
        #expect(health.failed(DeliveryError(.refused, .local, "no address"), message: "m", at: start + .seconds(5), unit: 0.5) == .none)
        #expect(!health.isOpen && health.reason == "HTTP 500")
    }

    @Test func `a response that refuses only the message does not open a closed lane`() {
        var health = LaneHealth()
        _ = health.failed(DeliveryError(.gone, .rejected, "HTTP 410"), message: "m", at: start, unit: 0.5)
        #expect(health.failed(DeliveryError(.refused, .rejected, "HTTP 400"), message: "m", at: start, unit: 0.5) == .none)
        #expect(!health.isOpen && health.reason == "HTTP 410")
    }

    @Test func `a person opens a closed lane`() {
        var health = LaneHealth()
        _ = health.failed(DeliveryError(.gone, .rejected, "HTTP 410"), message: "m", at: start, unit: 0.5)
        #expect(health.open(at: start + .seconds(60)) == .opened(after: .seconds(60)))
        #expect(health.allowance(width: 2).count == 2)
    }

    private let doubt = DeliveryError(.doubtful, .rejected, "554 no", status: 554)

    @Test func `three messages in a row that are refused for an unknown cause take it down`() {
        var health = LaneHealth()
        #expect(health.failed(doubt, message: "a", at: start, unit: 0.5) == .none)
        #expect(health.failed(doubt, message: "a", at: start, unit: 0.5) == .none, "one message to two recipients")
        #expect(health.failed(doubt, message: "b", at: start, unit: 0.5) == .none)
        #expect(health.failed(doubt, message: "c", at: start, unit: 0.5) == .wentDown)
        #expect(health.reason == "554 no")
    }

    @Test func `an accepted message between refusals of unknown cause starts the count again`() {
        var health = LaneHealth()
        for message in ["a", "b"] { _ = health.failed(doubt, message: message, at: start, unit: 0.5) }
        _ = health.succeeded(at: start)
        for message in ["c", "d"] { #expect(health.failed(doubt, message: message, at: start, unit: 0.5) == .none) }
        #expect(health.isOpen)
    }

    @Test func `a refusal that is about us takes it down at once, until the moment that the destination says`() {
        var health = LaneHealth()
        let quota = DeliveryError(.unavailable(after: .seconds(3_600)), .rateLimited, "daily limit")
        #expect(health.failed(quota, message: "a", at: start, unit: 0.5) == .wentDown)
        #expect(health.allowance(width: 8) == (1, start + .seconds(3_600)))
        #expect(health.failed(quota, message: "b", at: start + .seconds(3_600), unit: 0.5) == .none)
        #expect(health.allowance(width: 8).from == start + .seconds(7_200))
        #expect(health.succeeded(at: start + .seconds(7_200)) == .opened(after: .seconds(7_200)))
    }

    @Test func `a verdict on one message does not open a lane that is down for a refusal`() {
        var health = LaneHealth()
        for message in ["a", "b", "c"] { _ = health.failed(doubt, message: message, at: start, unit: 0.5) }
        #expect(health.failed(DeliveryError(.refused, .rejected, "550"), message: "d", at: start + .seconds(9), unit: 0.5) == .none)
        #expect(!health.isOpen)
    }
}
