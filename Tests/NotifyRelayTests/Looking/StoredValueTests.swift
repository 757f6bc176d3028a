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
}
