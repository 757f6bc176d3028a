import Dedup
import Logging
import RelayCore
import RevKeen

/// The feed `automations`: which automations there are, and so which runs to look at.
extension AccountPoller {
    func lookAtAutomations() async throws {
        let listing = try await client.automations()
        try await begin(at: listing.date)
        let known = Set(watched.keys)
        let all = try await allPages(listing, isKnown: { known.contains($0) }) { try await self.client.automations(offset: $0) }
        let ids = Set(all.map(\.id))
        let before = listed[.automations]
        await judgeSaturation(
            listing, .automations, allNew: ids.isDisjoint(with: before ?? []), isFirst: before == nil)
        listed[.automations] = ids
        for automation in all where isWanted(automation) { watch(automation) }
        await lookUpUnlisted(besides: ids)
        runsWakeup.signal()
    }

    /// What `also:` names, and what only an approval or a run on its way does: looked up by id, and so kept fresh.
    private func lookUpUnlisted(besides listed: Set<String>) async {
        var ids = Set(settings.also)
        ids.formUnion((try? await ledger.watchedAutomations(account: name)) ?? [])
        ids.formUnion(((try? await ledger.openApprovals(account: name)) ?? []).compactMap(\.payload.origin.automationID))
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

    /// Looks up automations that nothing is known of, all at once and for at most 5 s: no approval is held up longer for its risk.
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

    /// `only` names automations by glob; `also` by id. What fits neither is not polled, and its approvals are not told.
    func isWanted(id: String?, name: String?) -> Bool {
        if let id, settings.also.contains(id) { return true }
        return settings.only.contains { $0.matches(name ?? "") }
    }

    /// Stores when this account's time begins, before the first list is used.
    func begin(at date: Timestamp?) async throws {
        guard since == nil else { return }
        let start = (date ?? clock.now) - settings.firstLook
        since = start
        firstRound.isOfALife = true
        do {
            try await ledger.save(FeedState(account: name, name: "account", since: start, firstReadAt: clock.now, lastReadAt: clock.now))
        } catch {
            since = nil
            throw error
        }
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

    /// A list and, where the API pages after all, the rest of it, up to the first page on which everything is known.
    ///
    /// `offset` is not promised, so one full list a day tries it for all of them; a page that brings no new id ends it.
    func allPages<Item: WireItem & Identified>(
        _ first: Listing<Item>, isKnown: (String) async -> Bool, _ page: (Int) async throws -> Listing<Item>
    ) async throws -> [Item] {
        guard first.isFull, paging.works || clock.now >= paging.nextProbe, await hasUnknown(first.items, isKnown) else {
            return first.items
        }
        paging.nextProbe = clock.now + .seconds(86_400)
        var items = first.items
        var ids = Set(items.map(\.id))
        for number in 1...50 {
            let next: Listing<Item>
            do {
                next = try await page(number * first.limit)
            } catch {
                // Whether it would have paged is not known; a refusal of `offset` is an answer.
                if !paging.works, (error as? RevKeenError)?.reason.isAnAnswer != true { paging.nextProbe = clock.now }
                break
            }
            let new = next.items.filter { ids.insert($0.id).inserted }
            if number == 1 { paging.works = !new.isEmpty }
            items += new
            guard !new.isEmpty, next.isFull, await hasUnknown(new, isKnown) else { break }
        }
        return items
    }

    private func hasUnknown<Item: Identified>(_ items: [Item], _ isKnown: (String) async -> Bool) async -> Bool {
        for item in items where await !isKnown(item.id) { return true }
        return false
    }
}

/// When automations that nothing is known of may be looked up again. In memory alone.
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

/// Whether lists page, as far as it was tried.
struct Paging {
    /// The last full list that was asked for its second page had one.
    var works = false
    var nextProbe = Timestamp.distantPast
}

extension RevKeenError.Reason {
    /// RevKeen said no to what was asked, rather than not now.
    fileprivate var isAnAnswer: Bool { self == .badRequest || self == .unprocessable || self == .notFound || self == .forbidden }
}

/// What a list is paged and compared by.
protocol Identified { var id: String { get } }
extension Automation: Identified {}
extension Run: Identified {}
extension Approval: Identified {}
