import Dedup
import RelayCore
import RelayTesting
import Testing

@testable import NotifyRelay

/// Looks, deliveries, and what the ledger holds after them.
extension House {
    func poller(_ account: String = "live") async throws -> AccountPoller {
        for poller in await relay.pollers where poller.name == account { return poller }
        return try #require(nil as AccountPoller?, "no account \(account)")
    }

    /// Does one look at every feed.
    @discardableResult
    func look(_ account: String = "live") async throws -> Bool { try await poller(account).lookOnce() }

    /// Delivers what is due now, and lets short waits pass.
    func deliver() async {
        let lanes = await relay.laneRegistry.lanes
        await inItsTime(clock) { for lane in lanes { await lane.drain() } }
    }

    /// Every event that was admitted, oldest first.
    func events(_ kinds: Event.Kind...) async throws -> [Event] {
        try await ledger.recentEvents(limit: 10_000).filter { kinds.isEmpty || kinds.contains($0.kind) }
    }

    func event(_ id: String) async throws -> Event { try #require(try await ledger.event(id), "no event \(id)").event }

    /// The ids of the admitted events for which any delivery is or was owed.
    func told(_ kinds: Event.Kind...) async throws -> [String] {
        var told: [String] = []
        for event in try await ledger.recentEvents(limit: 10_000) where kinds.isEmpty || kinds.contains(event.kind) {
            if try await !ledger.history(event.id).deliveries.isEmpty { told.append(event.id) }
        }
        return told
    }

    /// The destinations of an event's deliveries, each with the state: `ops delivered`.
    func deliveries(of id: String) async throws -> [String] {
        try await ledger.history(id).deliveries.map { "\($0.destination) \($0.state.rawValue)" }
    }

    /// The relay's own reports about a topic: `live`, and `live over` when the problem has ended.
    func said(_ topic: String) async throws -> [String] {
        try await events(.relay).compactMap { event in
            guard case .relay(let detail) = event.payload.detail, detail.topic == topic else { return nil }
            return detail.about + (detail.over ? " over" : "")
        }
    }

    /// The texts of those reports.
    func words(_ topic: String) async throws -> [String] {
        try await events(.relay).compactMap { event in
            guard case .relay(let detail) = event.payload.detail, detail.topic == topic else { return nil }
            return detail.detail
        }
    }
}

extension Duration {
    static func minutes(_ count: Int) -> Duration { .seconds(60 * count) }
    static func hours(_ count: Int) -> Duration { .seconds(3_600 * count) }
    static func days(_ count: Int) -> Duration { .seconds(86_400 * count) }
}
