import Dedup
import RelayCore
import RelayTesting
import Testing

@testable import NotifyRelay

/// What happens in the house, and what came of it.
extension House {
    func poller(_ account: String = "live") async throws -> AccountPoller {
        for poller in await relay.pollers where await poller.name == account { return poller }
        return try #require(nil as AccountPoller?, "no account \(account)")
    }

    /// One look at everything.
    @discardableResult
    func look(_ account: String = "live") async throws -> Bool { try await poller(account).lookOnce() }

    /// Delivers what is due now, waiting out what is short.
    func deliver() async {
        let lanes = await relay.laneRegistry.lanes
        await inItsTime(clock) { for lane in lanes { await lane.drain() } }
    }

    /// Everything that was admitted, oldest first.
    func events(_ kinds: Event.Kind...) async throws -> [Event] {
        try await ledger.recentEvents(limit: 10_000).filter { kinds.isEmpty || kinds.contains($0.kind) }
    }

    func event(_ id: String) async throws -> Event { try #require(try await ledger.event(id), "no event \(id)").event }

    /// The ids of what was admitted and is owed, or was, to somebody.
    func told(_ kinds: Event.Kind...) async throws -> [String] {
        var told: [String] = []
        for event in try await ledger.recentEvents(limit: 10_000) where kinds.isEmpty || kinds.contains(event.kind) {
            if try await !ledger.history(event.id).deliveries.isEmpty { told.append(event.id) }
        }
        return told
    }

    /// Where an event went or is to go, with its state: `ops delivered`.
    func deliveries(of id: String) async throws -> [String] {
        try await ledger.history(id).deliveries.map { "\($0.destination) \($0.state.rawValue)" }
    }

    /// What the relay said of itself about a topic: `live`, and `live over` when it is well again.
    func said(_ topic: String) async throws -> [String] {
        try await events(.relay).compactMap { event in
            guard case .relay(let detail) = event.payload.detail, detail.topic == topic else { return nil }
            return detail.about + (detail.over ? " over" : "")
        }
    }

    /// The words of what it said.
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
