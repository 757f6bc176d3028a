import RelayCore
import Testing

@testable import RevKeen

struct LastMinuteTests {
    @Test func `what is older than a minute does not count`() {
        var minute = LastMinute()
        for second in 0..<10 { minute.add(at: .milliseconds(second * 1_000 + 500)) }
        #expect(minute.total == 10)
        minute.roll(to: .seconds(60))
        #expect(minute.total == 10)
        #expect(minute.untilFewer(at: .seconds(60)) == .seconds(1))
        minute.roll(to: .seconds(65))
        #expect(minute.total == 5)
        minute.roll(to: .seconds(1_000_000))
        #expect(minute.total == 0)
    }

    @Test func `it counts at least what any minute holds`() {
        var minute = LastMinute(), moments: [Duration] = [], now = Duration.zero
        for step in 0..<5_000 {
            now += .milliseconds(step * 7_919 % 900)
            minute.add(at: now)
            moments.append(now)
            let exact = moments.count { now - $0 < .seconds(60) }
            #expect(minute.total >= exact && minute.total <= exact + 40)
        }
    }
}
