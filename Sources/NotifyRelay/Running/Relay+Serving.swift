import Dedup
import Logging
import RelayCore
import RevKeen

/// What the relay shows of itself.
extension Relay {
    func readiness() async -> Readiness {
        let paces = Dictionary(
            generation.configuration.accounts.map { ($0.name, $0.poll.approvals) }, uniquingKeysWith: { $1 })
        var lanes: [(String, Bool, String?)] = []
        for lane in laneRegistry.lanes {
            let health = await lane.health
            lanes.append((await lane.destination.name, health.isOpen, health.reason))
        }
        let approvals = metrics.feedAges(clock.now).compactMap { feed in
            feed.feed == AccountPoller.Feed.approvals.rawValue ? paces[feed.account].map { (feed.account, feed.age, $0) } : nil
        }
        return Readiness.judge(storeFault: await storeHealth.check(), lanes: lanes, approvals: approvals)
    }

    func metricsText() async -> String {
        let budgets = clients.mapValues(\.budget.perMinute)
        return metrics.text(
            overview: try? await ledger.overview(), lanes: (try? await ledger.lanes()) ?? [], budgets: budgets, now: clock.now)
    }

    func statusPage() async -> StatusPage? {
        guard let overview = try? await ledger.overview(), let lanes = try? await ledger.lanes() else { return nil }
        return StatusPage(
            overview: overview, known: generation.destinations.map(\.name), lanes: lanes, feeds: metrics.feedAges(clock.now),
            troubles: reports.troubles, readiness: await readiness(), version: version, now: clock.now)
    }
}
