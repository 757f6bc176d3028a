import Dedup
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

/// PagerDuty answers 429 without a wait, so the channel waits half a minute. A flood of alerts takes an hour, so the test has its own
/// clock.
struct PagerDutyStormTests {
    @Test func `a thousand alerts come once each, although every tenth request is refused`() async throws {
        let keys = InboxMessage.Kind.pagerduty.keys(base: House.service(.pagerduty))
        let house = try await House(
            House.file(destinations: "ops: {\(keys), pace: {burst: 1000, every: 1s}, give_up: 30d}"), channels: .real)
        await house.inbox.arrange { $0.every = 10 }
        for number in 0..<1_000 { try await house.owe("storm-\(number)") }
        while try await house.ledger.nextDue("ops") != nil {
            await house.deliver()
            if let due = try await house.ledger.nextDue("ops"), due > house.clock.now {
                house.clock.advance(by: house.clock.now.duration(to: due))
            }
        }
        let alerts = await house.inbox.messages(kind: .pagerduty)
        let summaries = Set(alerts.compactMap { $0.json?["payload"]?["custom_details"]?["id"]?.string })
        #expect(summaries.count == 1_000)
        #expect(alerts.count == 1_000)
        #expect(await house.inbox.refused >= 100)
    }
}
