import RelayCore
import Testing

@testable import Policy

struct ConditionTests {
    private let event = Event.sample(.run, now: Timestamp(seconds: 1_000_000))

    @Test func `an empty condition takes everything`() {
        #expect(Condition().fits(event))
    }

    @Test func `lists mean any of, keys mean all of`() {
        #expect(Condition(kind: [.run, .approval]).fits(event))
        #expect(!Condition(kind: [.run], outcome: [.succeeded]).fits(event))
        #expect(Condition(kind: [.run], outcome: [.failed]).fits(event))
    }

    @Test func `a key that the event does not have does not fit`() {
        let condition = Condition(state: [.open])
        #expect(!condition.fits(event))
        #expect(condition.explain(event) == "it has no state")
    }

    @Test func `an automation is named by a glob or by its id`() {
        #expect(Condition(automation: [Glob(pattern: "nightly *")]).fits(event))
        #expect(Condition(automation: [Glob(pattern: event.payload.origin.automationID ?? "-")]).fits(event))
        #expect(Condition(automation: [Glob(pattern: "Daily*")]).explain(event) == "automation is Nightly invoices, not Daily*")
    }

    private func run(_ outcome: RunDetail.Outcome, _ change: (inout RunDetail) -> Void = { _ in }) -> Event {
        var run = RunDetail(outcome: outcome)
        change(&run)
        var event = event
        event.payload.detail = .run(run)
        return event
    }

    @Test(arguments: [
        (1, [1...1], true), (2, [1...1], false), (3, [3...Int.max], true), (2, [3...Int.max], false), (4, [1...1, 4...5], true),
    ])
    func `a row of failures fits its numbers`(streak: Int, wanted: [ClosedRange<Int>], fits: Bool) {
        var condition = Condition()
        condition.streak = wanted
        #expect(condition.fits(run(.failed) { $0.streak = streak }) == fits)
        #expect(!condition.fits(run(.succeeded)))
    }

    @Test func `why says which row of failures it was`() {
        var condition = Condition()
        condition.streak = [1...1, 3...Int.max, 5...6]
        #expect(condition.explain(run(.failed) { $0.streak = 2 }) == "streak is 2, not 1 or 3.. or 5..6")
        #expect(condition.explain(run(.succeeded)) == "it did not fail")
        #expect(condition.explain(.sample(.relay, now: .distantPast)) == "it is no run, and streak is asked for")
    }

    @Test func `the first success after a failure has recovered, and no other run has`() {
        var condition = Condition()
        condition.recovered = true
        #expect(condition.fits(run(.succeeded) { $0.recoveredAfter = 2 }))
        #expect(!condition.fits(run(.succeeded)) && !condition.fits(run(.failed)) && !condition.fits(run(.cancelled)))
        #expect(condition.explain(run(.succeeded)) == "it did not recover from anything")
        condition.recovered = false
        #expect(condition.fits(run(.succeeded)) && condition.fits(run(.failed)) && !condition.fits(run(.cancelled)))
    }

    @Test func `a run that took long enough fits, and one whose time nobody knows does not`() {
        var condition = Condition()
        condition.longer = .seconds(1_800)
        #expect(condition.fits(run(.succeeded) { $0.milliseconds = 1_800_000 }))
        #expect(condition.explain(run(.failed) { $0.milliseconds = 1_799_000 }) == "it took 30 min, not at least 30 min")
        #expect(condition.explain(run(.failed)) == "nobody knows how long it took")
    }

    @Test func `a pattern of many stars is quick`() {
        let pattern = String(repeating: "*a", count: 50) + "b"
        #expect(!Glob(pattern: pattern).matches(String(repeating: "a", count: 10_000)))
        #expect(Glob(pattern: pattern).matches(String(repeating: "a", count: 1_000) + "b"))
    }
}
