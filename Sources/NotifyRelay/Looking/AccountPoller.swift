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
        /// Since the program started, its runs were read or could not be.
        var wasLookedAt = false
        var saturated = false
    }

    let settings: AccountSettings
    let client: RevKeenClient
    let maker: EventMaker
    let ledger: Ledger
    let admitter: Admitter
    let reports: SelfReport
    /// Destinations whose messages can change.
    let refreshing: Set<String>
    let metrics: Metrics
    let clock: any WallClock
    let logger: Logger

    /// Before this nothing but open approvals is told. Nil until the first good answer of the account's life.
    var since: Timestamp?
    var watched: [String: Watched] = [:]
    var backoffs: [Feed: ErrorBackoff] = [:]
    var trouble = FeedTrouble()
    var firstLookDone: Set<Feed> = []
    var states: [Feed: FeedState] = [:]
    var firstRound = FirstRound()
    var wordsSaid = Set<String>()
    var paging = Paging()
    /// The ids that the last list of a feed showed.
    var listed: [Feed: Set<String>] = [:]
    var saturatedLists: Set<Feed> = []
    var approvalLooks = ApprovalLooks()
    /// By the clock that never jumps, when the approvals were asked for that were read last.
    var approvalsRead: Duration?
    nonisolated let freshLook = AsyncMutex()
    var lookUps = AutomationLookUps()
    /// Runs first seen while their automation was: what in them bears no readable time is past.
    var runsOfFirstLook = Set<String>()
    var details = DetailTrouble()
    nonisolated let approvalLock = AsyncMutex()
    nonisolated let detailsWakeup = Wakeup()
    nonisolated let runsWakeup = Wakeup()

    init(
        settings: AccountSettings, client: RevKeenClient, maker: EventMaker, ledger: Ledger, admitter: Admitter, reports: SelfReport,
        refreshing: Set<String> = [], metrics: Metrics, clock: any WallClock, logger: Logger
    ) {
        self.settings = settings
        self.client = client
        self.maker = maker
        self.ledger = ledger
        self.admitter = admitter
        self.reports = reports
        self.refreshing = refreshing
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

    /// One look at everything; false if something could not be read.
    func lookOnce() async -> Bool {
        await restore()
        var good = await look(at: .automations)
        good = await look(at: .approvals) && good
        for id in watched.keys.sorted() { good = await lookAtRuns(of: id) && good }
        // What is due by now, and not what these looks put off.
        let due = clock.now
        while true {
            let (read, failed) = await lookAtDueDetails(dueBefore: due)
            good = good && failed == 0
            if read == 0 { return good }
        }
    }

    /// Something of what there is was not read since the program started, since an error, or since a list showed it.
    func isCatchingUp() async -> Bool {
        guard firstRound.isOver, !trouble.isIll, !watched.values.contains(where: \.backoff.isFailing) else { return true }
        let due = try? await ledger.watches(account: name, dueBefore: clock.now, limit: 1)
        return due?.isEmpty == false
    }

    /// The wall clock was set: what is to be looked at later is so by as much.
    func shift(by difference: Duration) {
        for id in watched.keys { watched[id]?.dueAt.shift(by: difference) }
        paging.nextProbe.shift(by: difference)
        approvalLooks.shift(by: difference)
        lookUps.shift(by: difference)
        runsWakeup.signal()
        detailsWakeup.signal()
    }

    private func restore() async {
        guard since == nil, let feeds = try? await ledger.feeds(account: name) else { return }
        for feed in feeds {
            since = feed.since ?? since
            guard let known = Feed(rawValue: feed.name), feed.firstReadAt != nil else { continue }
            firstLookDone.insert(known)
            states[known] = feed
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
    func look(at feed: Feed) async -> Bool {
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
        return client.budget.stretch(demandPerMinute: runs + fixed + details.looksPerMinute(at: clock.uptime))
    }
}
