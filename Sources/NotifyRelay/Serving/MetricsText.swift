import Dedup
import RelayCore

/// What the metrics show of the relay at one moment, beside what they count.
struct MetricsMoment: Sendable {
    var now: Timestamp
    var version = ""
    /// Nil while the store cannot be read. The series that need it are then left out.
    var overview: Overview?
    var gauges: LedgerGauges?
    /// The state of each lane, by destination.
    var lanes: [String: LaneRecord.State] = [:]
    /// Requests a minute by account; nil means no limit.
    var budgets: [String: Double?] = [:]
    /// When each digest closes next.
    var digests: [String: Timestamp] = [:]
    /// Whether this process leads, and the number of the present reign as it knows it.
    var leads = true
    var epoch: Int?
    var droppedLines = 0
    var process = ProcessFigures()
}

/// Writes all metrics as one page.
struct MetricsText {
    let state: Metrics.State
    let moment: MetricsMoment

    var text: String {
        var page = MetricsPage()
        page.write(.build, [[moment.version, String(Ledger.schemaVersion)]: 1])
        writeMessages(&page)
        writeLanes(&page)
        writeDecisions(&page)
        writeFeeds(&page)
        writeProgram(&page)
        return page.text
    }

    private func writeMessages(_ page: inout MetricsPage) {
        page.write(.admitted, state.admitted.mapValues(Double.init))
        page.write(.deliveries, state.deliveries.mapValues(Double.init))
        page.write(.deliverySeconds, Dictionary(state.seconds.map { ([$0], $1) }, uniquingKeysWith: { $1 }))
        if let overview = moment.overview { writeOwed(overview, &page) }
        if let gauges = moment.gauges {
            let known = Set(state.destinations)
            var held: [Labels: Double] = [:]
            for name in state.destinations { for kind in HeldKind.allCases { held[[name, kind.rawValue]] = 0 } }
            for one in gauges.held where known.contains(one.destination) { held[[one.destination, one.kind.rawValue]] = Double(one.count) }
            page.write(.held, held)
            page.write(.gathered, series(Array(moment.digests.keys)) { Double(gauges.gathered[$0] ?? 0) })
        }
        page.write(.nextDigest, series(Array(moment.digests.keys)) { moment.digests[$0].map(Self.seconds) ?? 0 })
    }

    private func writeOwed(_ overview: Overview, _ page: inout MetricsPage) {
        let byName = Dictionary(overview.destinations.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        // The debts of a destination that left the configuration are kept, so they are counted too.
        let names = Array(Set(state.destinations).union(byName.keys))
        page.write(.owed, series(names) { Double(byName[$0]?.owed ?? 0) })
        page.write(.dead, series(names) { Double(byName[$0]?.dead ?? 0) })
        page.write(.oldestOwed, series(names) { age(byName[$0]?.oldestOwed) })
    }

    private func writeLanes(_ page: inout MetricsPage) {
        func state(of name: String) -> LaneRecord.State { moment.lanes[name] ?? .open }
        page.write(.laneOpen, series(self.state.destinations) { [.open, .blocked].contains(state(of: $0)) ? 1 : 0 })
        var states: [Labels: Double] = [:]
        for name in self.state.destinations {
            for word in LaneRecord.State.allCases { states[[name, word.rawValue]] = word == state(of: name) ? 1 : 0 }
        }
        page.write(.laneState, states)
    }

    private func writeDecisions(_ page: inout MetricsPage) {
        if let gauges = moment.gauges {
            let byName = Dictionary(gauges.approvals.map { ($0.account, $0) }, uniquingKeysWith: { $1 })
            page.write(.approvalsOpen, series(state.accounts) { Double(byName[$0]?.open ?? 0) })
            page.write(.oldestApproval, series(state.accounts) { age(byName[$0]?.oldest) })
        }
        page.write(.decisions, state.decisions.mapValues(Double.init))
        page.write(.decisionSeconds, Dictionary(state.decisionSeconds.map { ([$0], $1) }, uniquingKeysWith: { $1 }))
    }

    private func writeFeeds(_ page: inout MetricsPage) {
        page.write(.feedAge, state.lastRead.mapValues { max(0, $0.duration(to: moment.now).inSeconds) })
        page.write(.feedSaturated, state.saturated.mapValues { $0 ? 1 : 0 })
        page.write(.gaps, state.gaps.mapValues(Double.init))
        page.write(.absences, series(state.accounts) { Double(state.absences[$0] ?? 0) })
        page.write(.seenDelay, state.seen)
        page.write(.requests, state.requests.mapValues(Double.init))
        page.write(.pollFailures, state.pollFailures.mapValues(Double.init))
        page.write(.budget, series(state.accounts) { (moment.budgets[$0] ?? nil) ?? .infinity })
    }

    private func writeProgram(_ page: inout MetricsPage) {
        page.write(.storeReadable, moment.overview != nil && moment.gauges != nil ? 1 : 0)
        if let bytes = moment.gauges?.bytes {
            page.write(.storeBytes, [["data"]: Double(bytes.data), ["free"]: Double(bytes.free), ["log"]: Double(bytes.log)])
        }
        page.write(.leader, moment.leads ? 1 : 0)
        page.write(.leaderEpoch, moment.epoch.map(Double.init))
        page.write(.reloadSuccess, state.reloadSucceeded ? 1 : 0)
        page.write(.reloadedAt, Self.seconds(state.reloadedAt))
        page.write(.logDropped, Double(moment.droppedLines))
        page.write(.processCPU, moment.process.cpuSeconds)
        page.write(.processResident, moment.process.residentBytes)
        page.write(.processVirtual, moment.process.virtualBytes)
        page.write(.processFiles, moment.process.openFiles)
        page.write(.processMostFiles, moment.process.mostFiles)
        page.write(.processStart, moment.process.startSeconds)
    }

    private func series(_ names: [String], _ value: (String) -> Double) -> [Labels: Double] {
        Dictionary(names.map { ([$0], value($0)) }, uniquingKeysWith: { $1 })
    }

    private func age(_ began: Timestamp?) -> Double { began.map { max(0, $0.duration(to: moment.now).inSeconds) } ?? 0 }

    private static func seconds(_ moment: Timestamp) -> Double { Double(moment.milliseconds) / 1_000 }
}
