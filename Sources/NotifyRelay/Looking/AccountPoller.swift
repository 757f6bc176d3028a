import Dedup
import Logging
import RelayCore
import RevKeen

/// Looks at one account, feed by feed, for as long as it runs. Each feed has a task of its own, so that none waits for another; the
/// request budget lets approvals pass before all the rest.
actor AccountPoller {
    enum Feed: String, Sendable, CaseIterable { case approvals, automations, runs, details }

    /// An automation and how it is looked at.
    struct Watched {
        var automation: Automation
        var pace: AdaptivePace
        var backoff = ErrorBackoff()
        var dueAt: Timestamp
        var isFirstLook: Bool
        var saturated = false
    }

    let settings: AccountSettings
    let client: RevKeenClient
    let maker: EventMaker
    let ledger: Ledger
    let admitter: Admitter
    let reports: SelfReport
    let metrics: Metrics
    let clock: any WallClock
    let logger: Logger

    /// Before this nothing but open approvals is told. Nil until the first good answer of the account's life.
    var since: Timestamp?
    var watched: [String: Watched] = [:]
    var lastGood: [Feed: Timestamp] = [:]
    var backoffs: [Feed: ErrorBackoff] = [:]
    var failing: Set<Feed> = []
    var firstLookDone: Set<Feed> = []
    var silenced = 0
    var wordsSaid = Set<String>()
    /// The last full list that was asked for its second page had one.
    var offsetWorks = false
    var nextProbe = Timestamp.distantPast
    var absentLookedAt: [String: Timestamp] = [:]
    var saturatedApprovals = false
    nonisolated let detailsBell = Bell()
    nonisolated let runsBell = Bell()

    init(
        settings: AccountSettings, client: RevKeenClient, maker: EventMaker, ledger: Ledger, admitter: Admitter, reports: SelfReport,
        metrics: Metrics, clock: any WallClock, logger: Logger
    ) {
        self.settings = settings
        self.client = client
        self.maker = maker
        self.ledger = ledger
        self.admitter = admitter
        self.reports = reports
        self.metrics = metrics
        self.clock = clock
        self.logger = logger
    }

    var name: String { settings.name }

    /// Until the task is cancelled.
    func run() async {
        await restore()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.repeating(.approvals) }
            group.addTask { await self.repeating(.automations) }
            group.addTask { await self.watchRuns() }
            group.addTask { await self.watchDetails() }
        }
    }

    /// One look at everything; false if a feed could not be read.
    func lookOnce() async -> Bool {
        await restore()
        await look(at: .automations)
        await look(at: .approvals)
        for id in watched.keys.sorted() { await lookAtRuns(of: id) }
        while await lookAtDueDetails() > 0 {}
        return failing.isEmpty
    }

    func restore() async {
        guard since == nil, let feeds = try? await ledger.feeds(account: name) else { return }
        for feed in feeds {
            since = feed.since ?? since
            if let known = Feed(rawValue: feed.name), feed.firstReadAt != nil { firstLookDone.insert(known) }
        }
    }

    private func repeating(_ feed: Feed) async {
        while !Task.isCancelled {
            let good = await look(at: feed)
            let base = feed == .approvals ? settings.poll.approvals : settings.poll.automations
            // Approvals are never stretched: all the rest makes room for them.
            let stretched = feed == .approvals ? base : base * stretch
            let pace = good ? stretched : backoffs[feed, default: ErrorBackoff()].failed(pace: base)
            if good { backoffs[feed] = ErrorBackoff() }
            try? await clock.sleep(for: pace)
        }
    }

    @discardableResult
    private func look(at feed: Feed) async -> Bool {
        do {
            switch feed {
            case .approvals: try await lookAtApprovals()
            case .automations: try await lookAtAutomations()
            case .runs, .details: break
            }
            StopPoint.pass(.looked)
            await succeeded(feed)
            return true
        } catch {
            await failed(feed, error)
            return false
        }
    }

    /// By how much everything but approvals is slowed so that the budget holds.
    var stretch: Double {
        let runs = watched.values.reduce(0.0) { $0 + 60 / max(0.5, $1.pace.current.inSeconds) }
        let fixed = 60 / settings.poll.approvals.inSeconds + 60 / settings.poll.automations.inSeconds
        return client.budget.stretch(demandPerMinute: runs + fixed)
    }

    func succeeded(_ feed: Feed) async {
        lastGood[feed] = clock.now
        metrics.read(account: name, feed: feed.rawValue, at: clock.now)
        failing.remove(feed)
        if !firstLookDone.contains(feed) {
            firstLookDone.insert(feed)
            let now = clock.now
            try? await ledger.save(FeedState(account: name, name: feed.rawValue, since: nil, firstReadAt: now, lastReadAt: now))
        }
        guard failing.isEmpty else { return }
        for topic in ["unreachable", "unauthorized", "forbidden"] {
            await reports.end(SelfReport.Topic(name: topic, about: name, account: name), "account \(name) answers again")
        }
    }

    func failed(_ feed: Feed, _ error: any Error) async {
        if error is CancellationError || Task.isCancelled { return }
        failing.insert(feed)
        guard let error = error as? RevKeenError else {
            logger.error("the store: \(error)", metadata: ["account": "\(name)"])
            return metrics.pollFailed(account: name, reason: "store")
        }
        if error.reason == .cancelled { return }
        metrics.pollFailed(account: name, reason: error.reason.rawValue)
        let (topic, text) = Self.complaint(error, account: name, feed: feed)
        await reports.begin(SelfReport.Topic(name: topic, about: name, account: name), text)
    }

    private static func complaint(_ error: RevKeenError, account: String, feed: Feed) -> (topic: String, text: String) {
        switch error.reason {
        case .unauthorized:
            ("unauthorized", "account \(account): RevKeen refuses the API key (\(error.detail)); give it a valid one")
        case .forbidden:
            ("forbidden", "account \(account): the API key lacks the scope automations:read (\(error.detail))")
        default:
            ("unreachable", "account \(account): \(feed.rawValue) cannot be read: \(error.detail)")
        }
    }

    /// A word that no class knows is said once; what bears it is told like any other.
    func note(unknown word: String?, of what: String) {
        guard let word, wordsSaid.insert("\(what)/\(word)").inserted else { return }
        logger.notice(
            "unknown word '\(word.prefix(60))' for the status of \(what); `words:` can say what it means", metadata: ["account": "\(name)"])
    }
}
