import Crypto
import Dedup
import Policy
import RelayCore
import RevKeen

/// The feed `runs`: the runs of each automation, at its own pace.
extension AccountPoller {
    /// Reads the runs of automations that are due, several at once as far as the budget allows.
    func watchRuns() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let due = watched.values.filter { $0.dueAt <= clock.now }.map(\.automation.id)
                for id in due {
                    // The look sets the next due time.
                    watched[id]?.dueAt = .distantFuture
                    group.addTask { await self.lookAtRuns(of: id) }
                }
                let next = watched.values.map(\.dueAt).min() ?? .distantFuture
                await runsWakeup.wait(until: next, clock: clock)
            }
        }
    }

    /// Reads the runs of one automation, and returns false if they could not be read.
    @discardableResult
    func lookAtRuns(of id: String) async -> Bool {
        guard let entry = watched[id] else { return true }
        var brought = false
        var wait: Duration
        var good = true, storeFailed = false
        do {
            brought = try await LargeAnswers.work { try await readRuns(of: id, isFirstLook: entry.isFirstLook) }
            await readable("the list of runs of \(called(id))", id: "runs/\(id)")
            wait = untilNextLook(of: id, brought: brought)
        } catch {
            good = (error as? RevKeenError)?.reason == .notFound
            storeFailed = error is LedgerError
            wait = await putOff(id, after: error)
        }
        // The rest of a list that shows a part is read soon, and the top of the list before it.
        if good, gaps[GapKey(feed: .runs, about: id)] != nil { wait = min(wait, settings.poll.runs.lowerBound) }
        watched[id]?.dueAt = clock.now + wait
        if !storeFailed { watched[id]?.wasLookedAt = true }
        if good { await succeeded(.runs) }
        runsWakeup.signal()
        if brought { detailsWakeup.signal() }
        return good
    }

    func called(_ id: String) -> String { watched[id]?.automation.name ?? id }

    private func putOff(_ id: String, after error: any Error) async -> Duration {
        let known = error as? RevKeenError
        // An automation that is gone, or hidden from this key, is looked at again at the slowest pace.
        if known?.reason == .notFound {
            watched[id]?.isFirstLook = false
            watched[id]?.backoff.succeeded()
            await endGap(ofRunsOf: id)
            await readable("the list of runs of \(called(id))", id: "runs/\(id)", now: "is no more")
            return settings.poll.runs.upperBound
        }
        guard var entry = watched[id] else { return settings.poll.runs.upperBound }
        let wait = entry.backoff.failed(pace: entry.pace.current)
        watched[id]?.backoff = entry.backoff
        if let known, known.reason.isAboutOneThing {
            await unreadable("the list of runs of \(called(id))", id: "runs/\(id)", known, isNews: entry.backoff.isLasting)
        } else {
            await failed(.runs, error)
        }
        return wait
    }

    private func untilNextLook(of id: String, brought: Bool) -> Duration {
        guard var entry = watched[id] else { return settings.poll.runs.upperBound }
        entry.backoff.succeeded()
        entry.isFirstLook = false
        let pace = entry.pace.next(brought: brought) * stretch
        watched[id] = entry
        guard let cron = entry.automation.cronExpression, let expression = try? CronExpression(cron),
            let zone = TimeZoneName(entry.automation.timezone ?? "UTC"), let next = expression.next(after: clock.now, in: zone)
        else { return pace }
        // If the schedule starts a run before the next look, the look comes shortly after that start.
        let untilNext = clock.now.duration(to: next)
        return pace < untilNext ? pace : untilNext + .seconds(5)
    }

    /// - Returns: whether a run was new or changed.
    private func readRuns(of id: String, isFirstLook: Bool) async throws -> Bool {
        let listing = try await client.runs(of: id)
        try await begin(at: listing.date)
        await judgeReadable(listing.complaint, "the list of runs of \(called(id))", id: "list/runs/\(id)")
        let list = PagedList<Run>(
            feed: .runs, about: id, what: "the list of runs of \(called(id))",
            page: { try await self.client.runs(of: id, offset: $0, besides: $1) },
            withStatus: { try await self.client.runs(of: id, status: $0, besides: $1) },
            store: { runs in
                let isNews = try await self.see(runs, of: id, isFirstLook)
                if isNews { self.detailsWakeup.signal() }
                return isNews
            },
            isPast: { run in run.completedAt.map { self.isPast($0.moment, isFirstLook: isFirstLook) } ?? false })
        return try await read(listing, of: list).isNews
    }

    /// Stores the runs that a page shows.
    ///
    /// - Returns: whether a run was new or changed.
    private func see(_ runs: [Run], of id: String, _ isFirstLook: Bool) async throws -> Bool {
        let known = try await ledger.watches(account: name, runs: runs.map(\.id))
        // The oldest come first, because details are read in the order in which the watches were stored.
        let watches = runs.sorted { $0.ownTime < $1.ownTime }.compactMap { watch($0, of: id, known: known[$0.id], isFirstLook) }
        if !watches.isEmpty { try await admitter.admit([], watches: watches) }
        firstRound.silenced += watches.count { $0.settled && known[$0.run] == nil }
        return watches.contains { !$0.settled }
    }

    /// The watch to store for a run in a list; nil if nothing about the run is new.
    private func watch(_ run: Run, of automation: String, known: RunWatch?, _ isFirstLook: Bool) -> RunWatch? {
        note(unknown: maker.words.unknownWord(in: run), of: "a run")
        let shown = run.shownHash
        guard let known else {
            let past = run.completedAt.map { isPast($0.moment, isFirstLook: isFirstLook) } ?? false
            if !past, isFirstLook { runsOfFirstLook.insert(run.id) }
            return RunWatch(
                account: name, run: run.id, automation: automation, shown: shown, completedAt: run.completedAt?.moment, rung: 0,
                dueAt: clock.now, settled: past)
        }
        guard known.shown != shown else { return nil }
        // So far the run was known only from an approval.
        if known.shown.isEmpty, isFirstLook { runsOfFirstLook.insert(run.id) }
        var changed = known
        changed.shown = shown
        // A change of a run that is or was not complete starts its ladder again.
        if changed.completedAt == nil || run.completedAt == nil { changed.rung = 0 }
        changed.completedAt = run.completedAt?.moment
        changed.dueAt = clock.now
        changed.settled = false
        return changed
    }

    /// Whether a moment is before `since`. A time that cannot be read counts as past in the first look and as new afterwards.
    func isPast(_ moment: Timestamp?, isFirstLook: Bool) -> Bool {
        guard let moment else { return isFirstLook }
        return since.map { moment < $0 } ?? false
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
