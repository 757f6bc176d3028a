import RelayCore
import Testing

@testable import Policy

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
