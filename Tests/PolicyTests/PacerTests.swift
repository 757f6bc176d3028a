import RelayCore
import Testing

@testable import Policy

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
