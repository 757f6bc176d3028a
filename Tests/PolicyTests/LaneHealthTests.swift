import RelayCore
import Testing

@testable import Policy

struct LaneHealthTests {
    private let start = Timestamp(seconds: 1_000)
    private let transient = DeliveryError(.retry(after: nil), .serverError, "HTTP 500", status: 500)

    private func failing(_ times: Int, _ health: inout LaneHealth) -> LaneHealth.Change {
        var change = LaneHealth.Change.none
        for _ in 0..<times { change = health.failed(transient, at: start, unit: 0.5) }
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
            _ = health.failed(transient, at: now, unit: 0.5)
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
        #expect(health.failed(DeliveryError(.gone, .rejected, "HTTP 410", status: 410), at: start, unit: 0.5) == .closed)
        #expect(health.allowance(width: 8).count == 0)
        #expect(health.succeeded(at: start) == .none)
        #expect(!health.isOpen)
    }

    @Test func `a refusal that lasts half an hour closes it`() {
        var health = LaneHealth()
        let refusal = DeliveryError(.suspect, .notFound, "HTTP 404", status: 404)
        #expect(health.failed(refusal, at: start, unit: 0.5) == .none)
        #expect(health.failed(refusal, at: start + .seconds(29 * 60), unit: 0.5) == .none)
        #expect(health.failed(refusal, at: start + .seconds(30 * 60), unit: 0.5) == .closed)
    }

    @Test func `a throttle blocks everyone and is no failure`() {
        var health = LaneHealth()
        for _ in 0..<10 {
            let limit = DeliveryError(.throttled(after: .seconds(7)), .rateLimited, "HTTP 429", status: 429)
            #expect(health.failed(limit, at: start, unit: 0.5) == .none)
        }
        #expect(health.isOpen)
        #expect(health.allowance(width: 8).from == start + .seconds(7))
    }

    @Test(arguments: [DeliveryError.Verdict.refused, .vanished])
    func `a response that refuses only the message opens a lane that is down`(verdict: DeliveryError.Verdict) {
        var health = LaneHealth()
        _ = failing(5, &health)
        let change = health.failed(DeliveryError(verdict, .rejected, "HTTP 400", status: 400), at: start + .seconds(5), unit: 0.5)
        #expect(change == .opened(after: .seconds(5)))
        #expect(health.isOpen && health.reason == nil)
        #expect(health.allowance(width: 8).count == 8)
        #expect(failing(4, &health) == .none, "the count of failures starts again")
    }

    @Test func `a message that could not even be sent says nothing about the destination`() {
        var health = LaneHealth()
        _ = failing(5, &health)
        #expect(health.failed(DeliveryError(.refused, .local, "no address"), at: start + .seconds(5), unit: 0.5) == .none)
        #expect(!health.isOpen && health.reason == "HTTP 500")
    }

    @Test func `a response that refuses only the message does not open a closed lane`() {
        var health = LaneHealth()
        _ = health.failed(DeliveryError(.gone, .rejected, "HTTP 410"), at: start, unit: 0.5)
        #expect(health.failed(DeliveryError(.refused, .rejected, "HTTP 400"), at: start, unit: 0.5) == .none)
        #expect(!health.isOpen && health.reason == "HTTP 410")
    }

    @Test func `a person opens a closed lane`() {
        var health = LaneHealth()
        _ = health.failed(DeliveryError(.gone, .rejected, "HTTP 410"), at: start, unit: 0.5)
        #expect(health.open(at: start + .seconds(60)) == .opened(after: .seconds(60)))
        #expect(health.allowance(width: 2).count == 2)
    }
}
