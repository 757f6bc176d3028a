import Dedup
import Logging
import Policy
import RelayCore
import RevKeen

/// The automations of an account that are watched, and the look-up of those that no list showed.
actor AutomationBook {
    nonisolated let account: Account
    nonisolated var unownedExecutor: UnownedSerialExecutor { account.unownedExecutor }

    private var watched: [String: Automation] = [:]
    private var lookUps = AutomationLookUps()

    init(account: Account) { self.account = account }

    /// The ids of the automations whose runs are looked at.
    var ids: Set<String> { Set(watched.keys) }

    func automation(_ id: String) -> Automation? { watched[id] }

    /// The watched ones of the given automations.
    func automations(_ ids: Set<String>) -> [String: Automation] { watched.filter { ids.contains($0.key) } }

    /// Those that the last whole list showed, or that `also:` names. Others may be gone.
    private var listedIDs: Set<String> = []
    /// When that list was asked for; nil before the first one.
    private(set) var readAt: Timestamp?

    var listed: [Automation] {
        listedIDs.union(account.settings.also).compactMap { watched[$0] }
    }

    /// The list of automations was read whole.
    func list(_ ids: Set<String>, at moment: Timestamp) {
        (listedIDs, readAt) = (ids, moment)
        account.expecting.signal()
    }

    /// How an automation is called in a report.
    func called(_ id: String) -> String { watched[id]?.name ?? id }

    /// Takes in the automations that a response shows, as far as they are wanted.
    func take(_ automations: [Automation]) async {
        for automation in automations where isWanted(id: automation.id, name: automation.name) {
            let isNew = watched.updateValue(automation, forKey: automation.id) == nil
            await account.watch(automation)
            if isNew { await account.noteUnlooked(automation.id) }
        }
        account.wakeup.signal()
        account.expecting.signal()
    }

    /// `only` names automations by glob, `also` by id. An automation that fits neither is not polled, and its approvals are not sent.
    nonisolated func isWanted(id: String?, name: String?) -> Bool {
        if let id, account.settings.also.contains(id) { return true }
        return account.settings.only.contains { $0.matches(name ?? "") }
    }

    /// Looks up the automations that the list does not show but that `also:` names, or that a watched run or an open approval belongs to.
    func lookUpUnlisted(besides listed: Set<String>) async throws(LedgerError) {
        var ids = Set(account.settings.also)
        ids.formUnion(try await account.ledger.watchedAutomations(account: account.name))
        ids.formUnion(try await account.ledger.openApprovals(account: account.name).compactMap(\.payload.origin.automationID))
        for id in ids.subtracting(listed).sorted() { await lookUp(id, urgency: .rest) }
    }

    /// Looks up unknown automations, all at once and for at most 5 s, so that no approval waits longer for its risk.
    /// One that is not found is not asked for again before the next list of automations.
    func learn(of ids: Set<String>) async {
        let now = account.clock.now
        let unknown = ids.filter { watched[$0] == nil && lookUps.may($0, at: now) }
        guard !unknown.isEmpty else { return }
        for id in unknown { lookUps.done(id, at: now, again: account.settings.poll.automations) }
        let clock = account.clock
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.lookUp(all: unknown) }
            group.addTask { try? await clock.sleep(for: .seconds(5)) }
            await group.next()
            group.cancelAll()
        }
    }

    func shift(by difference: Duration) { lookUps.shift(by: difference) }

    private func lookUp(all ids: Set<String>) async {
        await withDiscardingTaskGroup { group in
            for id in ids { group.addTask { await self.lookUp(id, urgency: .approvals) } }
        }
    }

    private func lookUp(_ id: String, urgency: RequestBudget.Urgency) async {
        do {
            let automation = try await account.client.automation(id, urgency: urgency)
            account.requested(.automations, .changed)
            await take([automation])
        } catch {
            if error.reason == .cancelled { return }
            account.requested(.automations, failed: error)
            account.metrics.pollFailed(account: account.name, reason: error.reason.rawValue)
            account.logger.debug("automation \(id): \(error.detail)", metadata: ["account": "\(account.name)"])
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
