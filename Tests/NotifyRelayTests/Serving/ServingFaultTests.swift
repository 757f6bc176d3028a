import Dedup
import Pages
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import NotifyRelay

/// What the relay shows of its state while the store cannot be read.
struct ServingFaultTests {
    /// A house whose lane `ops` is closed, with one delivery owed.
    private func house() async throws -> House {
        let house = try await House()
        try await house.owe("a")
        house.channel().next(.gone)
        try await house.lane().drain()
        return house
    }

    @Test(arguments: ["lane", "delivery"])
    func `a closed lane stays closed in the metrics, whatever the store says`(table: String) async throws {
        let house = try await house()
        let text = try await house.without(table) { await house.relay.status.metricsText() }
        #expect(text.contains("notify_relay_lane_open{destination=\"ops\"} 0\n"))
    }

    @Test func `series that need the store are left out, the others stay`() async throws {
        let house = try await house()
        #expect(await house.relay.status.metricsText().contains("notify_relay_owed{destination=\"ops\"} 1\n"))
        let text = try await house.without("delivery") { await house.relay.status.metricsText() }
        #expect(!text.contains("notify_relay_owed") && !text.contains("notify_relay_oldest_owed_seconds"))
        #expect(text.contains("notify_relay_feed_age_seconds{account=\"live\""))
    }

    @Test(arguments: ["lane", "delivery"])
    func `the relay's state is an error, not a state that lacks something`(table: String) async throws {
        let house = try await house()
        try await house.without(table) {
            _ = await #expect(throws: LedgerError.self) { try await house.relay.status.relayStatus() }
        }
        #expect(try await house.relay.status.relayStatus().lanes.map(\.state) == [.closed])
    }
}
