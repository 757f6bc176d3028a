import Dedup
import Policy
import RelayCore
import RevKeen

/// Gathers the relay's own state for the status page, the metrics and `/readyz`.
struct StatusReader: StatusReading {
    let ledger: Ledger
    let clock: any WallClock
    let metrics: Metrics
    let reports: SelfReport
    let laneRegistry: LaneRegistry
    let version: String
    let current: @Sendable () async -> RunningGeneration
    /// Tries a small write, and says why the store cannot be written; nil if it can.
    let storeFault: @Sendable () async -> String?

    func readiness() async -> Readiness {
        let paces = Dictionary(
            await current().generation.configuration.accounts.map { ($0.name, $0.poll.approvals) }, uniquingKeysWith: { $1 })
        let approvals = metrics.feedAges(clock.now).compactMap { feed in
            feed.feed == AccountPoller.Feed.approvals.rawValue ? paces[feed.account].map { (feed.account, feed.age, $0) } : nil
        }
        return Readiness.judge(storeFault: await storeFault(), lanes: await lanes(), approvals: approvals)
    }

    func metricsText() async -> String {
        let budgets = await current().clients.mapValues(\.budget.perMinute)
        let shut = Set(await lanes().filter { !$0.isOpen }.map(\.name))
        return metrics.text(overview: await overview(), shut: shut, budgets: budgets, now: clock.now)
    }

    func statusPage() async throws(LedgerError) -> StatusPage {
        let overview = try await ledger.overview(), lanes = try await ledger.lanes()
        return StatusPage(
            overview: overview, known: await current().generation.destinations.map(\.name), lanes: lanes,
            feeds: metrics.feedAges(clock.now), troubles: reports.troubles, readiness: await readiness(), version: version, now: clock.now)
    }

    /// The states of the lanes in this process. They are in memory, so no store is needed.
    private func lanes() async -> [(name: String, isOpen: Bool, reason: String?)] {
        var lanes: [(name: String, isOpen: Bool, reason: String?)] = []
        for lane in laneRegistry.lanes {
            let health = await lane.health
            lanes.append((await lane.destination.name, health.isOpen, health.reason))
        }
        return lanes
    }

    /// The overview; nil while the store cannot be read. Prometheus then sees that the series end instead of a false value. `/readyz` says
    /// why.
    private func overview() async -> Overview? {
        do { return try await ledger.overview() } catch { return nil }
    }
}
