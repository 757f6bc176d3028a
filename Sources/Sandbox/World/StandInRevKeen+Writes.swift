import RelayCore
import RelaySupport

/// The four operations that change data.
extension StandInRevKeen {
    func createAutomation(_ request: WebRequest) -> WebResponse {
        guard let body = try? JSONValue(parsing: request.body), body.object != nil else { return .malformed }
        guard let name = body["name"]?.string, !name.isEmpty else { return .invalid("name", "Required") }
        guard let objective = body["objective"]?.string, !objective.isEmpty else { return .invalid("objective", "Required") }
        let id = addAutomation(
            name: name, risk: body["risk_profile"]?.string ?? "medium", trigger: body["trigger_type"]?.string ?? "manual",
            cron: body["cron_expression"]?.string, zone: body["timezone"]?.string, objective: objective)
        return automations[id].map { .data(detail($0), 201) } ?? .missing("No such automation")
    }

    func queueRun(_ automation: String, _ request: WebRequest) -> WebResponse {
        guard automations[automation] != nil else { return .missing("No such automation") }
        guard let body = optionalBody(request) else { return .malformed }
        let run = newRun(of: automation, trigger: "manual", payload: body["trigger_payload"] ?? .null)
        return .data(
            [
                "id": .string(run), "object": "automation_run", "status": .string(said("queued")),
                "automation_id": .string(automation), "job_id": .string(chance.uuid()),
            ], 202)
    }

    func decideByCall(_ id: String, _ choice: Choice, _ request: WebRequest) -> WebResponse {
        guard let approval = approvals[id] else { return .missing("No such approval request") }
        guard let body = choice == .approve ? [:] : optionalBody(request) else { return .malformed }
        let reason = body["reason"]?.string
        guard decide(id, approved: choice == .approve, reason: reason) else {
            return .conflict("conflict", "This approval request is already \(said(approval.status))")
        }
        decisions.append(EffectiveDecision(approval: id, choice: choice, key: request.header("idempotency-key"), reason: reason))
        let status = approvals[id]?.status ?? ""
        return .data(["approval_id": .string(id), "run_id": .string(approval.run), "status": .string(said(status))])
    }

    /// The request's JSON object; an empty object if there is no body, nil if the body is not a JSON object.
    private func optionalBody(_ request: WebRequest) -> JSONValue? {
        if request.body.isEmpty { return [:] }
        guard let body = try? JSONValue(parsing: request.body), body.object != nil else { return nil }
        return body
    }
}
