import Dedup
import Logging
import Policy
import RelayCore
import RelaySupport
import RevKeen

/// Polls one account, feed by feed. Each feed has a task of its own, so that none waits for another; the request budget serves approvals
/// first.
///
/// A look (one poll of a feed) during which the store fails does not count: nothing is concluded from it, and it is repeated.
actor AccountPoller {
    enum Feed: String, Sendable, CaseIterable { case approvals, automations, runs, details }

    /// An automation, and the state of the looks at its runs.
    struct Watched {
        var automation: Automation
        var pace: AdaptivePace
        var backoff = ErrorBackoff()
        var dueAt: Timestamp
        var isFirstLook: Bool
        /// Its runs were requested since the program started, with any result but a failure of the store.
        var wasLookedAt = false
        var saturated = false
    }

    let settings: AccountSettings
    let client: RevKeenClient
    let maker: EventMaker
    let ledger: Ledger
    let admitter: Admitter
    let reports: SelfReport
    /// The destinations whose messages can be edited.
    let refreshing: Set<String>
    let metrics: Metrics
    let clock: any WallClock
    let logger: Logger

    /// Items from before this moment are stored and not sent, except open approvals. Nil until the first good response for a new account.
    var since: Timestamp?
    /// Whether the state that earlier runs of the program stored of this account was read. No look is made before that.
    private var isRestored = false
    var watched: [String: Watched] = [:]
    var backoffs: [Feed: ErrorBackoff] = [:]
    var trouble = FeedTrouble()
    var firstLookDone: Set<Feed> = []
    var states: [Feed: FeedState] = [:]
    var firstRound = FirstRound()
    var wordsSaid = Set<String>()
    var paging = Paging()
    /// The parts of lists that were not read yet, as they are stored.
    var gaps: [GapKey: Gap] = [:]
    /// The status words that the lists showed since the program started.
    var statusWords: [Gap.Feed: Set<String>] = [:]
    var saturatedLists: Set<Feed> = []
    var approvalLooks = ApprovalLooks()
    /// When the last good list of approvals was requested, by the monotonic clock; nil before the first.
    var approvalsRead: Duration?
    nonisolated let freshLook = AsyncMutex()
    var lookUps = AutomationLookUps()
    /// Unsettled runs from the first look at their automation. Their items without a readable time count as past.
    var runsOfFirstLook = Set<String>()
    var details = DetailTrouble()
    /// Watches that were put off and could not be stored yet, by their run.
    var unsavedWatches: [String: RunWatch] = [:]
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

    /// Runs until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            do {
                try await restore()
                break
            } catch {
                await failed(.automations, error)
                try? await clock.sleep(for: Self.untilStoreIsAskedAgain)
            }
        }
        await withDiscardingTaskGroup { group in
            group.addTask { await self.repeating(.approvals) }
            group.addTask { await self.repeating(.automations) }
            group.addTask { await self.watchRuns() }
            group.addTask { await self.watchDetails() }
        }
    }

    /// How long to wait after a failure of the store, if no pace of a feed applies.
    static let untilStoreIsAskedAgain = Duration.seconds(1)

    /// Looks at everything once; false if something could not be read, here or in the store.
    func lookOnce() async -> Bool {
        var good = await look(at: .automations)
        good = await look(at: .approvals) && good
        for id in watched.keys.sorted() {
            repeat { good = await lookAtRuns(of: id) && good } while good && gaps[GapKey(feed: .runs, about: id)] != nil
        }
        while good, gaps[GapKey(feed: .approvals, about: "")] != nil { good = await look(at: .approvals) && good }
        // This reads the details that are due by now, not those that these looks put off.
        let due = clock.now
        while isRestored {
            do {
                let looked = try await lookAtDueDetails(dueBefore: due)
                good = good && looked.failed == 0
                if looked.read == 0 { return good }
            } catch {
                await failed(.details, error)
                return false
            }
        }
        return false
    }

    /// Whether something was not read yet: since the program started, since an error, or since a list showed it. True also if the store
    /// fails.
    func isCatchingUp() async -> Bool {
        guard firstRound.isOver, !trouble.isIll, !watched.values.contains(where: \.backoff.isFailing) else { return true }
        do {
            return try await !ledger.watches(account: name, dueBefore: clock.now, limit: 1).isEmpty
        } catch {
            await failed(.details, error)
            return true
        }
    }

    /// Moves the times of later looks after the wall clock was set.
    func shift(by difference: Duration) {
        for id in watched.keys { watched[id]?.dueAt.shift(by: difference) }
        paging.shift(by: difference)
        approvalLooks.shift(by: difference)
        lookUps.shift(by: difference)
        runsWakeup.signal()
        detailsWakeup.signal()
    }

    /// Reads what earlier runs of the program stored of this account, once. Without it `since` would start again, and what finished while
    /// the relay was down would never be sent.
    private func restore() async throws(LedgerError) {
        if isRestored { return }
        let feeds = try await ledger.feeds(account: name)
        try await restoreGaps()
        if isRestored { return }
        isRestored = true
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
            // The pace of approvals is never stretched; all other looks make room for them.
            let stretched = feed == .approvals ? base : base * stretch
            let pace = good ? stretched : backoffs[feed, default: ErrorBackoff()].failed(pace: base)
            if good { backoffs[feed] = ErrorBackoff() }
            try? await clock.sleep(for: pace)
        }
    }

    @discardableResult
    func look(at feed: Feed) async -> Bool {
        do {
            try await restore()
            switch feed {
            case .approvals: try await LargeAnswers.work { try await lookAtApprovals() }
            case .automations: try await LargeAnswers.work { try await lookAtAutomations() }
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

    /// The factor by which all looks except those at approvals are slowed, so that the request budget is kept.
    var stretch: Double {
        let runs = watched.values.reduce(0.0) { $0 + 60 / max(0.5, $1.pace.current.inSeconds) }
        let fixed = 60 / settings.poll.approvals.inSeconds + 60 / settings.poll.automations.inSeconds
        return client.budget.stretch(demandPerMinute: runs + fixed + details.looksPerMinute(at: clock.uptime))
    }
}
