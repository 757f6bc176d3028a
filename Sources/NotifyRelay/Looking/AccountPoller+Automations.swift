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
        let known = Set(watched.keys)
        let all = try await allPages(listing, isKnown: { known.contains($0) }) {
            try await self.client.automations(offset: $0, besides: $1)
        }
        let ids = Set(all.map(\.id))
        await judgeReadable(listing.complaint, "the list of automations", id: "list/automations")
        let before = listed[.automations]
        await judgeSaturation(listing, of: .feed(.automations), allNew: ids.isDisjoint(with: before ?? []), isFirst: before == nil)
        listed[.automations] = ids
        for automation in all where isWanted(automation) { watch(automation) }
        runsWakeup.signal()
        try await lookUpUnlisted(besides: ids)
        runsWakeup.signal()
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

    /// Completes a list: if the API pages, it reads on to the first page on which everything is known.
    ///
    /// The API does not promise `offset`, so one full list a day tries it for all lists. A page without a new id ends the reading.
    func allPages<Item: WireItem & Identified>(
        _ first: Listing<Item>, isKnown: (String) async throws -> Bool,
        _ page: (_ offset: Int, _ known: Set<String>) async throws -> Listing<Item>
    ) async throws -> [Item] {
        guard first.isFull, paging.works || clock.now >= paging.nextProbe, try await hasUnknown(first.items, isKnown) else {
            return first.items
        }
        paging.nextProbe = clock.now + .seconds(86_400)
        var items = first.items
        var ids = Set(items.map(\.id))
        var bytes = first.bytes
        let began = clock.uptime
        for number in 1...50 {
            let next: Listing<Item>
            do {
                next = try await page(number * first.limit, ids)
            } catch {
                if LargeAnswers.isAskedFor(by: error) { throw error }
                // An error does not say whether lists page, unless it refuses `offset`.
                if !paging.works, (error as? RevKeenError)?.reason.isAnAnswer != true { paging.nextProbe = clock.now }
                break
            }
            bytes += next.bytes
            if bytes > LargeAnswers.mostTogether {
                if LargeAnswers.isInTurn { break }
                throw RevKeenError(.tooLarge, "the pages are over \(LargeAnswers.mostTogether) bytes together")
            }
            let new = next.items.filter { ids.insert($0.id).inserted }
            if number == 1 { paging.works = !new.isEmpty }
            items += new
            // Others wait for the turn, so a slow server does not keep it.
            if LargeAnswers.isInTurn, clock.uptime - began > .seconds(60) { break }
            guard !new.isEmpty, next.isFull, try await hasUnknown(new, isKnown) else { break }
        }
        return items
    }

    private func hasUnknown<Item: Identified>(_ items: [Item], _ isKnown: (String) async throws -> Bool) async throws -> Bool {
        for item in items where try await !isKnown(item.id) { return true }
        return false
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

/// Whether the API pages its lists, as far as it was tried.
struct Paging {
    /// The last full list that was asked for its second page had one.
    var works = false
    var nextProbe = Timestamp.distantPast
}

extension RevKeenError.Reason {
    /// RevKeen refused the request for good, rather than for now.
    fileprivate var isAnAnswer: Bool { self == .badRequest || self == .unprocessable || self == .notFound || self == .forbidden }
}

/// An item that lists are paged and compared by.
protocol Identified { var id: String { get } }
extension Automation: Identified {}
extension Run: Identified {}
extension Approval: Identified {}
