import Dedup
import Logging
import Policy
import RelayCore
import RevKeen

/// Looks at one account, feed by feed, for as long as it runs. Each feed has a task of its own, so that none waits for another; the
/// request budget lets approvals pass before all the rest.
///
/// A look that the store fails is no look: nothing is concluded from it, and it is made again.
actor AccountPoller {
    enum Feed: String, Sendable, CaseIterable { case approvals, automations, runs, details }

    /// An automation, and the state of the looks at its runs.
    struct Watched {
        var automation: Automation
        var pace: AdaptivePace
        var backoff = ErrorBackoff()
        var dueAt: Timestamp
        var isFirstLook: Bool
        /// Since the program started, RevKeen was asked for its runs and answered, or could not be asked.
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

    /// Of what happened before this moment only open approvals are told. Nil until the first good response of the account's life.
    var since: Timestamp?
    /// The store was read for what earlier runs of the program knew of this account. Nothing is looked at before.
    private var isRestored = false
    var watched: [String: Watched] = [:]
    var backoffs: [Feed: ErrorBackoff] = [:]
    var trouble = FeedTrouble()
    var firstLookDone: Set<Feed> = []
    var states: [Feed: FeedState] = [:]
    var firstRound = FirstRound()
    var wordsSaid = Set<String>()
    var paging = Paging()
    /// The ids in the last list of a feed that was read and stored as a whole.
    var listed: [Feed: Set<String>] = [:]
    var saturatedLists: Set<Feed> = []
    var approvalLooks = ApprovalLooks()
    /// When the approvals that were read last were asked for, by the clock that never jumps.
    var approvalsRead: Duration?
    nonisolated let freshLook = AsyncMutex()
    var lookUps = AutomationLookUps()
    /// Runs that were first seen together with their automation: items of theirs without a readable time are from before.
    var runsOfFirstLook = Set<String>()
    var details = DetailTrouble()
    /// Watches that were put off, by their run, and could not be stored yet.
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

    /// How long to wait after the store has failed where no pace of a feed applies.
    static let untilStoreIsAskedAgain = Duration.seconds(1)

    /// Looks at everything once; false if something could not be read, here or in the store.
    func lookOnce() async -> Bool {
        var good = await look(at: .automations)
        good = await look(at: .approvals) && good
        for id in watched.keys.sorted() { good = await lookAtRuns(of: id) && good }
        // The details that are due by now, and not those that these looks put off.
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

    /// Whether something was not read yet: since the program started, since an error, or since a list showed it. True as well if the store
    /// cannot say.
    func isCatchingUp() async -> Bool {
        guard firstRound.isOver, !trouble.isIll, !watched.values.contains(where: \.backoff.isFailing) else { return true }
        do {
            return try await !ledger.watches(account: name, dueBefore: clock.now, limit: 1).isEmpty
        } catch {
            await failed(.details, error)
            return true
        }
    }

    /// The wall clock was set: every later look moves by the same difference.
    func shift(by difference: Duration) {
        for id in watched.keys { watched[id]?.dueAt.shift(by: difference) }
        paging.nextProbe.shift(by: difference)
        approvalLooks.shift(by: difference)
        lookUps.shift(by: difference)
        runsWakeup.signal()
        detailsWakeup.signal()
    }

    /// Reads what earlier runs of the program knew of this account, once. Without it the time of the account would begin anew, and what
    /// finished while the relay was down would never be told.
    private func restore() async throws(LedgerError) {
        if isRestored { return }
        let feeds = try await ledger.feeds(account: name)
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
            // The pace of approvals is never stretched: all other looks make room for them.
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

    /// The factor by which all looks but those at approvals are slowed, so that the budget holds.
    var stretch: Double {
        let runs = watched.values.reduce(0.0) { $0 + 60 / max(0.5, $1.pace.current.inSeconds) }
        let fixed = 60 / settings.poll.approvals.inSeconds + 60 / settings.poll.automations.inSeconds
        return client.budget.stretch(demandPerMinute: runs + fixed + details.looksPerMinute(at: clock.uptime))
    }
}
