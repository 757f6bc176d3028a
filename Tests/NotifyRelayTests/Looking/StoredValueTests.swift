import RelayCore
import Testing

@testable import NotifyRelay

/// Numbers that no program of ours wrote, as a damaged store or a careless service may hold them, end nothing.
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
