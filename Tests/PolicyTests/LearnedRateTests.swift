import RelayCore
import Testing

@testable import Policy

struct LearnedRateTests {
    @Test func `before anything is known the rate is the expected one`() {
        #expect(LearnedRate().rate(prior: LearnedRate.unknown) == 1.0 / 3_600)
        #expect(LearnedRate().rate(prior: 2) == 2)
    }

    @Test func `it learns the rate of what it sees`() {
        var rate = LearnedRate()
        for _ in 0..<2_000 { rate.saw(1, in: 60) }
        #expect(abs(rate.rate(prior: LearnedRate.unknown) * 60 - 1) < 0.03)
    }

    @Test func `half of what was seen is forgotten in twelve hours`() {
        var rate = LearnedRate(events: 8, seconds: 1_000)
        rate.saw(0, in: 12 * 3_600)
        #expect(abs(rate.events - 4) < 1e-9 && abs(rate.seconds - 500 - 43_200) < 1e-6)
    }

    @Test func `a heap that comes at once counts as twenty`() {
        var rate = LearnedRate()
        rate.saw(10_000, in: 10)
        #expect(rate.events == 20)
    }

    @Test func `what is expected of an automation is what the account's others do`() {
        #expect(LearnedRate.mean(ofEvents: 0, seconds: 0) == LearnedRate.unknown)
        #expect(abs(LearnedRate.mean(ofEvents: 100, seconds: 6_000) - 100.25 / 6_900) < 1e-12)
    }

    @Test(arguments: [Double.nan, .infinity, -1, -.infinity]) func `a stored number that is none counts for nothing`(number: Double) {
        let rate = LearnedRate(events: number, seconds: number)
        #expect(rate == LearnedRate())
        let span = LearnedSpan(count: number, mean: number, square: number)
        #expect(span.shape().median.isFinite && span.shape().power.isFinite)
        #expect(LateLooks(inVain: number).share == 1)
    }
}

struct LearnedSpanTests {
    private func shape(_ seconds: [Double]) -> LearnedSpan.Shape {
        var span = LearnedSpan.unknown
        for second in seconds { span.saw(seconds: second) }
        return span.shape()
    }

    @Test func `before anything is known half of all runs end within 30 s`() {
        let shape = LearnedSpan.unknown.shape()
        #expect(abs(shape.ended(by: 30) - 0.5) < 1e-9)
        #expect(shape.ended(by: 1) < 0.1 && shape.ended(by: 900) > 0.9)
    }

    @Test func `it learns the length and the spread`() {
        let steady = shape(Array(repeating: 600, count: 10)), wide = shape([60, 600, 6_000, 60, 600, 6_000])
        #expect(abs(steady.median - 600) < 1 && abs(wide.median - 600) < 1)
        #expect(steady.ended(by: 400) < 0.05 && wide.ended(by: 400) > 0.2)
        #expect(steady.quantile(0.1) > 450 && steady.quantile(0.9) < 800)
    }

    @Test func `the newest lengths count most`() {
        let changed = shape(Array(repeating: 10, count: 100) + Array(repeating: 1_000, count: 60))
        #expect(changed.median > 700)
    }

    @Test func `the waiting of a sure end is the time since it`() {
        let shape = shape(Array(repeating: 10, count: 10))
        #expect(abs(shape.waiting(from: 0, to: 100) - 90) < 10)
        #expect(shape.waiting(from: 50, to: 50) == 0)
        #expect(shape.waiting(from: 0, to: 5) < 0.1)
    }

    @Test func `an end that is past due is expected ever less`() {
        let shape = shape([30, 60])
        let soon = shape.ends(from: 60, to: 70), late = shape.ends(from: 3_600, to: 3_610)
        #expect(soon > 10 * late)
    }
}

struct LateLooksTests {
    @Test func `while late looks bring something all runs are read again`() {
        var late = LateLooks()
        for number in 0..<1_000 { late.saw(somethingNew: number % 30 == 0) }
        #expect(late.share == 1)
    }

    @Test func `late looks in vain become rarer, down to one run in twenty`() {
        var late = LateLooks()
        for _ in 0..<80 { late.saw(somethingNew: false) }
        #expect(late.share == 0.5)
        for _ in 0..<10_000 { late.saw(somethingNew: false) }
        #expect(late.share == 0.05)
        let included = (0..<10_000).count { late.includes(mark: UInt64($0) &* 0x9E37_79B9_7F4A_7C15) }
        #expect((400...600).contains(included))
        late.saw(somethingNew: true)
        #expect(late.share == 1)
    }
}
