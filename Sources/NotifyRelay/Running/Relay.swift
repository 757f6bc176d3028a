import Channels
import Dedup
import Logging
import RelayCore
import Rendering
import RevKeen
import Transport

/// The whole relay: it makes its parts, owns them, and runs them. There is one ledger, a poller for each account, and a lane for each
/// destination.
actor Relay {
    let ledger: Ledger
    let clock: any WallClock
    let logger: Logger
    nonisolated let metrics = Metrics()
    let reports: SelfReport
    let deaths = LaneCount()
    let tellings = LaneCount()
    let said = SaidOnce()
    let version: String
    let admitter: Admitter
    let laneRegistry = LaneRegistry()
    let storeHealth: StoreHealth
    private let http: any HTTPTransport
    private let chance: @Sendable () -> Double
    private let buttons: ButtonAccess?
    private var turn: HousekeepingTurn
    private let startedAt: Timestamp

    private(set) var generation: Generation
    private(set) var pollers: [AccountPoller] = []
    private(set) var clients: [String: RevKeenClient] = [:]
    /// Destinations that left the file while deliveries to them were owed. Those are kept, and sent when the destination returns.
    private(set) var orphans: [String] = []
    private var stopping = false
    /// The claims of earlier runs are released, and lanes and pollers are made.
    private var isPrepared = false
    private static let watchEvery = Duration.seconds(1)
    /// A reload that waits until the pollers of the old generation have ended.
    private var handover: Handover?
    private nonisolated let looksEnd = Wakeup()
    private nonisolated let runEnded = Wakeup()

    /// The keys and clients that Telegram listeners need.
    struct ButtonAccess: Sendable {
        var keys: LinkKeys
        var tools: ChannelTools
    }

    private struct Handover {
        var next: Generation
        var done: CheckedContinuation<Result<Void, LedgerError>, Never>
    }

    init(
        generation: Generation, ledger: Ledger, http: any HTTPTransport, clock: any WallClock, logger: Logger, version: String,
        chance: @escaping @Sendable () -> Double, buttons: ButtonAccess? = nil
    ) {
        self.buttons = buttons
        self.generation = generation
        self.ledger = ledger
        self.http = http
        self.clock = clock
        startedAt = clock.now
        self.logger = logger
        self.version = version
        self.chance = chance
        turn = HousekeepingTurn(clock: clock)
        storeHealth = StoreHealth(ledger: ledger, logger: logger)
        reports = SelfReport(clock: clock, logger: logger)
        admitter = Admitter(
            router: generation.router, catchUp: generation.catchUps, ledger: ledger, clock: clock, metrics: metrics,
            wake: { [laneRegistry] in laneRegistry.wake($0) })
        reports.attach(admitter)
    }

    /// Prepares for `run()`: releases the claims of an earlier run, and makes lanes and pollers.
    func prepare() async throws(LedgerError) {
        let released = try await ledger.releaseClaims()
        if released > 0 { logger.notice("\(released) deliveries of an earlier run were under way and are owed again") }
        _ = await swap(to: try await incoming(generation))
        isPrepared = true
    }

    /// Runs until `stop()` or until the task is cancelled. A relay that is not prepared stands by until it leads.
    func run() async {
        defer { runEnded.signal() }
        while !stopping && !Task.isCancelled {
            if !isPrepared { await standBy() }
            guard isPrepared else { continue }
            await lead()
            if !stopping && !Task.isCancelled { standDown() }
        }
        refuseHandover()
    }

    /// Reads, sends and decides until `stop()`, until the task is cancelled or until another relay leads. A reload ends the pollers and starts
    /// new ones; lanes keep running.
    private func lead() async {
        await withDiscardingTaskGroup { lanes in
            for lane in laneRegistry.lanes { lanes.addTask { await lane.run() } }
            while !stopping && !Task.isCancelled && leads {
                await look()
                guard !stopping, leads, let handover else { continue }
                self.handover = nil
                let (result, new) = await takeOver(handover.next)
                for lane in new { lanes.addTask { await lane.run() } }
                handover.done.resume(returning: result)
            }
            if !leads {
                // The relay that leads now sends what is under way again, under the same ids, so it is cut off here.
                for lane in laneRegistry.lanes { await lane.abandon() }
                lanes.cancelAll()
            }
            for lane in laneRegistry.lanes { await lane.stop() }
        }
    }

    private var leads: Bool { if case .leads = ledger.leadership.state { true } else { false } }

    /// Runs pollers, housekeeping and listeners until a reload, a stop, or the end of the lead.
    private func look() async {
        let pollers = pollers, housekeeping = housekeeping
        await withDiscardingTaskGroup { group in
            group.addTask { [ledger, looksEnd] in
                await ledger.leadership.wait { if case .leads = $0 { false } else { true } }
                if !Task.isCancelled { looksEnd.signal() }
            }
            group.addTask { await self.watchStore() }
            for poller in pollers { group.addTask { await poller.run() } }
            group.addTask { await housekeeping.run() }
            for listener in listeners() { group.addTask { await listener.run() } }
            await looksEnd.wait()
            group.cancelAll()
        }
    }

    private func listeners() -> [TelegramListener] {
        guard let buttons else { return [] }
        return telegramListeners(keys: buttons.keys, tools: buttons.tools)
    }

    /// Starts no new claim and no new look. `run()` returns when the attempts in flight have ended.
    func stop() async {
        stopping = true
        refuseHandover()
        looksEnd.signal()
        for lane in laneRegistry.lanes { await lane.stop() }
    }

    /// Waits until this relay leads, and prepares it. Returns early at a stop. A reload is taken over at once.
    private func standBy() async {
        await withDiscardingTaskGroup { group in
            group.addTask { [ledger, looksEnd] in
                await ledger.leadership.wait { if case .leads = $0 { true } else { false } }
                if !Task.isCancelled { looksEnd.signal() }
            }
            group.addTask { await self.watchStore() }
            await looksEnd.wait()
            group.cancelAll()
        }
        if let handover {
            self.handover = nil
            serve(handover.next)
            handover.done.resume(returning: .success(()))
        }
        guard !stopping, leads else { return }
        do throws(LedgerError) {
            try await prepare()
            await sayLead()
        } catch {
            storeHealth.note(error)
            try? await clock.sleep(for: Lane.untilLedgerIsTriedAgain)
        }
    }

    /// Says once that the store's server cannot be used, or does not answer, and once that it can again.
    private func watchStore() async {
        while ledger.leadership.hasLease, !Task.isCancelled {
            try? await clock.sleep(for: Self.watchEvery)
            let leadership = ledger.leadership
            if let trouble = leadership.trouble {
                storeHealth.note(trouble)
            } else if leads, !leadership.mayAct {
                storeHealth.note(LedgerError(.unreachable, "the store \(ledger.path) does not answer; nothing is sent until it does"))
            } else if storeHealth.fault != nil {
                _ = await storeHealth.check()
            }
        }
    }

    /// Uses a configuration for pages and hooks alone, as a standby does. Nothing is read, sent or written.
    func serve(_ next: Generation) {
        generation = next
        admitter.adopt(router: next.router, catchUp: next.catchUps)
        metrics.register(accounts: next.accounts.map(\.name), destinations: [:], at: clock.now)
        clients = [:]
        for account in next.accounts { _ = poller(account) }
    }

    /// Another relay leads now. This one keeps nothing of its own lead, and stands by.
    private func standDown() {
        laneRegistry.replace([])
        pollers = []
        isPrepared = false
        turn = HousekeepingTurn(clock: clock)
        serve(generation)
        logger.warning("another relay leads now; this one stands by")
        ledger.leadership.standBy()
    }

    /// Tells of a change of the leader. The first relay of a store takes over from nobody.
    private func sayLead() async {
        guard let leader = ledger.leadership.leader else { return }
        logger.notice("this relay leads", metadata: ["epoch": "\(leader.epoch)", "holder": "\(leader.holder)"])
        guard leader.epoch > 1 else { return }
        await reports.once(
            SelfReport.Topic(name: "leader", about: "relay", account: nil, mark: String(leader.epoch)),
            "\(leader.holder) took over and leads now (epoch \(leader.epoch))")
    }

    /// Returns when `run()` has returned.
    func ended() async { await runEnded.wait() }

    /// Looks once, delivers what is due, and ends.
    ///
    /// - Returns: false if an account was not reached or something due stays owed.
    /// - Throws: the store's error; then it is not known what stays owed.
    func runOnce() async throws(LedgerError) -> Bool {
        let reached = await withTaskGroup(of: Bool.self) { group in
            for poller in pollers { group.addTask { await poller.lookOnce() } }
            var all = true
            for await reached in group where !reached { all = false }
            return all
        }
        // No later look will close these windows, so what they gathered during an outage is sent now.
        try await closer.closeDue(shortest: .zero, unless: { false })
        await withDiscardingTaskGroup { group in
            for lane in laneRegistry.lanes { group.addTask { await lane.drain(recordingFor: Self.recordingLimit) } }
        }
        for lane in laneRegistry.lanes {
            guard let error = await lane.unwritten else { continue }
            throw LedgerError(error.reason, "\(error.detail); a message was sent and is sent again, because that could not be recorded")
        }
        return try await ledger.unfinished(at: clock.now) == 0 && reached
    }
}

/// Reloading the configuration.
extension Relay {
    /// Replaces the configuration. Everything that can fail is done before anything changes, so after a failure the old generation keeps
    /// running unchanged. `store` and `server` stay as they are until a restart.
    ///
    /// Returns once the new generation runs. Pollers pause meanwhile, since an account may change its name; lanes do not.
    ///
    /// - Throws: the store's error, or `.closed` if the relay stopped first or another reload came.
    func adopt(_ next: Generation) async throws(LedgerError) {
        let result: Result<Void, LedgerError> = await withCheckedContinuation { done in
            refuseHandover()
            guard !stopping else { return done.resume(returning: .failure(Self.stopped)) }
            handover = Handover(next: next, done: done)
            looksEnd.signal()
        }
        try result.get()
    }

    /// How long `run --once` waits for a store that does not take the result of a delivery.
    private static let recordingLimit = Duration.seconds(30)
    private static let stopped = LedgerError(.closed, "the relay stops, or another reload came first")

    private func refuseHandover() {
        handover?.done.resume(returning: .failure(Self.stopped))
        handover = nil
    }

    private func takeOver(_ next: Generation) async -> (Result<Void, LedgerError>, new: [Lane]) {
        do throws(LedgerError) {
            let incoming = try await incoming(next)
            return (.success(()), await swap(to: incoming))
        } catch {
            return (.failure(error), [])
        }
    }

    /// A generation with everything that it needs from the store. Making it is the last step that can fail.
    private struct Incoming {
        var generation: Generation
        var lanes: [String: LaneRecord]
        var orphans: OrphanList
        var renamed: [String: Int]
    }

    private func incoming(_ next: Generation) async throws(LedgerError) -> Incoming {
        let records = Dictionary(try await ledger.lanes().map { ($0.destination, $0) }, uniquingKeysWith: { $1 })
        let orphans = try await OrphanList.read(from: ledger, besides: next.configuration)
        return Incoming(
            generation: next, lanes: records, orphans: orphans, renamed: try await ledger.adopt(next.adoption(at: clock.now)))
    }

    /// Replaces the last generation with a new one. A lane whose entry did not change keeps running.
    ///
    /// - Returns: the lanes that are new.
    private func swap(to incoming: Incoming) async -> [Lane] {
        let next = incoming.generation
        generation = next
        admitter.adopt(router: next.router, catchUp: next.catchUps)
        let carriers = next.destinations.map { ($0.name, $0.carrier) }
        metrics.register(
            accounts: next.accounts.map(\.name), destinations: Dictionary(carriers, uniquingKeysWith: { $1 }), at: clock.now)
        reports.forget(besides: Set(next.accounts.map(\.name)), Set(next.destinations.map(\.name)))
        let before = laneRegistry.lanes
        var lanes: [(String, Lane)] = [], new: [Lane] = []
        for destination in next.destinations {
            if let lane = laneRegistry.lane(destination.name) {
                await lane.adopt(destination, composer: next.composer)
                lanes.append((destination.name, lane))
            } else {
                let lane = lane(destination, record: incoming.lanes[destination.name])
                lanes.append((destination.name, lane))
                new.append(lane)
            }
        }
        laneRegistry.replace(lanes)
        for lane in before where !lanes.contains(where: { $0.1 === lane }) { await lane.stop() }
        clients = [:]
        pollers = next.accounts.map(poller)
        orphans = incoming.orphans.destinations.map(\.name)
        for (account, events) in incoming.renamed.sorted(by: { $0.key < $1.key }) {
            logger.notice("account \(account) takes over \(events) events from its former name")
        }
        for warning in incoming.orphans.warnings { logger.warning("\(warning)") }
        return new
    }
}

/// Makes the parts of the relay.
extension Relay {
    var closer: WindowCloser {
        WindowCloser(
            ledger: ledger, admitter: admitter, clock: clock, startedAt: startedAt, wake: { [laneRegistry] in laneRegistry.wake($0) })
    }

    var carrier: AnswerCarrier {
        AnswerCarrier(
            ledger: ledger, clients: clients, clock: clock, logger: logger, words: generation.configuration.statusVocabulary,
            reports: reports)
    }

    var housekeeping: Housekeeping {
        Housekeeping(
            generation: generation, ledger: ledger, admitter: admitter, lanes: laneRegistry, pollers: pollers, closer: closer,
            carrier: carrier, reports: reports, storeHealth: storeHealth, deaths: deaths, tellings: tellings, turn: turn, clock: clock,
            logger: logger)
    }

    private func lane(_ destination: Destination, record: LaneRecord?) -> Lane {
        let name = destination.name
        let observer = LaneObserver(
            metrics: metrics, reports: reports, storeHealth: storeHealth, deaths: deaths, tellings: tellings, said: said, logger: logger)
        return Lane(
            destination, composer: generation.composer, record: record, ledger: ledger, clock: clock, logger: logger,
            chance: chance, freshen: { [weak self] claim in await self?.approvals.freshened(claim) },
            report: { [weak self] report in await observer.observe(report, from: name, fallback: self?.fallback(of: name)) })
    }

    private func fallback(of destination: String) -> String? { generation.destinations.first { $0.name == destination }?.fallback }

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
            account: Account(
                settings: settings, client: client, maker: maker, ledger: ledger, admitter: admitter, reports: reports,
                refreshing: generation.refreshing, metrics: metrics, clock: clock, logger: logger))
    }
}
