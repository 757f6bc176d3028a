import RelayCore
import Testing

@testable import NotifyRelay

/// Extreme numbers, as a damaged store or a careless service may contain them, do not crash the program.
struct StoredValueTests {
    private let extremes = [Timestamp(milliseconds: .min), Timestamp(milliseconds: .max), .distantPast, .distantFuture]

    @Test func `moments at the ends of 64 bits can be compared, shifted and written`() {
        for first in extremes {
            for second in extremes {
                #expect((first.duration(to: second) > .zero) == (first < second))
                _ = first + first.duration(to: second)
            }
            #expect(!first.description.isEmpty)
        }
    }

    @Test(arguments: [Int.min, -1, 0, 3, 99, Int.max]) func `any stored rung of the ladder has a next look`(rung: Int) {
        let now = Timestamp(seconds: 1_795_510_800)
        let next = DetailLadder.unfinished(rung: rung, brought: false, fastest: .seconds(10), slowest: .seconds(600), now: now)
        #expect(next.rung == min(max(rung, 0), 11) + 1)
        let finished = DetailLadder.finished(rung: rung, due: now, completed: now, brought: false, now: now)
        #expect(finished.rung >= 1)
    }
}
