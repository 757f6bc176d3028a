import Dedup
import RelayCore

/// What a lane's `fallback` gets while the lane is ill: told once per closing, or once it has been down for 15 minutes; then also
/// what is `high` or more and has waited 15 minutes.
struct FallbackWatch {
    static let patience = Duration.seconds(15 * 60)
    /// A round asks the ledger for what has waited too long; nobody waits for it by the second.
    static let roundEvery = Duration.seconds(15)

    private var nextRound = Timestamp.distantPast

    mutating func look(_ relay: Relay, lanes: [Lane]) async {
        let now = relay.clock.now
        guard now >= nextRound || nextRound > now + Self.roundEvery else { return }
        nextRound = now + Self.roundEvery
        for lane in lanes {
            let health = await lane.health
            guard !health.isOpen else { continue }
            await Self.help(await lane.destination, health, relay, now: now)
        }
    }

    private static func help(_ destination: Destination, _ health: LaneHealth, _ relay: Relay, now: Timestamp) async {
        switch health.state {
        case .open: return
        case .down(let since, _, _):
            guard since.duration(to: now) >= patience else { return }
            let topic = SelfReport.Topic(name: "down", about: destination.name, account: nil)
            await relay.reports.begin(
                topic, "destination \(destination.name) has been down since \(since): \(health.reason ?? "")", at: since,
                also: destination.fallback)
        case .closed(let since):
            // Said when it closed; after a restart nobody would know that there is something to end.
            await relay.reportClosing(of: destination.name, reason: health.reason, since: since)
        }
        guard let fallback = destination.fallback else { return }
        await relay.divert(from: destination.name, to: fallback, olderThan: now - patience)
    }
}

extension Relay {
    func divert(from destination: String, to fallback: String, olderThan: Timestamp) async {
        let router = generation.router, now = clock.now
        let diverted = try? await ledger.divert(
            from: destination, to: fallback, recipients: router.recipients[fallback] ?? [""], atLeast: .high, seenBefore: olderThan,
            quiet: { router.rules[fallback]?.quiet?.end(for: $0, at: now) })
        if let diverted, diverted > 0 { laneRegistry.wake([fallback]) }
    }
}
