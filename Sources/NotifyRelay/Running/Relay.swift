import Channels
import Dedup
import Logging
import RelayCore
import Rendering
import RevKeen
import Transport

/// The whole relay: one ledger, a poller for each account, a lane for each destination.
actor Relay {
    let ledger: Ledger
    let clock: any WallClock
    let logger: Logger
    let metrics = Metrics()
    let reports: SelfReport
    let version: String
    private let http: any HTTPTransport
    private let chance: @Sendable () -> Double
    private let admitter: Admitter
    private let switchboard: Switchboard
    private(set) var blueprint: Blueprint
    private(set) var pollers: [AccountPoller] = []
    private var clients: [String: RevKeenClient] = [:]
    private var storeFault: String?
    private var stopping = false
    private var pending: Blueprint?
    private nonisolated let generationEnds = Bell()
    private nonisolated let runEnded = Bell()
    /// Destinations that left the file with debts: named, kept, delivered when they return.
    private(set) var orphans: [String] = []

    init(
        blueprint: Blueprint, ledger: Ledger, http: any HTTPTransport, clock: any WallClock, logger: Logger, version: String,
        chance: @escaping @Sendable () -> Double
    ) {
        self.blueprint = blueprint
        self.ledger = ledger
        self.http = http
        self.clock = clock
        self.logger = logger
        self.version = version
        self.chance = chance
        let switchboard = Switchboard()
        self.switchboard = switchboard
        reports = SelfReport(clock: clock, logger: logger)
        admitter = Admitter(
            router: blueprint.router, catchUp: blueprint.catchUps, ledger: ledger, clock: clock, metrics: metrics,
            wake: { switchboard.ring($0) })
        reports.attach(admitter)
    }

    /// Makes ready to run: what an earlier run held is released, and lanes and pollers stand.
    func prepare() async throws(LedgerError) {
        let released = try await ledger.releaseClaims()
        if released > 0 { logger.notice("\(released) deliveries of an earlier run were under way and are owed again") }
        try await assemble()
    }

    /// Until `stop()`, or until the task is cancelled. A reload ends one generation of pollers and lanes and begins the next.
    func run() async throws(LedgerError) {
        defer { runEnded.ring() }
        while !stopping && !Task.isCancelled {
            await withDiscardingTaskGroup { group in
                let looking = pollers
                let lanes = switchboard.lanes
                group.addTask {
                    await withDiscardingTaskGroup { looks in
                        for poller in looking { looks.addTask { await poller.run() } }
                        looks.addTask { await self.mind() }
                        await self.generationEnds.wait()
                        looks.cancelAll()
                    }
                    for lane in lanes { await lane.stop() }
                }
                for lane in lanes { group.addTask { await lane.run() } }
            }
            if let next = pending {
                pending = nil
                blueprint = next
                try await assemble()
            }
        }
    }

    /// Takes a new configuration over, without losing what is under way. `store` and `server` stay as they are until a restart.
    func adopt(_ new: Blueprint) {
        pending = new
        generationEnds.ring()
    }

    /// No new claims and no new looks; `run()` returns when what is in flight has ended.
    func stop() {
        stopping = true
        generationEnds.ring()
    }

    /// Lanes and pollers as the blueprint says. A lane whose entry did not change keeps its health.
    private func assemble() async throws(LedgerError) {
        for destination in blueprint.configuration.destinations {
            if let was = destination.was { _ = try await ledger.rename(destination: was, to: destination.name) }
        }
        admitter.adopt(router: blueprint.router, catchUp: blueprint.catchUps)
        metrics.register(
            accounts: blueprint.accounts.map(\.name), destinations: blueprint.destinations.map(\.name), at: clock.now)
        let records = Dictionary(try await ledger.lanes().map { ($0.destination, $0) }, uniquingKeysWith: { $1 })
        var lanes: [Lane] = []
        for destination in blueprint.destinations {
            lanes.append(lane(destination, health: await health(of: destination, record: records[destination.name])))
        }
        switchboard.replace(zip(blueprint.destinations.map(\.name), lanes))
        pollers = blueprint.accounts.map(poller)
        await nameOrphans()
    }

    private func health(of destination: Destination, record: LaneRecord?) async -> LaneHealth {
        guard let before = switchboard.lane(destination.name) else { return LaneHealth(record) }
        guard await before.destination.fingerprint == destination.fingerprint else {
            try? await ledger.setLane(
                LaneRecord(destination: destination.name, state: .open, reason: nil, since: clock.now, until: nil))
            return LaneHealth()
        }
        return await before.health
    }

    /// Looks once, delivers what is due, ends. False: an account was not reached, or something due stays owed.
    func runOnce() async -> Bool {
        let reached = await withTaskGroup(of: Bool.self) { group in
            for poller in pollers { group.addTask { await poller.lookOnce() } }
            var all = true
            for await reached in group where !reached { all = false }
            return all
        }
        try? await closer.closeDue()
        await withDiscardingTaskGroup { group in
            for lane in switchboard.lanes { group.addTask { await lane.drain() } }
        }
        let due = await owesNow()
        return reached && !due
    }

    /// Whether something is due, or waits for another try.
    private func owesNow() async -> Bool {
        guard let overview = try? await ledger.overview() else { return true }
        let now = clock.now
        return overview.debts.contains { $0.dueAt <= now || $0.attempt > 0 }
    }

    /// Returns when `run()` has returned.
    func ended() async { await runEnded.wait() }

    var closer: WindowCloser {
        let switchboard = switchboard
        return WindowCloser(ledger: ledger, admitter: admitter, clock: clock, wake: { switchboard.ring($0) })
    }

    func wake(_ destinations: Set<String>) { switchboard.ring(destinations) }

    func readiness() async -> Readiness {
        let ages = metrics.feedAges(clock.now)
        let paces = Dictionary(
            blueprint.configuration.accounts.map { ($0.name, $0.poll.approvals) }, uniquingKeysWith: { $1 })
        var lanes: [(String, Bool, String?)] = []
        for lane in switchboard.lanes {
            let health = await lane.health
            lanes.append((await lane.destination.name, health.isOpen, health.reason))
        }
        let approvals = ages.filter { $0.feed == AccountPoller.Feed.approvals.rawValue }
            .map { ($0.account, $0.age, paces[$0.account] ?? .seconds(10)) }
        let fault = await ledger.isWritable()?.detail ?? storeFault
        return Readiness.judge(storeFault: fault, lanes: lanes, approvals: approvals)
    }

    func metricsText() async -> String {
        let budgets = clients.mapValues(\.budget.perMinute)
        return metrics.text(
            overview: try? await ledger.overview(), lanes: (try? await ledger.lanes()) ?? [], budgets: budgets, now: clock.now)
    }

    func statusPage() async -> StatusPage? {
        guard let overview = try? await ledger.overview(), let lanes = try? await ledger.lanes() else { return nil }
        return StatusPage(
            overview: overview, lanes: lanes, feeds: metrics.feedAges(clock.now), troubles: reports.troubles,
            readiness: await readiness(), version: version, now: clock.now)
    }

    private var carrier: AnswerCarrier { AnswerCarrier(ledger: ledger, clients: clients, clock: clock, logger: logger) }

    /// Every second: changes by commands, windows to close, clocks that jumped. Every hour: retention.
    private func mind() async {
        var watch = ClockWatch(clock: clock)
        var nextUpkeep = clock.now
        while !Task.isCancelled {
            if let jump = watch.jump() { await took(jump) }
            if await ledger.changedElsewhere() { await heedCommands() }
            do { try await closer.closeDue() } catch { await note(.ledger(error), of: "relay") }
            do { try await carrier.carry() } catch { logger.error("an answer cannot be carried on: \(error)") }
            await FallbackWatch.look(self, lanes: switchboard.lanes)
            if clock.now >= nextUpkeep {
                nextUpkeep = clock.now + .seconds(3_600)
                await keepUp()
            }
            try? await clock.sleep(for: .seconds(1))
        }
    }

    private func heedCommands() async {
        let records = (try? await ledger.lanes()) ?? []
        for lane in switchboard.lanes {
            let name = await lane.destination.name
            let isOpenInStore = records.first { $0.destination == name }?.state ?? .open == .open
            if isOpenInStore, await !lane.health.isOpen { await lane.open() }
            lane.bell.ring()
        }
    }

    private func took(_ jump: Duration) async {
        if jump < .seconds(-60) { try? await ledger.shiftHeld(by: jump) }
        if jump > .seconds(300) || jump < .seconds(-300) {
            let topic = SelfReport.Topic(name: "clock", about: "clock", account: nil)
            let way = jump > .zero ? "forward" : "back"
            await reports.once(topic, "the clock was set \(way) by \((jump < .zero ? .zero - jump : jump).spoken)")
        }
        switchboard.ringAll()
    }

    private func keepUp() async {
        let retention = blueprint.configuration.retention
        let now = clock.now
        do {
            let removed = try await ledger.retain(
                payloadsBefore: now - retention.payloads, attemptsBefore: now - retention.attempts, auditBefore: now - retention.audit)
            if removed > 0 { logger.debug("retention emptied \(removed) rows") }
        } catch {
            await note(.ledger(error), of: "relay")
        }
    }

    private func nameOrphans() async {
        let known = Set(blueprint.destinations.map(\.name))
        let owing = ((try? await ledger.overview())?.destinations ?? []).filter { $0.owed > 0 && !known.contains($0.name) }
        orphans = owing.map(\.name)
        for orphan in owing {
            logger.warning(
                "destination \(orphan.name) is not in the configuration and is owed \(orphan.owed) deliveries; they are kept until it returns, until another says `was: \(orphan.name)`, or until `drop --destination \(orphan.name)`"
            )
        }
    }

    private func lane(_ destination: Destination, health: LaneHealth) -> Lane {
        let name = destination.name
        return Lane(
            destination, composer: blueprint.composer, health: health, ledger: ledger, clock: clock, logger: logger,
            chance: chance, report: { [weak self] report in await self?.note(report, of: name) })
    }

    private func poller(_ account: RevKeenAccount) -> AccountPoller {
        let configuration = blueprint.configuration
        guard let settings = configuration.accounts.first(where: { $0.name == account.name }) else {
            preconditionFailure("accounts are made of settings")
        }
        let budget = RequestBudget(setting: settings.poll.budget, hostLimit: account.hostLimit, clock: clock)
        let client = RevKeenClient(account: account, transport: http, budget: budget, clock: clock, release: version)
        clients[account.name] = client
        let maker = EventMaker(
            account: account.name, staging: account.isStaging, words: configuration.meaning,
            priorityWords: PriorityWords(extra: configuration.priorityWords), redactor: configuration.redactor)
        return AccountPoller(
            settings: settings, client: client, maker: maker,
            ledger: ledger, admitter: admitter, reports: reports, metrics: metrics, clock: clock, logger: logger)
    }

    /// What a lane says: counted, logged, told.
    private func note(_ report: Lane.Report, of destination: String) async {
        switch report {
        case .attempted(let outcome, let took): metrics.delivered(destination, outcome, took: took)
        case .templateFailed(let why):
            logger.warning("a template failed and the built-in one was used: \(why)", metadata: ["destination": "\(destination)"])
        case .ledger(let error):
            if let error, storeFault == nil { logger.error("the store cannot be written: \(error.detail)") }
            if error == nil, storeFault != nil { logger.notice("the store can be written again") }
            storeFault = error?.detail
        case .changed(let change, let reason): await told(change, reason: reason, destination)
        }
    }

    private func told(_ change: LaneHealth.Change, reason: String?, _ destination: String) async {
        let down = SelfReport.Topic(name: "down", about: destination, account: nil)
        let closed = SelfReport.Topic(name: "closed", about: destination, account: nil)
        switch change {
        case .none: break
        case .wentDown:
            logger.notice("destination \(destination) is down: \(reason ?? "")", metadata: ["destination": "\(destination)"])
        case .closed:
            await reports.begin(
                closed, "destination \(destination) is closed: \(reason ?? "it refuses us"); `lanes open \(destination)` opens it")
        case .opened:
            await reports.end(closed, "destination \(destination) is open again")
            await reports.end(down, "destination \(destination) is reachable again")
        }
    }
}

extension Blueprint {
    var catchUps: [String: Duration] {
        Dictionary(configuration.accounts.map { ($0.name, $0.catchUp) }, uniquingKeysWith: { $1 })
    }
}
