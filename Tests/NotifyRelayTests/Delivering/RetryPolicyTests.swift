import RelayCore
import Testing

@testable import NotifyRelay

struct RetryPolicyTests {
    @Test(arguments: [
        (1, Duration.seconds(5)), (2, .seconds(10)), (10, .seconds(2_560)), (11, .seconds(3_600)), (99, .seconds(3_600)),
        (Int.min, .seconds(5)), (Int.max, .seconds(3_600)),
    ])
    func `the delay doubles and is capped`(attempt: Int, wait: Duration) {
        #expect(RetryPolicy().delay(afterAttempt: attempt, unit: 0.5) == wait)
    }

    @Test func `chance moves the delay by a fifth at most`() {
        #expect(RetryPolicy().delay(afterAttempt: 1, unit: 0) == .seconds(4))
        #expect(RetryPolicy().delay(afterAttempt: 1, unit: 0.75) == .seconds(5.5))
    }
}

struct PacerTests {
    private let start = Timestamp(seconds: 1_000)

    @Test func `a burst leaves at once, the rest one by one`() {
        var pacer = Pacer(burst: 3, every: .seconds(2))
        for _ in 0..<3 {
            #expect(pacer.opensAt(start) <= start)
            pacer.take(start)
        }
        #expect(pacer.opensAt(start) == start + .seconds(2))
    }

    @Test func `what was not used does not grow the burst`() {
        var pacer = Pacer(burst: 1, every: .seconds(1))
        pacer.take(start)
        let later = start + .seconds(60)
        #expect(pacer.opensAt(later) <= later)
        pacer.take(later)
        #expect(pacer.opensAt(later) == later + .seconds(1))
    }
}
