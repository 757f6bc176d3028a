import Dedup
import Logging
import Policy
import RelayCore
import RevKeen

/// The feed `automations`: it shows the automations, whose runs are then polled.
extension AccountPoller {
    func lookAtAutomations() async throws {
        let listing = try await client.automations()
        try await begin(at: listing.date)
        let (all, fault) = try await wholeList(listing)
        let ids = Set(all.map(\.id))
        await judgeReadable(listing.complaint, "the list of automations", id: "list/automations")
        for automation in all where isWanted(automation) { watch(automation) }
        runsWakeup.signal()
        // The rest is read at the next look, which comes soon after a failure.
        if let fault { throw fault }
        try await lookUpUnlisted(besides: ids)
        try await endGaps(besides: Set(watched.keys))
        runsWakeup.signal()
    }

    /// Reads all pages of the list, because automations have no order.
    ///
    /// - Returns: the automations that were read, and what ended the reading early.
    private func wholeList(_ first: Listing<Automation>) async throws -> (all: [Automation], fault: (any Error)?) {
        var all = first.items, ids = Set(all.map(\.id)), page = first
        while page.isFull, paging.mayBeAsked(at: clock.now) {
            do {
                page = try await client.automations(offset: all.count + first.skipped, besides: ids)
            } catch {
                if LargeAnswers.isAskedFor(by: error) { throw error }
                guard error.reason.isRefusalOfQuery else { return (all, error) }
                paging.isRefused(at: clock.now)
                break
            }
            guard !page.items.isEmpty else {
                // The same entries again: `offset` is not honoured. An empty page is the end.
                if page.repeated > 0 { paging.isRefused(at: clock.now) }
                break
            }
            paging.works()
            ids.formUnion(page.items.map(\.id))
            all += page.items
        }
        let hides = page.isFull ? "is full at \(first.limit), and RevKeen shows no more of it" : nil
        if hides == nil { saturatedLists.remove(.automations) } else { saturatedLists.insert(.automations) }
        await report(.automations, about: Feed.automations.rawValue, hides, "the list of automations")
        return (all, nil)
    }

    /// Looks up the automations that the list does not show but that `also:` names, or that a watched run or an open approval belongs to.
    private func lookUpUnlisted(besides listed: Set<String>) async throws(LedgerError) {
        var ids = Set(settings.also)
        ids.formUnion(try await ledger.watchedAutomations(account: name))
        ids.formUnion(try await ledger.openApprovals(account: name).compactMap(\.payload.origin.automationID))
        for id in ids.subtracting(listed).sorted() { await lookUp(id, urgency: .rest) }
    }

    @discardableResult
    private func lookUp(_ id: String, urgency: RequestBudget.Urgency) async -> Automation? {
        do {
            let automation = try await client.automation(id, urgency: urgency)
            if isWanted(automation) { watch(automation) }
            return automation
        } catch {
            if error.reason != .cancelled {
                metrics.pollFailed(account: name, reason: error.reason.rawValue)
                logger.debug("automation \(id): \(error.detail)", metadata: ["account": "\(name)"])
            }
            return nil
        }
    }

    /// Looks up unknown automations, all at once and for at most 5 s, so that no approval waits longer for its risk.
    /// One that is not found is not asked for again before the next list of automations.
    func learn(of ids: Set<String>) async {
        let unknown = ids.filter(mayLookUp)
        guard !unknown.isEmpty else { return }
        for id in unknown { lookUps.done(id, at: clock.now, again: settings.poll.automations) }
        let clock = clock
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.lookUp(all: unknown) }
            group.addTask { try? await clock.sleep(for: .seconds(5)) }
            await group.next()
            group.cancelAll()
        }
        runsWakeup.signal()
    }

    private func mayLookUp(_ id: String) -> Bool { watched[id] == nil && lookUps.may(id, at: clock.now) }

    private func lookUp(all ids: Set<String>) async {
        await withDiscardingTaskGroup { group in
            for id in ids { group.addTask { await self.lookUp(id, urgency: .approvals) } }
        }
    }

    func isWanted(_ automation: Automation) -> Bool { isWanted(id: automation.id, name: automation.name) }

    /// `only` names automations by glob, `also` by id. An automation that fits neither is not polled, and its approvals are not sent.
    func isWanted(id: String?, name: String?) -> Bool {
        if let id, settings.also.contains(id) { return true }
        return settings.only.contains { $0.matches(name ?? "") }
    }

    /// Stores `since`, the moment from which this account's items are sent, before the first list is used.
    func begin(at date: Timestamp?) async throws {
        guard since == nil else { return }
        firstRound.isOfALife = true
        let start = try await ledger.begin(account: name, at: (date ?? clock.now) - settings.firstLook)
        since = since ?? start
    }

    private func watch(_ automation: Automation) {
        if watched[automation.id] != nil {
            watched[automation.id]?.automation = automation
        } else {
            let pace = AdaptivePace(settings.poll.runs.lowerBound, settings.poll.runs.upperBound)
            watched[automation.id] = Watched(
                automation: automation, pace: pace, dueAt: clock.now, isFirstLook: !firstLookDone.contains(.runs))
        }
    }
}

/// When unknown automations may be looked up again. Kept in memory only.
struct AutomationLookUps {
    private var next: [String: Timestamp] = [:]

    func may(_ automation: String, at now: Timestamp) -> Bool { next[automation].map { $0 <= now } ?? true }

    mutating func done(_ automation: String, at now: Timestamp, again: Duration) {
        next = next.filter { $0.value > now }
        next[automation] = now + again
    }

    mutating func shift(by difference: Duration) {
        for id in next.keys { next[id]?.shift(by: difference) }
    }
}
