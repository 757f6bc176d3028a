import Crypto
import Dedup
import Policy
import RelayCore
import RevKeen

/// The feed `runs`: the runs of each automation, at its own pace.
extension AccountPoller {
    /// Looks at whichever automation is due; several at once, as far as the budget allows.
    func watchRuns() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let due = watched.values.filter { $0.dueAt <= clock.now }.map(\.automation.id)
                for id in due {
                    // The look itself says when it is due again.
                    watched[id]?.dueAt = .distantFuture
                    group.addTask { await self.lookAtRuns(of: id) }
                }
                let next = watched.values.map(\.dueAt).min() ?? .distantFuture
                await runsWakeup.wait(until: next, clock: clock)
            }
        }
    }

    /// False if they could not be read.
    @discardableResult
    func lookAtRuns(of id: String) async -> Bool {
        guard let entry = watched[id] else { return true }
        var brought = false
        var wait: Duration
        var good = true, storeFailed = false
        do {
            brought = try await readRuns(of: id, isFirstLook: entry.isFirstLook)
            await readable("the list of runs of \(called(id))", id: "runs/\(id)")
            wait = untilNextLook(of: id, brought: brought)
        } catch {
            good = (error as? RevKeenError)?.reason == .notFound
            storeFailed = error is LedgerError
            wait = await putOff(id, after: error)
        }
        watched[id]?.dueAt = clock.now + wait
        if !storeFailed { watched[id]?.wasLookedAt = true }
        if good { await succeeded(.runs) }
        runsWakeup.signal()
        if brought { detailsWakeup.signal() }
        return good
    }

    private func called(_ id: String) -> String { watched[id]?.automation.name ?? id }

    private func putOff(_ id: String, after error: any Error) async -> Duration {
        let known = error as? RevKeenError
        // An automation that is gone, or hidden from this key, is looked at again at the slowest pace.
        if known?.reason == .notFound {
            watched[id]?.isFirstLook = false
            watched[id]?.backoff.succeeded()
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
        // A look at a scheduled run comes shortly after its hour, and not a moment before the run has begun.
        let untilNext = clock.now.duration(to: next)
        return pace < untilNext ? pace : untilNext + .seconds(5)
    }

    /// - Returns: whether a run was new or changed.
    private func readRuns(of id: String, isFirstLook: Bool) async throws -> Bool {
        let listing = try await client.runs(of: id)
        try await begin(at: listing.date)
        let runs = try await allPages(listing, isKnown: isKnownRun) { try await self.client.runs(of: id, offset: $0) }
        let known = try await ledger.watches(account: name, runs: runs.map(\.id))
        // Oldest first, since details are read in the order in which they were written down.
        let watches = runs.sorted { $0.ownTime < $1.ownTime }.compactMap { watch($0, of: id, known: known[$0.id], isFirstLook) }
        if !watches.isEmpty { try await admitter.admit([], watches: watches) }
        firstRound.silenced += watches.count { $0.settled && known[$0.run] == nil }
        await judgeSaturation(listing, of: id, allNew: !runs.isEmpty && known.isEmpty, isFirst: isFirstLook)
        return watches.contains { !$0.settled }
    }

    private func isKnownRun(_ id: String) async throws(LedgerError) -> Bool { try await ledger.watch(account: name, run: id) != nil }

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
        // So far the run was known from an approval only.
        if known.shown.isEmpty, isFirstLook { runsOfFirstLook.insert(run.id) }
        var changed = known
        changed.shown = shown
        // The run has just finished, or was touched again: its ladder begins anew.
        if changed.completedAt == nil || run.completedAt == nil { changed.rung = 0 }
        changed.completedAt = run.completedAt?.moment
        changed.dueAt = clock.now
        changed.settled = false
        return changed
    }

    /// Whether something happened before the relay's time. An unreadable time is past on a feed's first look, and new ever after.
    func isPast(_ moment: Timestamp?, isFirstLook: Bool) -> Bool {
        guard let moment else { return isFirstLook }
        return since.map { moment < $0 } ?? false
    }

    private func judgeSaturation(_ listing: Listing<Run>, of id: String, allNew: Bool, isFirst: Bool) async {
        let saturated = listing.isFull && ((allNew && !isFirst) || listing.order != .newest)
        guard saturated != watched[id]?.saturated ?? false else { return }
        watched[id]?.saturated = saturated
        metrics.saturated(account: name, feed: Feed.runs.rawValue, watched.values.contains(where: \.saturated))
        await say(saturated: saturated, "\(name)/runs/\(id)", "the list of runs of \(called(id))", limit: listing.limit)
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
