package import RelayCore

/// What happens in the world without anyone calling the API.
extension StandInRevKeen {
    package enum Outcome: String, Sendable, CaseIterable { case succeeded, failed, cancelled }

    package func addStep(run: String, name: String, type: String = "tool", output: JSONValue = .null, failed: Bool = false) {
        let step = StepRecord(
            id: chance.uuid(), name: name, type: type, status: failed ? "failed" : "succeeded", output: output,
            milliseconds: chance.number(in: 120...4_800), createdAt: clock.now)
        runs[run]?.steps.append(step)
    }

    /// Nothing, if the run is finished already or not known.
    /// - Parameter failedStep: the name of a last step, which failed.
    package func finishRun(
        _ id: String, outcome: Outcome, error: String? = nil, summary: String? = nil, failedStep: String? = nil
    ) {
        guard let run = runs[id], run.completedAt == nil else { return }
        if let failedStep { addStep(run: id, name: failedStep, failed: true) }
        runs[id]?.status = outcome.rawValue
        runs[id]?.startedAt = run.startedAt ?? clock.now
        runs[id]?.completedAt = clock.now
        runs[id]?.error = error
        runs[id]?.summary = summary
    }

    /// - Parameter priority: as RevKeen would say it; no words are documented.
    /// - Returns: the id.
    @discardableResult
    package func notify(
        run: String, priority: String = "normal", type: String = "info", message: String, payload: JSONValue = .null
    ) -> String {
        let notification = NotificationRecord(
            id: chance.uuid(), type: type, priority: priority, message: message, payload: payload, createdAt: clock.now)
        runs[run]?.notifications.append(notification)
        return notification.id
    }

    /// The run waits from now on.
    /// - Returns: the id.
    @discardableResult
    package func requestApproval(run: String, action: String, actions: JSONValue = .null) -> String {
        let approval = ApprovalRecord(
            id: chance.uuid(), run: run, action: action, actions: actions, createdAt: clock.now, updatedAt: clock.now)
        approvals[approval.id] = approval
        approvalOrder.append(approval.id)
        runs[run]?.approvals.append(approval.id)
        runs[run]?.status = "waiting_for_approval"
        return approval.id
    }

    /// What is asked for changes while it is open: its next version.
    package func changeApproval(_ id: String, action: String, actions: JSONValue) {
        guard approvals[id]?.status == "pending" else { return }
        approvals[id]?.action = action
        approvals[id]?.actions = actions
        approvals[id]?.updatedAt = clock.now
    }

    /// Somebody decides in RevKeen's own dashboard.
    /// - Parameter by: a user's UUID, where it is known.
    /// - Returns: false if it was closed already, or is not known.
    @discardableResult
    package func decide(_ approval: String, approved: Bool, by user: String? = nil, reason: String? = nil) -> Bool {
        guard let record = approvals[approval], record.status == "pending" else { return false }
        approvals[approval]?.status = approved ? "approved" : "rejected"
        approvals[approval]?.decidedBy = user
        approvals[approval]?.decidedAt = clock.now
        approvals[approval]?.reason = approved ? nil : reason
        approvals[approval]?.updatedAt = clock.now
        resume(record.run)
        return true
    }

    /// The run goes on when nothing is left to be decided.
    private func resume(_ id: String) {
        guard let run = runs[id], run.completedAt == nil else { return }
        guard run.approvals.allSatisfy({ approvals[$0]?.status != "pending" }) else { return }
        runs[id]?.status = "running"
    }

    /// Unfinished runs whose approvals were all decided, with whether all of them were approved.
    package var decidedRuns: [(run: String, approved: Bool)] {
        runs.values.filter { $0.completedAt == nil && !$0.approvals.isEmpty }
            .sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
            .compactMap { run in
                let states = run.approvals.compactMap { approvals[$0]?.status }
                return states.contains("pending") ? nil : (run.id, !states.contains("rejected"))
            }
    }

    /// Finished runs but the newest `most` of each automation are dropped, with what hangs on them.
    package func forgetRuns(keeping most: Int) {
        for (id, automation) in automations where automation.runs.count > most {
            let old = automation.runs.dropLast(most).filter { runs[$0]?.completedAt != nil }
            let gone = Set(old)
            let closed = Set(old.flatMap { runs[$0]?.approvals ?? [] })
            automations[id]?.runs.removeAll { gone.contains($0) }
            approvalOrder.removeAll { closed.contains($0) }
            for run in gone { runs[run] = nil }
            for approval in closed { approvals[approval] = nil }
        }
    }
}
