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
    let admitter: Admitter
    let laneRegistry: LaneRegistry
    private let http: any HTTPTransport
    private let chance: @Sendable () -> Double
    private let cursor: Listeners?
    private(set) var generation: Generation
    private(set) var pollers: [AccountPoller] = []
    private(set) var clients: [String: RevKeenClient] = [:]
    /// Why the ledger could not be written when somebody last tried; nil once it can be again.
    var storeFault: String?
    private let startedAt: Timestamp
    private var stopping = false
    private var pending: Generation?
    private nonisolated let generationEnds = Wakeup()
    private nonisolated let runEnded = Wakeup()
    /// Destinations that left the file with debts: named, kept, delivered when they return.
    private(set) var orphans: [String] = []

    init(
        generation: Generation, ledger: Ledger, http: any HTTPTransport, clock: any WallClock, logger: Logger, version: String,
        chance: @escaping @Sendable () -> Double, cursor: Listeners? = nil
    ) {
        self.cursor = cursor
        self.generation = generation
        self.ledger = ledger
        self.http = http
        self.clock = clock
        startedAt = clock.now
        self.logger = logger
        self.version = version
        self.chance = chance
        let laneRegistry = LaneRegistry()
        self.laneRegistry = laneRegistry
        reports = SelfReport(clock: clock, logger: logger)
        admitter = Admitter(
            router: generation.router, catchUp: generation.catchUps, ledger: ledger, clock: clock, metrics: metrics,
            wake: { laneRegistry.wake($0) })
        reports.attach(admitter)
    }

    /// Makes ready to run: what an earlier run held is released, and lanes and pollers stand.
    func prepare() async throws(LedgerError) {
        let released = try await ledger.releaseClaims()
        if released > 0 { logger.notice("\(released) deliveries of an earlier run were under way and are owed again") }
        try await takeOver(generation)
    }

    /// Until `stop()`, or until the task is cancelled. A reload begins a new generation of looks; lanes go on.
    func run() async {
        defer { runEnded.signal() }
        await withDiscardingTaskGroup { lanes in
            for lane in laneRegistry.lanes { lanes.addTask { await lane.run() } }
            while !stopping && !Task.isCancelled {
                await look()
                guard let next = pending else { continue }
                pending = nil
                for lane in await reload(next) { lanes.addTask { await lane.run() } }
            }
            for lane in laneRegistry.lanes { await lane.stop() }
        }
    }

    /// Looks, and minds the house, until this generation ends.
    private func look() async {
        let pollers = pollers
        await withDiscardingTaskGroup { group in
            for poller in pollers { group.addTask { await poller.run() } }
            group.addTask { await self.mind() }
            group.addTask { await self.carryAnswers() }
            group.addTask { await self.keepUp() }
            group.addTask { await self.remindAll() }
            for listener in listeners() { group.addTask { await listener.run() } }
            await generationEnds.wait()
            group.cancelAll()
        }
    }

    /// What cursor for pressed buttons needs.
    struct Listeners: Sendable {
        var keys: LinkKeys
        var tools: ChannelTools
    }

    private func listeners() -> [TelegramListener] {
        guard let cursor else { return [] }
        return telegramListeners(keys: cursor.keys, tools: cursor.tools)
    }

    /// Takes a new configuration over, without losing what is under way. `store` and `server` stay as they are until a restart.
    func adopt(_ new: Generation) {
        pending = new
        generationEnds.signal()
    }

    /// No new claims and no new looks; `run()` returns when what is in flight has ended.
    func stop() async {
        stopping = true
        generationEnds.signal()
        for lane in laneRegistry.lanes { await lane.stop() }
    }

    /// Returns when `run()` has returned.
    func ended() async { await runEnded.wait() }

    /// - Returns: the lanes that are new. Where the ledger cannot be asked, the old configuration stays.
    private func reload(_ next: Generation) async -> [Lane] {
        do {
            let new = try await takeOver(next)
            logger.notice("the configuration was read again")
            return new
        } catch {
            logger.error("the configuration was not taken over, the old one stays: \(error.detail)")
            return []
        }
    }

    /// Lanes and pollers as the generation says. A lane whose entry did not change goes on as it is.
    @discardableResult
    private func takeOver(_ next: Generation) async throws(LedgerError) -> [Lane] {
        try await rename(next.configuration)
        let records = Dictionary(try await ledger.lanes().map { ($0.destination, $0) }, uniquingKeysWith: { $1 })
        generation = next
        admitter.adopt(router: next.router, catchUp: next.catchUps)
        metrics.register(accounts: next.accounts.map(\.name), destinations: next.destinations.map(\.name), at: clock.now)
        reports.forget(besides: Set(next.accounts.map(\.name)), Set(next.destinations.map(\.name)))
        let before = laneRegistry.lanes
        var lanes: [(String, Lane)] = [], new: [Lane] = []
        for destination in next.destinations {
            if let lane = laneRegistry.lane(destination.name) {
                await lane.adopt(destination, composer: next.composer)
                lanes.append((destination.name, lane))
            } else {
                let lane = lane(destination, record: records[destination.name])
                lanes.append((destination.name, lane))
                new.append(lane)
            }
        }
        laneRegistry.replace(lanes)
        for lane in before where !lanes.contains(where: { $0.1 === lane }) { await lane.stop() }
        try await closer.scheduleDigests()
        clients = [:]
        pollers = next.accounts.map(poller)
        await nameOrphans()
        return new
    }

    /// What is kept under a former name goes to the new one.
    private func rename(_ configuration: Configuration) async throws(LedgerError) {
        for account in configuration.accounts {
            guard let was = account.was else { continue }
            let events = try await ledger.rename(account: was, to: account.name)
            if events > 0 { logger.notice("account \(account.name) goes on where \(was) ended: \(events) events") }
        }
        for destination in configuration.destinations {
            if let was = destination.was { _ = try await ledger.rename(destination: was, to: destination.name) }
        }
    }

    /// Looks once, delivers what is due, ends. False: an account was not reached, or something due stays owed.
    func runOnce() async -> Bool {
        let reached = await withTaskGroup(of: Bool.self) { group in
            for poller in pollers { group.addTask { await poller.lookOnce() } }
            var all = true
            for await reached in group where !reached { all = false }
            return all
        }
        // Nobody comes back to it later: what was gathered goes now.
        try? await closer.closeDue(shortest: .zero, unless: { false })
        await withDiscardingTaskGroup { group in
            for lane in laneRegistry.lanes { group.addTask { await lane.drain() } }
        }
        let unfinished = (try? await ledger.unfinished(at: clock.now)) ?? 1
        return reached && unfinished == 0
    }

    var closer: WindowCloser {
        let laneRegistry = laneRegistry
        return WindowCloser(
            ledger: ledger, admitter: admitter, clock: clock, startedAt: startedAt, wake: { laneRegistry.wake($0) })
    }

    private func nameOrphans() async {
        let known = Set(generation.destinations.map(\.name))
        let owing = ((try? await ledger.overview())?.destinations ?? []).filter { $0.owed > 0 && !known.contains($0.name) }
        orphans = owing.map(\.name)
        for orphan in owing {
            logger.warning(
                "destination \(orphan.name) is not in the configuration and is owed \(orphan.owed) deliveries; they are kept until it returns, until another says `was: \(orphan.name)`, or until `drop --destination \(orphan.name)`"
            )
        }
        let digests = (try? await OrphanedDigest.all(in: ledger, besides: generation.router.digests)) ?? []
        for digest in digests { logger.warning("\(digest.warning)") }
    }

    private func lane(_ destination: Destination, record: LaneRecord?) -> Lane {
        let name = destination.name
        return Lane(
            destination, composer: generation.composer, record: record, ledger: ledger, clock: clock, logger: logger,
            chance: chance, freshen: { [weak self] claim in await self?.approvals.freshened(claim) },
            report: { [weak self] report in await self?.hear(report, from: name) })
    }

    private func poller(_ account: RevKeenAccount) -> AccountPoller {
        let configuration = generation.configuration
        guard let settings = configuration.accounts.first(where: { $0.name == account.name }) else {
            preconditionFailure("accounts are made of settings")
        }
        let budget = RequestBudget(setting: settings.poll.budget, hostLimit: account.hostLimit, clock: clock)
        let client = RevKeenClient(account: account, transport: http, budget: budget, clock: clock, release: version)
        clients[account.name] = client
        let maker = EventMaker(
            account: account.name, staging: account.isStaging, words: configuration.statusVocabulary,
            priorityWords: PriorityWords(extra: configuration.priorityWords), redactor: configuration.redactor)
        return AccountPoller(
            settings: settings, client: client, maker: maker,
            ledger: ledger, admitter: admitter, reports: reports, refreshing: generation.refreshing, metrics: metrics, clock: clock,
            logger: logger)
    }
}

extension Generation {
    var catchUps: [String: Duration] {
        Dictionary(configuration.accounts.map { ($0.name, $0.catchUp) }, uniquingKeysWith: { $1 })
    }
}
