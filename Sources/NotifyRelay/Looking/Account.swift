import Dedup
import Logging
import Policy
import RelayCore
import RelaySupport
import RevKeen

/// What the feeds of one account share: the tools, the moment from which items are told, the health of the feeds, and the queue of looks.
///
/// The feeds and books of an account are actors that run on this one's executor, so a step from one to the other changes no thread.
actor Account {
    nonisolated let settings: AccountSettings
    nonisolated let client: RevKeenClient
    nonisolated let maker: EventMaker
    nonisolated let ledger: Ledger
    nonisolated let admitter: Admitter
    nonisolated let reports: SelfReport
    /// The destinations whose messages can be edited.
    nonisolated let refreshing: Set<String>
    nonisolated let metrics: Metrics
    nonisolated let clock: any WallClock
    nonisolated let logger: Logger
    /// Wakes the task that chooses the next look.
    nonisolated let wakeup = Wakeup()

    /// Items from before this moment are stored and not sent, except open approvals. Nil until the first good response for a new account.
    private(set) var since: Timestamp?
    /// Whether the state that earlier runs of the program stored of this account was read. No look is made before that.
    private(set) var isRestored = false
    private(set) var queue: LookQueue
    private(set) var late = LateLooks()
    /// What earlier runs of the program learned of automations that were not listed yet.
    private var stored: [String: StoredOutlook] = [:]
    /// Unsettled runs from the first look at their automation. Their items without a readable time count as past.
    private var runsOfFirstLook = Set<String>()

    var trouble = FeedTrouble()
    var firstLookDone: Set<Feed> = []
    var states: [Feed: FeedState] = [:]
    var firstRound = FirstRound()
    var wordsSaid = Set<String>()
    var saturated: Set<ListName> = []
    /// The automations whose runs were not requested since the program started, and whether that look is the first of the feed's life.
    private(set) var unlooked: [String: Bool] = [:]
    /// The automations whose runs could not be read at the last look.
    private(set) var failing: Set<String> = []
    /// Up to which moment, by RevKeen's own clock, the runs of an automation were read without a gap since the program started.
    private(set) var readUpTo: [String: Timestamp] = [:]
    /// The automations whose runs are to be read before something of them can be judged.
    private var awaited: Set<String> = []
    /// Wakes the task that judges what is expected.
    nonisolated let expecting = Wakeup()
    /// A watch was put off and could not be stored yet.
    private(set) var hasUnsavedWatches = false
    /// Watches were stored since the details that are due were read.
    private var areDetailsChanged = true
    /// Watches that were stored since, and are due.
    private var newlyDue: [NewlyDue] = []
    /// How often watches were stored that are due. A look that began at a number covers what was stored up to it.
    private(set) var storings = 0

    /// A watch that was stored and is due.
    struct NewlyDue: Sendable {
        var watch: RunWatch
        var storing: Int
    }

    init(
        settings: AccountSettings, client: RevKeenClient, maker: EventMaker, ledger: Ledger, admitter: Admitter, reports: SelfReport,
        refreshing: Set<String>, metrics: Metrics, clock: any WallClock, logger: Logger
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
        queue = LookQueue(
            bounds: settings.poll.runs, effort: settings.poll.effort, automations: settings.poll.automations,
            places: client.budget.mostOfRest)
    }

    nonisolated var name: String { settings.name }
}

// MARK: - Beginning

extension Account {
    /// Reads what earlier runs of the program stored of this account, once. Without it `since` would start again, and what finished while
    /// the relay was down would never be sent.
    func restore() async throws(LedgerError) {
        if isRestored { return }
        let feeds = try await ledger.feeds(account: name)
        let outlooks = try await ledger.outlooks(account: name)
        if isRestored { return }
        isRestored = true
        for outlook in outlooks { stored[outlook.automation] = outlook }
        late = LateLooks(inVain: stored.removeValue(forKey: "")?.runs.events ?? 0)
        for feed in feeds {
            since = feed.since ?? since
            guard let known = Feed(rawValue: feed.name), feed.firstReadAt != nil else { continue }
            firstLookDone.insert(known)
            states[known] = feed
        }
    }

    /// Stores `since`, the moment from which this account's items are sent, before the first list is used.
    func begin(at date: Timestamp?) async throws {
        guard since == nil else { return }
        firstRound.isOfALife = true
        let start = try await ledger.begin(account: name, at: (date ?? clock.now) - settings.firstLook)
        since = since ?? start
    }

    var beginning: Beginning { Beginning(since: since) }

    /// Notes that an automation is watched from now on, and that its runs were not looked at yet.
    func noteUnlooked(_ automation: String) { unlooked[automation] = !firstLookDone.contains(.runs) }

    func isFirstLook(atRunsOf automation: String) -> Bool { unlooked[automation] ?? false }

    /// The runs of an automation were requested; nil if the store failed, so that nothing is concluded.
    func looked(at automation: String?, failed: Bool) {
        guard let automation else { return }
        unlooked[automation] = nil
        if failed { failing.insert(automation) } else { failing.remove(automation) }
    }

    /// The runs of an automation were read as they were at a moment; nil if a part of them was not.
    func read(runsOf automation: String, upTo moment: Timestamp?) {
        readUpTo[automation] = moment
        if awaited.contains(automation) { expecting.signal() }
    }

    /// Notes the automations whose runs are to be read before something of them can be judged.
    func awaitReading(of automations: Set<String>) { awaited = automations }

    /// Whether a rule of the file expects something of an automation.
    nonisolated func isExpected(id: String, name: String?) -> Bool {
        settings.expect.contains { $0.names(id: id, name: name, account: settings.name) }
    }

    func isOfFirstLook(_ run: String) -> Bool { runsOfFirstLook.contains(run) }

    func noteFirstLook(at runs: [String]) { runsOfFirstLook.formUnion(runs) }

    func firstLookIsOver(at run: String) { runsOfFirstLook.remove(run) }

    func silenced(_ count: Int) { firstRound.silenced += count }
}

// MARK: - The queue of looks

extension Account {
    /// Takes in an automation whose runs are looked at.
    func watch(_ automation: Automation) {
        let schedule = automation.cronExpression.flatMap { RunSchedule(cron: $0, zone: automation.timezone, now: clock.now) }
        let outlook = stored.removeValue(forKey: automation.id).map(ListOutlook.init)
        queue.watch(automation.id, schedule: schedule, stored: outlook)
    }

    /// Changes what is known of when to look, and wakes the task that chooses.
    @discardableResult
    func learn<Result: Sendable>(_ change: @Sendable (inout LookQueue) -> Result) -> Result {
        let result = change(&queue)
        wakeup.signal()
        return result
    }

    /// The next look; nil if none is due or may be made.
    func nextLook(onlyForApprovals: Bool) -> LookQueue.Look? {
        onlyForApprovals ? queue.nextForApprovals(at: clock.now) : queue.next(at: clock.now)
    }

    /// Watches were stored: the details that are due are not those that are known.
    func detailsChanged() {
        areDetailsChanged = true
        wakeup.signal()
    }

    /// Watches were stored that are due now.
    func stored(_ watches: [RunWatch]) {
        storings += 1
        newlyDue += watches.map { NewlyDue(watch: $0, storing: storings) }
        wakeup.signal()
    }

    /// Returns whether the watches in the store changed since the last call, and those of which nothing else is known than that they are due.
    func takeDetailsChanged() -> (changed: Bool, newlyDue: [NewlyDue]) {
        defer { (areDetailsChanged, newlyDue) = (false, []) }
        return (areDetailsChanged, newlyDue)
    }

    func watchesAreSaved(_ areSaved: Bool) { hasUnsavedWatches = !areSaved }

    func sawLate(somethingNew: Bool) { late.saw(somethingNew: somethingNew) }

    /// Fits the looks into the budget.
    ///
    /// - Parameter details: the details that are read in a minute.
    func fit(details: Double) { queue.fit(into: client.budget.leftForRest, details: details) }

    /// Stores what was learned, for the next run of the program.
    func storeOutlooks() async throws(LedgerError) {
        guard isRestored else { return }
        var outlooks = queue.automationIDs.compactMap { id in
            queue.outlook(of: id).map { StoredOutlook($0, account: name, automation: id) }
        }
        outlooks.append(StoredOutlook(account: name, automation: "", runs: .init(events: late.inVain)))
        try await ledger.save(outlooks)
    }

    /// Moves the times of later looks after the wall clock was set.
    func shift(by difference: Duration) {
        queue.shift(by: difference)
        wakeup.signal()
    }
}

extension StoredOutlook {
    init(_ outlook: ListOutlook, account: String, automation: String) {
        self.init(
            account: account, automation: automation, lookedAt: outlook.lookedAt,
            runs: Count(events: outlook.rate.events, seconds: outlook.rate.seconds),
            inside: Count(events: outlook.inside.events, seconds: outlook.inside.seconds),
            duration: Spread(count: outlook.duration.count, mean: outlook.duration.mean, square: outlook.duration.square),
            delay: Spread(count: outlook.offset.count, mean: outlook.offset.mean, square: outlook.offset.square))
    }
}

extension ListOutlook {
    init(_ stored: StoredOutlook) {
        self.init(
            rate: LearnedRate(events: stored.runs.events, seconds: stored.runs.seconds),
            duration: LearnedSpan(count: stored.duration.count, mean: stored.duration.mean, square: stored.duration.square),
            offset: LearnedSpan(count: stored.delay.count, mean: stored.delay.mean, square: stored.delay.square),
            inside: LearnedRate(events: stored.inside.events, seconds: stored.inside.seconds), lookedAt: stored.lookedAt)
    }
}

/// The moment from which an account's items are told.
struct Beginning: Sendable, Equatable {
    /// Nil until the first good response for a new account.
    var since: Timestamp?

    /// Whether a moment is before it. A time that cannot be read counts as past in the first look and as new afterwards.
    func isPast(_ moment: Timestamp?, isFirstLook: Bool) -> Bool {
        guard let moment else { return isFirstLook }
        return since.map { moment < $0 } ?? false
    }
}
