import Crypto
import Dedup
import Policy
import RelayCore
import RevKeen

/// The feed `runs`: the runs of each automation, looked at when the queue says so.
actor RunsFeed {
    nonisolated let account: Account
    nonisolated var unownedExecutor: UnownedSerialExecutor { account.unownedExecutor }
    private let book: AutomationBook
    private let reader: ListReader
    private var lists: [String: RunListState] = [:]

    init(account: Account, book: AutomationBook, reader: ListReader) {
        self.account = account
        self.book = book
        self.reader = reader
    }

    /// Reads the runs of one automation, and returns false if they could not be read.
    ///
    /// - Parameter isWhole: all that one answer can show is read, whenever that was done last.
    @discardableResult
    func look(at id: String, isWhole: Bool = false) async -> Bool {
        let asked = account.clock.now
        await account.learn { $0.began(.runs(id)) }
        if lists[id] == nil { lists[id] = RunListState(isFirstLook: await account.isFirstLook(atRunsOf: id)) }
        do {
            let sight = try await LargeAnswers.work { try await read(id, isWhole: isWhole) }
            await account.readable("the list of runs of \(await book.called(id))", id: "runs/\(id)")
            lists[id]?.succeeded()
            await account.looked(at: id, failed: false)
            let hasGap = await reader.hasGap(ListName(feed: .runs, about: id))
            await account.learn { $0.looked(id, at: asked, sight, hasGap: hasGap) }
            await account.read(runsOf: id, upTo: hasGap ? nil : lists[id]?.date ?? asked)
        } catch {
            return await putOff(id, after: error)
        }
        await account.succeeded(.runs)
        return true
    }

    func hasGap(_ id: String) async -> Bool { await reader.hasGap(ListName(feed: .runs, about: id)) }

    /// Plans the next look after a failure. Returns whether the failure is an answer like any other: an automation that is gone.
    private func putOff(_ id: String, after error: any Error) async -> Bool {
        let known = error as? RevKeenError, what = "the list of runs of \(await book.called(id))"
        lists[id]?.forgetAnswers()
        // An automation that is gone, or hidden from this key, is looked at again at the slowest pace.
        if known?.reason == .notFound {
            lists[id]?.succeeded()
            await reader.endGap(ofRunsOf: id)
            await account.readable(what, id: "runs/\(id)", now: "is no more")
            await account.looked(at: id, failed: false)
            await plan(id, in: account.settings.poll.runs.upperBound)
            await account.succeeded(.runs)
            return true
        }
        let backoff = lists[id]?.failed(pace: account.settings.poll.runs.lowerBound)
        await account.looked(at: error is LedgerError ? nil : id, failed: true)
        await plan(id, in: backoff?.wait ?? account.settings.poll.runs.upperBound)
        if let known, known.reason.isAboutOneThing {
            await account.unreadable(what, id: "runs/\(id)", known, isNews: backoff?.isLasting ?? false)
        } else {
            await account.failed(.runs, error)
        }
        return false
    }

    private func plan(_ id: String, in wait: Duration) async {
        let again = account.clock.now + wait
        await account.learn { $0.failed(.runs(id), again: again) }
    }
}

// MARK: - Reading

extension RunsFeed {
    /// Reads as much of the list as is needed to see all that is new, and the rest of it if it shows only a part.
    private func read(_ id: String, isWhole: Bool) async throws -> ListOutlook.Sight {
        lists[id]?.sight = ListOutlook.Sight()
        let now = account.clock.now
        let hasGap = await hasGap(id)
        let hidesPart = await account.saturated.contains(ListName(feed: .runs, about: id))
        var limit = RevKeenClient.mostEntries
        if !isWhole, !hasGap, !hidesPart, let hot = lists[id]?.limit(at: now) { limit = hot }
        while true {
            let listing = try await request(id, limit: limit, unlike: hasGap ? nil : lists[id]?.fingerprint(limit))
            lists[id]?.date = listing.date
            if listing.isUnchanged { break }
            try await account.begin(at: listing.date)
            await account.judgeReadable(listing.complaint, "the list of runs of \(await book.called(id))", id: "list/runs/\(id)")
            let list = try await paged(id)
            // Nothing is stored before all that is new is here: what is stored counts as known, and what is below it as well.
            if limit < RevKeenClient.mostEntries, try await reader.hidesSomething(listing, list) {
                limit = listing.isNewestFirst ? min(limit * 2, RevKeenClient.mostEntries) : RevKeenClient.mostEntries
                continue
            }
            _ = try await reader.read(listing, of: list)
            lists[id]?.took(listing, limit: limit, isWhole: await isAllRead(id), at: now)
            break
        }
        guard var state = lists[id] else { return ListOutlook.Sight() }
        // What an unchanged list shows goes on as it was.
        state.sight.running = state.running.map { ListOutlook.Running(id: $0.key, since: $0.value) }.sorted { $0.id < $1.id }
        return state.sight
    }

    /// Nothing of the list waits to be read, or cannot be.
    private func isAllRead(_ id: String) async -> Bool {
        let list = ListName(feed: .runs, about: id)
        if await reader.hasGap(list) { return false }
        return await !account.saturated.contains(list)
    }

    private func request(_ id: String, limit: Int, unlike last: Fingerprint?) async throws(RevKeenError) -> Listing<Run> {
        try await counted { () async throws(RevKeenError) in try await self.account.client.runs(of: id, limit: limit, unlike: last) }
    }

    private func counted(_ body: () async throws(RevKeenError) -> Listing<Run>) async throws(RevKeenError) -> Listing<Run> {
        do throws(RevKeenError) {
            let listing = try await body()
            account.requested(.runs, listing.isUnchanged ? .unchanged : .changed)
            return listing
        } catch {
            account.requested(.runs, failed: error)
            throw error
        }
    }

    private func paged(_ id: String) async throws -> PagedList<Run> {
        let isFirst = lists[id]?.isFirstLook ?? false
        let beginning = await account.beginning
        return PagedList<Run>(
            name: ListName(feed: .runs, about: id), what: "the list of runs of \(await book.called(id))",
            page: { offset, known in
                try await self.counted { () async throws(RevKeenError) in
                    try await self.account.client.runs(of: id, offset: offset, besides: known)
                }
            },
            withStatus: { word, known in
                try await self.counted { () async throws(RevKeenError) in
                    try await self.account.client.runs(of: id, status: word, besides: known)
                }
            },
            store: { try await self.see($0, of: id) },
            isPast: { run in run.completedAt.map { beginning.isPast($0.moment, isFirstLook: isFirst) } ?? false })
    }

    /// Stores the runs that a page shows.
    ///
    /// - Returns: whether a run was new or changed.
    private func see(_ runs: [Run], of id: String) async throws -> Bool {
        let isFirst = lists[id]?.isFirstLook ?? false
        let known = try await account.ledger.watches(account: account.name, runs: runs.map(\.id))
        let beginning = await account.beginning
        let isExpected = account.isExpected(id: id, name: await book.automation(id)?.name)
        var ofFirstLook: [String] = [], watches: [RunWatch] = []
        // The oldest come first, because details are read in the order in which the watches were stored.
        for run in runs.sorted(by: { $0.ownTime < $1.ownTime }) {
            await account.note(unknown: account.maker.words.unknownWord(in: run), of: "a run")
            let isPast = run.completedAt.map { beginning.isPast($0.moment, isFirstLook: isFirst) } ?? false
            guard let watch = watch(run, of: id, known: known[run.id], isPast: isPast, isExpected: isExpected) else { continue }
            if isFirst, !watch.settled, known[run.id]?.shown.isEmpty ?? true { ofFirstLook.append(run.id) }
            watches.append(watch)
        }
        if !ofFirstLook.isEmpty { await account.noteFirstLook(at: ofFirstLook) }
        if !watches.isEmpty { try await account.admitter.admit([], watches: watches) }
        if isExpected, !watches.isEmpty { account.expecting.signal() }
        await account.silenced(watches.count { $0.settled && known[$0.run] == nil })
        lists[id]?.see(runs, known: known, at: account.clock.now)
        let due = watches.filter { !$0.settled }
        if !due.isEmpty { await account.stored(due) }
        return !due.isEmpty
    }

    /// The watch to store for a run in a list; nil if nothing about the run is new.
    ///
    /// - Parameter isExpected: something is expected of the automation, so the watch says when the run started and whether it succeeded.
    private func watch(_ run: Run, of automation: String, known: RunWatch?, isPast: Bool, isExpected: Bool) -> RunWatch? {
        guard isExpected else { return watch(run, of: automation, known: known, isPast: isPast) }
        let changed = watch(run, of: automation, known: known, isPast: isPast)
        let startedAt = run.startedAt?.moment ?? run.createdAt?.moment ?? run.completedAt?.moment ?? known?.startedAt ?? account.clock.now
        let succeeded = run.completedAt == nil ? nil : account.maker.words.outcome(of: run) == .succeeded
        guard var watch = changed ?? known, changed != nil || known?.startedAt != startedAt || known?.succeeded != succeeded else {
            return nil
        }
        (watch.startedAt, watch.succeeded) = (startedAt, succeeded)
        return watch
    }

    private func watch(_ run: Run, of automation: String, known: RunWatch?, isPast: Bool) -> RunWatch? {
        let shown = run.shownHash, now = account.clock.now
        let outcome = run.completedAt == nil ? nil : account.maker.words.outcome(of: run)
        let haste: RunWatch.Haste = run.completedAt == nil ? .late : outcome == .failed ? .failed : .finished
        guard let known else {
            var watch = RunWatch(
                account: account.name, run: run.id, automation: automation, shown: shown, completedAt: run.completedAt?.moment, rung: 0,
                dueAt: now, settled: isPast, haste: haste)
            watch.isCancelled = outcome == .cancelled
            return watch
        }
        guard known.shown != shown else { return nil }
        var changed = known
        changed.shown = shown
        // A change of a run that is or was not complete starts its ladder again.
        if changed.completedAt == nil || run.completedAt == nil { changed.rung = 0 }
        changed.completedAt = run.completedAt?.moment
        changed.dueAt = now
        changed.settled = false
        changed.isCancelled = outcome == .cancelled
        changed.haste = max(haste, known.settled || known.haste != .asked ? .late : .asked)
        return changed
    }
}

extension Run {
    /// A hash that changes when what a list shows of the run changes, since a run has no `updated_at`.
    var shownHash: String {
        let parts = [status, startedAt?.text, completedAt?.text, summary, errorMessage]
        return shortHash(parts.map { $0 ?? "\u{0}" }.joined(separator: "\u{1}"))
    }

    /// The time by which runs are ordered; a run without any time is the newest.
    fileprivate var ownTime: Timestamp { completedAt?.moment ?? startedAt?.moment ?? createdAt?.moment ?? .distantFuture }
}
