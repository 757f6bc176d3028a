import RelayCore
package import RelaySupport

/// Changes to the world that happen without an API call.
extension StandInRevKeen {
    package enum Outcome: String, Sendable, CaseIterable { case succeeded, failed, cancelled }

    package func addStep(run: String, name: String, type: String = "tool", output: JSONValue = .null, failed: Bool = false) {
        let step = StepRecord(
            id: chance.uuid(), name: name, type: type, status: failed ? "failed" : "succeeded", output: output,
            milliseconds: chance.number(in: 120...4_800), createdAt: clock.now)
        runs[run]?.steps.append(step)
    }

    /// Finishes a run; does nothing if the run is already finished or unknown.
    ///
    /// - Parameter failedStep: the name of a last step, which failed; nil means no such step.
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

    /// Adds a notification to a run.
    ///
    /// - Parameter priority: the word that RevKeen would use; it documents none.
    /// - Returns: the notification's id.
    @discardableResult
    package func notify(
        run: String, priority: String = "normal", type: String = "info", message: String, payload: JSONValue = .null
    ) -> String {
        let notification = NotificationRecord(
            id: chance.uuid(), type: type, priority: priority, message: message, payload: payload, createdAt: clock.now)
        runs[run]?.notifications.append(notification)
        return notification.id
    }

    /// Requests an approval.
    /// The run waits for it from now on.
    ///
    /// - Returns: the approval's id.
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

    /// Changes a pending approval, which makes its next version.
    package func changeApproval(_ id: String, action: String, actions: JSONValue) {
        guard approvals[id]?.status == "pending" else { return }
        approvals[id]?.action = action
        approvals[id]?.actions = actions
        approvals[id]?.updatedAt = clock.now
    }

    /// Decides an approval as a user does in RevKeen's own dashboard.
    ///
    /// - Parameter by: a user's UUID, if known.
    /// - Returns: false if the approval was already closed or is unknown.
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

    /// Resumes the run if none of its approvals is pending.
    private func resume(_ id: String) {
        guard let run = runs[id], run.completedAt == nil else { return }
        guard run.approvals.allSatisfy({ approvals[$0]?.status != "pending" }) else { return }
        runs[id]?.status = "running"
    }

    /// The unfinished runs whose approvals are all decided, and whether all of them were approved.
    var decidedRuns: [(run: String, approved: Bool)] {
        runs.values.filter { $0.completedAt == nil && !$0.approvals.isEmpty }
            .sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
            .compactMap { run in
                let states = run.approvals.compactMap { approvals[$0]?.status }
                return states.contains("pending") ? nil : (run.id, !states.contains("rejected"))
            }
    }

    /// Deletes the finished runs except the newest `most` of each automation, with their approvals.
    func forgetRuns(keeping most: Int) {
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
