import Dedup
import RelayCore
import RevKeen

/// The feed `details`: what happened inside a run. The only place where notifications are.
extension AccountPoller {
    /// How many details are read at once; the budget keeps it below what the account allows.
    static let detailsAtOnce = 4

    func watchDetails() async {
        while !Task.isCancelled {
            let looked = await lookAtDueDetails()
            if looked > 0 { continue }
            // Nothing is due; a change in a list rings, and time brings the rest.
            await detailsBell.wait(until: clock.now + min(.seconds(5), settings.poll.runs.lowerBound), clock: clock)
        }
    }

    /// Reads what is due, at most `detailsAtOnce` at a time. Returns how many were read well.
    func lookAtDueDetails() async -> Int {
        guard let due = try? await ledger.watches(account: name, dueBefore: clock.now, limit: 64), !due.isEmpty else { return 0 }
        return await withTaskGroup(of: Bool.self) { group in
            var good = 0
            for (index, watch) in due.enumerated() {
                if index >= Self.detailsAtOnce, await group.next() == true { good += 1 }
                group.addTask { await self.lookAtDetail(watch) }
            }
            for await read in group where read { good += 1 }
            return good
        }
    }

    private func lookAtDetail(_ watch: RunWatch) async -> Bool {
        do {
            let answer = try await client.run(watch.run, of: watch.automation)
            try await take(answer, watch)
            await succeeded(.details)
            return true
        } catch {
            await postpone(watch, after: error)
            return false
        }
    }

    private func postpone(_ watch: RunWatch, after error: any Error) async {
        let isGone = (error as? RevKeenError)?.reason == .notFound
        if !isGone { await failed(.details, error) }
        var later = watch
        later.dueAt =
            clock.now + (isGone ? settings.poll.runs.upperBound : backoffs[.details, default: ErrorBackoff()].failed(pace: .seconds(10)))
        try? await ledger.save([later])
    }

    private func take(_ answer: RunDetailAnswer, _ watch: RunWatch) async throws {
        let run = answer.run
        let isFirst = watch.rung == 0 && (watched[watch.automation]?.isFirstLook ?? false)
        let risk = watched[watch.automation]?.automation.riskProfile
        let now = clock.now
        let sightings =
            answer.notifications.map { item in
                let moment = (item.createdAt?.moment ?? item.deliveredAt?.moment)
                return Sighting(
                    maker.notification(item, of: run, risk: risk, now: now),
                    telling: isPast(moment, isFirstLook: isFirst) ? .silent : .routed)
            } + finished(answer, isFirstLook: isFirst)
        let approvals = answer.approvals.map { $0.filled(from: run) }
        let newApprovals = try await see(approvals, isFirstLook: isFirst, runIsFinished: run.completedAt != nil)
        let known = try await ledger.known(sightings.map(\.event.id))
        let brought = newApprovals > 0 || known.count < sightings.count
        try await admitter.admit(sightings, watches: [moved(watch, run, brought: brought)])
    }

    private func finished(_ answer: RunDetailAnswer, isFirstLook: Bool) -> [Sighting] {
        guard let event = maker.run(answer, now: clock.now) else { return [] }
        let past = isPast(answer.run.completedAt?.moment, isFirstLook: isFirstLook)
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
            next = DetailLadder.unfinished(
                rung: watch.rung, brought: brought, fastest: settings.poll.runs.lowerBound, slowest: settings.poll.runs.upperBound, now: now
            )
        }
        moved.rung = next.rung
        moved.settled = next.dueAt == nil
        moved.dueAt = next.dueAt ?? now
        return moved
    }
}
