package import RelayCore

/// A world that looks like RevKeen's automations, and the API in front of it.
///
/// Whatever the documentation leaves open is what a test should not rely on, so by default lists are shuffled, `offset` is ignored
/// and status words are only the usual ones. Times are the clock's; ids are the same for the same seed.
/// Source: https://docs.revkeen.com/docs/api-reference/automations_runs_get and the pages beside it.
package actor StandInRevKeen {
    package let clock: any WallClock
    package private(set) var faults = Faults()
    package internal(set) var requestLog = RequestLog()
    /// In the order in which they took effect.
    package internal(set) var decisions: [EffectiveDecision] = []

    var chance: Chance
    var automations: [String: AutomationRecord] = [:]
    var runs: [String: RunRecord] = [:]
    var approvals: [String: ApprovalRecord] = [:]
    /// Oldest first.
    var automationOrder: [String] = []
    var approvalOrder: [String] = []
    var stored = StoredResponses()
    var window = RateWindow()

    package init(clock: any WallClock, seed: UInt64) {
        self.clock = clock
        chance = Chance(seed: seed)
    }

    package func setFaults(_ faults: Faults) { self.faults = faults }

    package func arrange(_ change: @Sendable (inout Faults) -> Void) { change(&faults) }

    /// - Returns: the id.
    @discardableResult
    package func addAutomation(
        name: String, risk: String = "medium", trigger: String = "schedule", cron: String? = nil, zone: String? = nil,
        objective: String? = nil
    ) -> String {
        let record = AutomationRecord(
            id: chance.uuid(), name: name, risk: risk, trigger: trigger, cron: cron, zone: zone,
            objective: objective ?? "Take care of \(name)", versionID: chance.uuid(), createdAt: clock.now)
        automations[record.id] = record
        automationOrder.append(record.id)
        return record.id
    }

    /// It vanishes with its runs; its approvals stay in their list.
    package func removeAutomation(_ id: String) {
        automations[id] = nil
        automationOrder.removeAll { $0 == id }
    }

    /// A run that is under way.
    /// - Returns: the id.
    @discardableResult
    package func startRun(of automation: String, trigger: String = "schedule", payload: JSONValue = .null) -> String {
        let run = newRun(of: automation, trigger: trigger, payload: payload)
        beginRun(run)
        return run
    }

    /// A run that waits for its turn.
    func newRun(of automation: String, trigger: String, payload: JSONValue) -> String {
        let run = RunRecord(
            id: chance.uuid(), automation: automation, status: "queued", trigger: trigger, payload: payload,
            threadID: chance.uuid(), createdAt: clock.now)
        runs[run.id] = run
        automations[automation]?.runs.append(run.id)
        return run.id
    }

    /// A run that waited for its turn is now under way.
    package func beginRun(_ id: String) {
        guard runs[id]?.startedAt == nil else { return }
        runs[id]?.status = "running"
        runs[id]?.startedAt = clock.now
    }
}
