import Testing

@testable import Policy

struct AdaptivePaceTests {
    @Test func `what brought something is looked at sooner, what is idle later`() {
        var pace = AdaptivePace(.seconds(10), .seconds(300))
        #expect(pace.next(brought: false) == .seconds(15))
        #expect(pace.next(brought: false) == .seconds(22.5))
        #expect(pace.next(brought: true) == .seconds(10))
        for _ in 0..<20 { _ = pace.next(brought: false) }
        #expect(pace.current == .seconds(300))
    }

    @Test func `errors wait 2, 4 and at most 8 times the pace, and never more than five minutes`() {
        var backoff = ErrorBackoff()
        #expect((0..<4).map { _ in backoff.failed(pace: .seconds(10)) } == [20, 40, 80, 80].map(Duration.seconds))
        backoff.succeeded()
        #expect(backoff.failed(pace: .seconds(10)) == .seconds(20))
        var slow = ErrorBackoff()
        #expect(slow.failed(pace: .seconds(200)) == .seconds(300))
    }
}
