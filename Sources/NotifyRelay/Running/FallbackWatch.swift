import Dedup
import RelayCore

/// What a lane's `fallback` gets while the lane is ill: told once per closing, or once it has been down for 15 minutes; then also
/// what is `high` or more and has waited 15 minutes.
enum FallbackWatch {
    static let patience = Duration.seconds(15 * 60)

    static func look(_ relay: Relay, lanes: [Lane]) async {
        for lane in lanes {
            let health = await lane.health
            guard !health.isOpen else { continue }
            let destination = await lane.destination
            let now = relay.clock.now
            if case .down(let since, _, _) = health.state {
                guard since.duration(to: now) >= patience else { continue }
                let topic = SelfReport.Topic(name: "down", about: destination.name, account: nil)
                await relay.reports.begin(topic, "destination \(destination.name) has been down since \(since): \(health.reason ?? "")")
            }
            guard let fallback = destination.fallback else { continue }
            await relay.divert(from: destination.name, to: fallback, olderThan: now - patience)
        }
    }
}

extension Relay {
    func divert(from destination: String, to fallback: String, olderThan: Timestamp) async {
        let recipients = blueprint.router.recipients[fallback] ?? [""]
        let diverted = try? await ledger.divert(
            from: destination, to: fallback, recipients: recipients, atLeast: .high, seenBefore: olderThan)
        if let diverted, diverted > 0 { wake([fallback]) }
    }
}
