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

    @Test func `a pattern of many stars is quick`() {
        let pattern = String(repeating: "*a", count: 50) + "b"
        #expect(!Glob(pattern: pattern).matches(String(repeating: "a", count: 10_000)))
        #expect(Glob(pattern: pattern).matches(String(repeating: "a", count: 1_000) + "b"))
    }
}
