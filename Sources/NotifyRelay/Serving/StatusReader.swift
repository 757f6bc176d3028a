import Dedup
import Policy
import RelayCore
import RevKeen

/// Gathers the relay's own state for the desk, the metrics and `/readyz`.
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

    /// The lines of the log that were dropped or lost since the start.
    var droppedLines: @Sendable () -> Int = { Log.running?.missing ?? 0 }

    /// How long a page waits for the store. Another process may hold it for longer.
    var patience = Duration.seconds(2)

    static let noAnswer = "the store does not answer"

    func readiness() async -> Readiness {
        let fault = await result(within: patience) { [storeFault] in await storeFault() } ?? Self.noAnswer
        // A relay that has just lost the lead is fenced until it stands by, which is no fault.
        if case .lost = ledger.leadership.state { return .standby(storeFault: nil) }
        guard leads else { return .standby(storeFault: ledger.leadership.trouble?.detail ?? fault) }
        let paces = Dictionary(
            await budgetedPaces(), uniquingKeysWith: { $1 })
        let approvals = metrics.feedAges(clock.now).compactMap { feed in
            feed.feed == Feed.approvals.rawValue ? paces[feed.account].map { (feed.account, feed.age, $0) } : nil
        }
        return Readiness.judge(storeFault: fault, lanes: await lanes(), approvals: approvals)
    }

    private var leads: Bool { if case .leads = ledger.leadership.state { true } else { false } }

    /// The time between two looks at approvals, by account.
    private func budgetedPaces() async -> [(String, Duration)] {
        let running = await current()
        return running.generation.accounts.compactMap { account in running.approvalsPace(of: account.name).map { (account.name, $0) } }
    }

    /// While the store cannot be read, Prometheus sees that its series end, instead of a false value. `/readyz` says why.
    func metricsText() async -> String {
        let running = await current(), now = clock.now
        var moment = MetricsMoment(now: now, version: version)
        moment.budgets = running.clients.mapValues(\.budget.perMinute)
        moment.lanes = await laneStates(now)
        moment.overview = await ifReadable { ledger throws(LedgerError) in try await ledger.overview() }
        moment.gauges = await ifReadable { ledger throws(LedgerError) in try await ledger.gauges() }
        for digest in running.generation.router.digests { moment.digests[digest.name] = digest.schedule.next(after: now) }
        moment.leads = ledger.leadership.mayAct
        moment.epoch = ledger.leadership.leader?.epoch
        moment.droppedLines = droppedLines()
        moment.process = ProcessFigures.now()
        return metrics.text(moment)
    }

    func relayStatus() async throws(LedgerError) -> RelayStatus {
        async let readiness = readiness()
        let overview = try await read { ledger throws(LedgerError) in try await ledger.overview() }
        let lanes = try await read { ledger throws(LedgerError) in try await ledger.lanes() }
        let feeds = leads ? metrics.feedAges(clock.now) : try await feedsOfLeader()
        return RelayStatus(
            overview: overview, known: await current().generation.destinations.map(\.name), lanes: lanes,
            feeds: feeds, troubles: reports.troubles, readiness: await readiness, version: version,
            leader: try await read { ledger throws(LedgerError) in try await ledger.leader() })
    }

    /// What the relay that leads has read, as it wrote it down.
    private func feedsOfLeader() async throws(LedgerError) -> [(account: String, feed: String, age: Duration, saturated: Bool, gaps: Int)] {
        let (states, gaps) = try await read { ledger throws(LedgerError) in
            (try await ledger.feeds(account: nil), try await ledger.gaps(account: nil))
        }
        let now = clock.now
        return states.filter { $0.name != "account" }.compactMap { feed in
            guard let read = feed.lastReadAt else { return nil }
            let count = gaps.count { $0.account == feed.account && $0.feed.rawValue == feed.name }
            return (feed.account, feed.name, max(.zero, read.duration(to: now)), feed.saturated, count)
        }
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

    private func laneStates(_ now: Timestamp) async -> [String: LaneRecord.State] {
        var states: [String: LaneRecord.State] = [:]
        for lane in laneRegistry.lanes {
            let name = await lane.destination.name
            states[name] = await lane.health.record(of: name, at: now).state
        }
        return states
    }

    /// Nil while the store cannot be read, for what is left out then.
    private func ifReadable<Value: Sendable>(
        _ work: @escaping @Sendable (Ledger) async throws(LedgerError) -> Value
    ) async -> Value? {
        do throws(LedgerError) { return try await read(work) } catch { return nil }
    }

    /// - Throws: the store's error, or `.busy` if the store does not answer in time.
    private func read<Value: Sendable>(
        _ work: @escaping @Sendable (Ledger) async throws(LedgerError) -> Value
    ) async throws(LedgerError) -> Value {
        let outcome = await result(within: patience) { [ledger] () -> Result<Value, LedgerError> in
            do throws(LedgerError) { return .success(try await work(ledger)) } catch { return .failure(error) }
        }
        guard let outcome else { throw LedgerError(.busy, Self.noAnswer) }
        return try outcome.get()
    }
}
