import Dedup
import Policy
import RelayCore
import RevKeen

/// The feed `details`: what happened inside a run. Notifications are found nowhere else.
extension AccountPoller {
    /// The most details that are read at once. The budget keeps the requests below what the account allows.
    static let detailsAtOnce = 4
    /// How long a run that RevKeen does not find is still asked for.
    private static let missingFor = Duration.seconds(86_400)

    func watchDetails() async {
        while !Task.isCancelled {
            do {
                if try await lookAtDueDetails(dueBefore: clock.now).read > 0 { continue }
            } catch {
                await failed(.details, error)
            }
            // Nothing is due now. A change in a list signals; other details become due with time.
            await detailsWakeup.wait(until: clock.now + min(.seconds(5), settings.poll.runs.lowerBound), clock: clock)
        }
    }

    /// Reads the details that are due, at most `detailsAtOnce` at a time.
    func lookAtDueDetails(dueBefore: Timestamp) async throws(LedgerError) -> (read: Int, failed: Int) {
        try await saveWatches()
        let due = try await ledger.watches(account: name, dueBefore: dueBefore, limit: 64)
        if due.isEmpty { return (0, 0) }
        return await withTaskGroup(of: Bool.self) { group in
            var read = 0
            for (index, watch) in due.enumerated() {
                if index >= Self.detailsAtOnce, await group.next() == true { read += 1 }
                group.addTask { await self.lookAtDetail(watch) }
            }
            for await good in group where good { read += 1 }
            return (read, due.count - read)
        }
    }

    /// Stores the watches that could not be stored when they were put off. While that fails nothing more is read, because the due times
    /// in the store are old.
    private func saveWatches() async throws(LedgerError) {
        let unsaved = Array(unsavedWatches.values)
        try await ledger.save(unsaved)
        for watch in unsaved where unsavedWatches[watch.run] == watch { unsavedWatches[watch.run] = nil }
    }

    /// Returns false if the detail could not be read. A run that is gone is not a failure.
    private func lookAtDetail(_ watch: RunWatch) async -> Bool {
        details.looked(at: clock.uptime)
        let asked = clock.uptime
        do {
            try await LargeAnswers.work {
                let response = try await client.run(watch.run, of: watch.automation)
                await judgeReadable(response.complaint, "run \(watch.run)", id: "part/run/\(watch.run)")
                try await take(response, watch, asked: asked)
            }
            if details.succeeded(watch.run) { await readable("run \(watch.run)", id: "run/\(watch.run)") }
            await succeeded(.details)
            return true
        } catch {
            return await putOff(watch, after: error)
        }
    }

    private func putOff(_ watch: RunWatch, after error: any Error) async -> Bool {
        let known = error as? RevKeenError
        let isGone = known?.reason == .notFound
        var later = watch
        if isGone {
            later.dueAt = clock.now + settings.poll.runs.upperBound
            later.settled = details.missing(watch.run, at: clock.uptime) >= Self.missingFor
        } else {
            let (wait, isNews) = details.failed(watch.run, pace: settings.poll.runs.lowerBound)
            later.dueAt = clock.now + wait
            if let known, known.reason.isAboutOneThing {
                await unreadable("run \(watch.run)", id: "run/\(watch.run)", known, isNews: isNews)
            } else {
                await failed(.details, error)
            }
        }
        unsavedWatches[watch.run] = later
        do {
            try await saveWatches()
        } catch {
            await failed(.details, error)
        }
        guard isGone else { return false }
        // *Not found* is a response of an account that works.
        await readable("run \(watch.run)", id: "run/\(watch.run)", now: "is no more")
        await succeeded(.details)
        return true
    }

    private func take(_ response: RunDetailResponse, _ watch: RunWatch, asked: Duration) async throws {
        let run = response.run
        let isFirst = runsOfFirstLook.contains(watch.run)
        let risk = watched[watch.automation]?.automation.riskProfile
        let now = clock.now
        let sightings =
            response.notifications.map { item in
                let moment = (item.createdAt?.moment ?? item.deliveredAt?.moment)
                return Sighting(
                    maker.notification(item, of: run, risk: risk, now: now),
                    telling: isPast(moment, isFirstLook: isFirst) ? .silent : .routed)
            } + finished(response, risk: risk, isFirstLook: isFirst)
        let approvals = response.approvals.map { $0.filled(from: run) }
        let newApprovals = try await see(
            approvals, ApprovalLook(asked: asked, isFirst: isFirst, runIsFinished: run.completedAt != nil))
        try await closeGone(from: response)
        let known = try await ledger.known(sightings.map(\.event.id))
        let brought = newApprovals > 0 || known.count < sightings.count
        try await admitter.admit(sightings, watches: [moved(watch, run, brought: brought)])
        firstRound.silenced += sightings.count { $0.telling == .silent && !known.contains($0.event.id) }
        runsOfFirstLook.remove(watch.run)
    }

    private func finished(_ response: RunDetailResponse, risk: String?, isFirstLook: Bool) -> [Sighting] {
        guard let event = maker.run(response, risk: risk, now: clock.now) else { return [] }
        let past = isPast(response.run.completedAt?.moment, isFirstLook: isFirstLook)
        return [Sighting(event, telling: past ? .silent : .routed)]
    }

    private func moved(_ watch: RunWatch, _ run: Run, brought: Bool) -> RunWatch {
        var moved = watch
        let now = clock.now
        let next: DetailLadder.Next
        if let completed = run.completedAt {
            // The first look at the finished run counts from 0, however often it was read before.
            let rung = watch.completedAt == nil ? 0 : watch.rung
            next = DetailLadder.finished(rung: rung, due: watch.dueAt, completed: completed.moment, brought: brought, now: now)
            moved.completedAt = completed.moment ?? now
        } else {
            let runs = settings.poll.runs
            next = DetailLadder.unfinished(
                rung: watch.rung, brought: brought, fastest: runs.lowerBound * stretch, slowest: runs.upperBound * stretch, now: now)
        }
        moved.rung = next.rung
        moved.settled = next.dueAt == nil
        moved.dueAt = next.dueAt ?? now
        return moved
    }
}

/// Counts the failures of single runs, and how many details are read. Kept in memory only.
struct DetailTrouble {
    private static let newsAfter = 3
    private var failures: [String: Int] = [:]
    private var missingSince: [String: Duration] = [:]
    private var minute: (began: Duration, count: Int, before: Int) = (.zero, 0, 0)

    /// Counts a failure. Returns how long to wait before the next look, and whether the failure is to be reported.
    mutating func failed(_ run: String, pace: Duration) -> (wait: Duration, isNews: Bool) {
        let count = failures[run, default: 0] + 1
        failures[run] = count
        return (min(pace * (1 << min(count, 3)), ErrorBackoff.most), count >= Self.newsAfter)
    }

    /// Forgets the failures of a run. Returns whether they had been reported.
    mutating func succeeded(_ run: String) -> Bool {
        missingSince[run] = nil
        return (failures.removeValue(forKey: run) ?? 0) >= Self.newsAfter
    }

    /// Returns for how long the run has been missing.
    mutating func missing(_ run: String, at uptime: Duration) -> Duration {
        let since = missingSince[run] ?? uptime
        missingSince[run] = since
        return uptime - since
    }

    mutating func looked(at uptime: Duration) {
        roll(to: uptime)
        minute.count += 1
    }

    func looksPerMinute(at uptime: Duration) -> Double {
        var copy = self
        copy.roll(to: uptime)
        return Double(max(copy.minute.before, copy.minute.count))
    }

    private mutating func roll(to uptime: Duration) {
        let passed = uptime - minute.began
        if passed >= .seconds(120) { minute = (uptime, 0, 0) } else if passed >= .seconds(60) { minute = (uptime, 0, minute.count) }
    }
}
