import Dedup
import Logging
import RelayCore
import RevKeen

/// The feed `automations`: which automations there are, and so which runs to look at.
extension AccountPoller {
    func lookAtAutomations() async throws {
        let listing = try await client.automations()
        try await begin(at: listing.date)
        var seen = Set<String>()
        for automation in try await allPages(listing, { try await self.client.automations(offset: $0) }) where isWanted(automation) {
            seen.insert(automation.id)
            watch(automation)
        }
        for id in settings.also where !seen.contains(id) { await lookUp(id) }
        runsBell.ring()
    }

    /// An automation that only an approval or `also:` names. A failed look-up is tried again at the next look.
    @discardableResult
    func lookUp(_ id: String) async -> Automation? {
        if let known = watched[id]?.automation { return known }
        do {
            let automation = try await client.automation(id)
            if isWanted(automation) { watch(automation) }
            return automation
        } catch {
            await note(lookUpFailed: error, id)
            return nil
        }
    }

    /// The risk of an automation, waited for at most 5 s: an approval must not be held up for it.
    func risk(of id: String?) async -> String? {
        guard let id else { return nil }
        if let known = watched[id]?.automation { return known.riskProfile }
        let clock = clock
        return await withTaskGroup(of: String?.self) { group in
            group.addTask { await self.lookUp(id)?.riskProfile }
            group.addTask {
                try? await clock.sleep(for: .seconds(5))
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
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
        try await ledger.save(FeedState(account: name, name: "account", since: start, firstReadAt: clock.now, lastReadAt: clock.now))
        since = start
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

    private func note(lookUpFailed error: RevKeenError, _ id: String) async {
        guard error.reason != .cancelled else { return }
        metrics.pollFailed(account: name, reason: error.reason.rawValue)
        logger.debug("automation \(id): \(error.detail)", metadata: ["account": "\(name)"])
    }

    /// A list and, where the API pages after all, the rest of it.
    ///
    /// `offset` is not promised, so one full list a day tries it for all of them; a page that brings no new id ends it.
    func allPages<Item: WireItem>(
        _ first: Listing<Item>, _ page: (Int) async throws -> Listing<Item>
    ) async throws -> [Item] where Item: Identified {
        guard first.isFull, offsetWorks || clock.now >= nextProbe else { return first.items }
        nextProbe = clock.now + .seconds(86_400)
        var items = first.items
        var ids = Set(items.map(\.id))
        for number in 1...50 {
            guard let next = try? await page(number * first.limit) else {
                if !offsetWorks { nextProbe = clock.now }
                break
            }
            let new = next.items.filter { ids.insert($0.id).inserted }
            if number == 1 { offsetWorks = !new.isEmpty }
            items += new
            if new.isEmpty || !next.isFull { break }
        }
        return items
    }
}

/// What a list is paged and compared by.
protocol Identified { var id: String { get } }
extension Automation: Identified {}
extension Run: Identified {}
extension Approval: Identified {}
