import RelayCore
import Testing

@testable import NotifyRelay

struct DetailTroubleTests {
    @Test func `a run that cannot be read waits 2, 4 and at most 8 times the pace, and never more than five minutes`() {
        var trouble = DetailTrouble()
        let waits = (1...5).map { _ in trouble.failed("r", pace: .seconds(10)).wait }
        #expect(waits == [.seconds(20), .seconds(40), .seconds(80), .seconds(80), .seconds(80)])
        #expect(trouble.failed("r", pace: .seconds(60)).wait == .seconds(300))
    }

    @Test func `one good answer ends that`() {
        var trouble = DetailTrouble()
        for _ in 1...3 { _ = trouble.failed("r", pace: .seconds(10)) }
        _ = trouble.succeeded("r")
        #expect(trouble.failed("r", pace: .seconds(10)).wait == .seconds(20))
    }
}
