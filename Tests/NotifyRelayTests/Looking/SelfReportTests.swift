import RelayCore
import RelayTesting
import Testing

@testable import Dedup
@testable import NotifyRelay

/// The relay's messages about itself while the store fails to admit events.
struct SelfReportTests {
    private let topic = SelfReport.Topic(name: "down", about: "ops", account: nil)

    @Test func `a trouble that could not be admitted is told when the store takes it`() async throws {
        let house = try await House()
        let reports = await house.relay.reports
        try await house.refuseEvents()
        await reports.begin(topic, "ops is down")
        #expect(reports.troubles.count == 1, "the status page shows it all the same")
        #expect(try await house.said("down") == [])
        try await house.takeEvents()
        await reports.begin(topic, "ops is down")
        #expect(try await house.said("down") == ["ops"])
        await reports.begin(topic, "ops is down")
        #expect(try await house.said("down") == ["ops"], "it is told once")
    }

    @Test func `an end that could not be admitted is told when the store takes it`() async throws {
        let house = try await House()
        let reports = await house.relay.reports
        await reports.begin(topic, "ops is down")
        try await house.refuseEvents()
        house.clock.advance(by: .minutes(1))
        await reports.end(topic, "ops is back")
        try await house.takeEvents()
        await reports.end(topic, "ops is back")
        #expect(try await house.said("down") == ["ops", "ops over"])
    }
}

extension House {
    fileprivate func refuseEvents() async throws {
        try await ledger.writes.write("test") { db in
            _ = try db.run("CREATE TRIGGER no_event BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'no room'); END")
        }
    }

    fileprivate func takeEvents() async throws {
        try await ledger.writes.write("test") { db in _ = try db.run("DROP TRIGGER no_event") }
    }
}
