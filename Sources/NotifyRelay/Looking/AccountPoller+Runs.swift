import Crypto
import Dedup
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
                    // Taken: the look itself says when it is due again.
                    watched[id]?.dueAt = .distantFuture
                    group.addTask { await self.lookAtRuns(of: id) }
                }
                let next = watched.values.map(\.dueAt).min() ?? .distantFuture
                await runsBell.wait(until: next, clock: clock)
            }
        }
    }

    func lookAtRuns(of id: String) async {
        guard var entry = watched[id] else { return }
        var brought = false
        var wait: Duration
        do {
            brought = try await readRuns(of: id, isFirstLook: entry.isFirstLook)
            await succeeded(.runs)
            entry = watched[id] ?? entry
            entry.backoff.succeeded()
            entry.isFirstLook = false
            wait = untilNextLook(&entry, brought: brought)
        } catch {
            if (error as? RevKeenError)?.reason == .notFound {
                // The automation is gone, or hidden from this key: looked at again at the slowest pace.
                wait = entry.pace.slowest
            } else {
                await failed(.runs, error)
                wait = entry.backoff.failed(pace: entry.pace.current)
            }
        }
        entry.dueAt = clock.now + wait
        entry.saturated = watched[id]?.saturated ?? false
        watched[id] = entry
        runsBell.ring()
        if brought { detailsBell.ring() }
    }

    private func untilNextLook(_ entry: inout Watched, brought: Bool) -> Duration {
        let pace = entry.pace.next(brought: brought) * stretch
        guard let cron = entry.automation.cronExpression, let expression = try? CronExpression(cron),
            let zone = TimeZoneName(entry.automation.timezone ?? "UTC"), let next = expression.next(after: clock.now, in: zone)
        else { return pace }
        // A scheduled run is worth a look shortly after its hour.
        return min(pace, clock.now.duration(to: next) + .seconds(5))
    }

    /// - Returns: whether a run was new or changed.
    private func readRuns(of id: String, isFirstLook: Bool) async throws -> Bool {
        let listing = try await client.runs(of: id)
        try await begin(at: listing.date)
        let runs = try await allPages(listing) { try await self.client.runs(of: id, offset: $0) }
        let known = try await ledger.watches(account: name, runs: runs.map(\.id))
        let watches = runs.compactMap { watch($0, of: id, known: known[$0.id]) }
        if !watches.isEmpty { try await admitter.admit([], watches: watches) }
        let allNew = !runs.isEmpty && runs.allSatisfy { known[$0.id] == nil }
        await judgeSaturation(listing, of: id, allNew: allNew, isFirst: isFirstLook)
        return watches.contains { !$0.settled }
    }

    /// What to remember of a run in a list: nil if nothing about it is new.
    private func watch(_ run: Run, of automation: String, known: RunWatch?) -> RunWatch? {
        note(unknown: maker.words.unknownWord(in: run), of: "a run")
        let shown = run.shownHash
        guard let known else {
            let past = run.completedAt.map { isPast($0.moment, isFirstLook: watched[automation]?.isFirstLook ?? true) } ?? false
            if past { silenced += 1 }
            return RunWatch(
                account: name, run: run.id, automation: automation, shown: shown, completedAt: run.completedAt?.moment, rung: 0,
                dueAt: clock.now, settled: past)
        }
        guard known.shown != shown else { return nil }
        var changed = known
        changed.shown = shown
        // It has just finished, or it was touched again: its ladder begins anew.
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
        let topic = SelfReport.Topic(name: "saturated", about: "\(name)/runs/\(id)", account: name)
        let automation = watched[id]?.automation.name ?? id
        if saturated {
            await reports.begin(
                topic, "account \(name): the list of runs of \(automation) is full at \(listing.limit); older ones may not be seen")
        } else {
            await reports.end(topic, "account \(name): the list of runs of \(automation) is whole again")
        }
    }
}

extension Run {
    /// A run has no `updated_at`: this changes when what a list shows of it changes.
    var shownHash: String {
        let parts = [status, startedAt?.text, completedAt?.text, summary, errorMessage]
        return shortHash(parts.map { $0 ?? "\u{0}" }.joined(separator: "\u{1}"))
    }
}
