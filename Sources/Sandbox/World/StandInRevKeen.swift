package import RelayCore
package import RelaySupport

/// A stand-in for RevKeen's automations, with its API.
///
/// A test should not rely on what the documentation leaves open. So by default lists are shuffled, `offset` is ignored, and status words
/// are only the usual ones. Times come from the clock; ids are the same for the same seed.
/// Source: https://docs.revkeen.com/docs/api-reference/automations_runs_get and the pages beside it.
package actor StandInRevKeen {
    package let clock: any WallClock
    package private(set) var faults = Faults()
    package internal(set) var requestLog = RequestLog()
    /// The decisions, in the order in which they took effect.
    package internal(set) var decisions: [EffectiveDecision] = []

    var chance: Chance
    var automations: [String: AutomationRecord] = [:]
    var runs: [String: RunRecord] = [:]
    var approvals: [String: ApprovalRecord] = [:]
    /// The ids of the automations, oldest first.
    var automationOrder: [String] = []
    var approvalOrder: [String] = []
    var stored = StoredResponses()
    var window = RateWindow()

    package init(clock: any WallClock, seed: UInt64) {
        self.clock = clock
        chance = Chance(seed: seed)
    }

    package func arrange(_ change: @Sendable (inout Faults) -> Void) { change(&faults) }

    /// Adds an automation.
    ///
    /// - Returns: the automation's id.
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

    /// Changes the status or the schedule of an automation. Nil leaves it as it is.
    package func changeAutomation(_ id: String, status: String? = nil, cron: String? = nil, zone: String? = nil) {
        if let status { automations[id]?.status = status }
        if let cron { automations[id]?.cron = cron }
        if let zone { automations[id]?.zone = zone }
    }

    /// Removes an automation and hides its runs.
    /// Its approvals stay in the list of approvals.
    package func removeAutomation(_ id: String) {
        automations[id] = nil
        automationOrder.removeAll { $0 == id }
    }

    /// Starts a run, which is running from now on.
    ///
    /// - Returns: the run's id.
    @discardableResult
    package func startRun(of automation: String, trigger: String = "schedule", payload: JSONValue = .null) -> String {
        let run = newRun(of: automation, trigger: trigger, payload: payload)
        beginRun(run)
        return run
    }

    /// Adds a queued run, and returns its id.
    func newRun(of automation: String, trigger: String, payload: JSONValue) -> String {
        let run = RunRecord(
            id: chance.uuid(), automation: automation, status: "queued", trigger: trigger, payload: payload,
            threadID: chance.uuid(), createdAt: clock.now)
        runs[run.id] = run
        automations[automation]?.runs.append(run.id)
        return run.id
    }

    /// Starts a queued run.
    func beginRun(_ id: String) {
        guard runs[id]?.startedAt == nil else { return }
        runs[id]?.status = "running"
        runs[id]?.startedAt = clock.now
    }
}
