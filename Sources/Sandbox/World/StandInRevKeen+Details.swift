import RelayCore
import RelaySupport

/// Converts records to the JSON of the API.
extension StandInRevKeen {
    func summary(_ automation: AutomationRecord) -> JSONValue {
        [
            "id": .string(automation.id), "object": "automation", "name": .string(automation.name),
            "description": .string(automation.objective), "status": .string(said(automation.status)),
            "trigger_type": .string(automation.trigger), "timezone": .text(automation.zone),
            "cron_expression": .text(automation.cron), "risk_profile": .string(automation.risk), "current_version": 1,
            "objective": .string(automation.objective), "created_at": time(automation.createdAt),
            "updated_at": time(automation.createdAt),
        ]
    }

    func detail(_ automation: AutomationRecord) -> JSONValue {
        summary(automation).with([
            "system_prompt": "You are a careful assistant.", "trigger_config": .null, "plan": .null, "tool_allowlist": .null,
            "approval_policy": .null, "memory_policy": .null, "notification_policy": .null, "source_thread_id": .null,
            "source_message_id": .null,
        ])
    }

    func summary(_ run: RunRecord) -> JSONValue {
        [
            "id": .string(run.id), "object": "automation_run", "automation_id": .string(run.automation),
            "automation_name": .text(automations[run.automation]?.name), "status": .string(said(run.status)),
            "trigger_source": .string(run.trigger), "summary": .text(run.summary), "error_message": .text(run.error),
            "created_at": time(run.createdAt), "started_at": time(run.startedAt), "completed_at": time(run.completedAt),
        ]
    }

    func runDetail(_ automation: String, _ id: String) -> WebResponse {
        guard let owner = automations[automation], let run = runs[id], run.automation == automation else {
            return .missing("No such run")
        }
        return .data(
            summary(run).with([
                "automation_version_id": .string(owner.versionID), "thread_id": .string(run.threadID),
                "trigger_payload": run.payload,
                "version": ["id": .string(owner.versionID), "version": 1, "objective": .string(owner.objective)],
                "automation": [
                    "id": .string(owner.id), "name": .string(owner.name), "status": .string(said(owner.status)),
                    "trigger_type": .string(owner.trigger), "risk_profile": .string(owner.risk),
                ],
                "steps": .array(run.steps.enumerated().map { step($1, index: $0) }),
                "approvals": .array(run.approvals.compactMap { approvals[$0].map(inDetail) }),
                "notifications": .array(run.notifications.map(notification)),
            ]))
    }

    /// An approval as in a run's detail, without what the surrounding run already says.
    private func inDetail(_ approval: ApprovalRecord) -> JSONValue {
        [
            "id": .string(approval.id), "status": .string(said(approval.status)), "action_summary": .string(approval.action),
            "actions_json": approval.actions, "approved_by_user_id": .text(approval.decidedBy),
            // A rejected request has no `approved_at`, because no documentation says that it has one.
            "approved_at": approval.status == "approved" ? time(approval.decidedAt) : .null,
            "rejection_reason": .text(approval.reason), "created_at": time(approval.createdAt),
            "updated_at": time(approval.updatedAt),
        ]
    }

    func listed(_ approval: ApprovalRecord) -> JSONValue {
        let run = runs[approval.run]
        return inDetail(approval).with([
            "object": "automation_approval", "run_id": .string(approval.run), "automation_id": .text(run?.automation),
            "automation_name": .text(run.flatMap { automations[$0.automation]?.name }), "run_status": .text(run.map { said($0.status) }),
            "trigger_source": .text(run?.trigger),
        ])
    }

    private func step(_ step: StepRecord, index: Int) -> JSONValue {
        [
            "id": .string(step.id), "step_index": .int(index), "step_type": .string(step.type), "name": .string(step.name),
            "status": .string(said(step.status)), "input_json": step.input, "output_json": step.output,
            "duration_ms": .int(step.milliseconds), "created_at": time(step.createdAt),
        ]
    }

    private func notification(_ notification: NotificationRecord) -> JSONValue {
        [
            "id": .string(notification.id), "type": .string(notification.type), "priority": .string(notification.priority),
            "message": .string(notification.message), "payload_json": notification.payload, "delivered_at": .null,
            "created_at": time(notification.createdAt),
        ]
    }

    private func time(_ time: Timestamp?) -> JSONValue {
        guard let time else { return .null }
        return switch faults.timeFormat {
        case .iso8601: .string(time.iso8601Milliseconds)
        case .withoutZone: .string(String(time.description.dropLast()))
        case .unixSeconds: .int(time.seconds)
        case .unixMilliseconds: .int(time.milliseconds)
        }
    }
}

extension JSONValue {
    /// The object with added members.
    fileprivate func with(_ members: [String: JSONValue]) -> JSONValue {
        .object((object ?? [:]).merging(members) { $1 })
    }
}
