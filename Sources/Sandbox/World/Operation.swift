/// The nine known operations of RevKeen's automations API.
package enum Operation: Hashable, Sendable {
    case listAutomations, createAutomation
    case automation(String)
    case listRuns(automation: String), startRun(automation: String)
    case run(automation: String, run: String)
    case listApprovals
    case approve(String), reject(String)

    /// RevKeen's name for the operation, such as `automations_runs_get`.
    package var name: String {
        switch self {
        case .listAutomations: "automations_list"
        case .createAutomation: "automations_create"
        case .automation: "automations_get"
        case .listRuns: "automations_runs_list"
        case .startRun: "automations_run"
        case .run: "automations_runs_get"
        case .listApprovals: "automations_approvals_list"
        case .approve: "automations_approve"
        case .reject: "automations_reject"
        }
    }

    /// Returns nil for an unknown path.
    /// The segment `approvals` is matched before any id.
    init?(_ request: WebRequest) {
        guard request.segments.first == "automations" else { return nil }
        let rest = Array(request.segments.dropFirst())
        switch (request.method, rest.count) {
        case ("GET", 0): self = .listAutomations
        case ("POST", 0): self = .createAutomation
        case ("GET", 1): self = rest[0] == "approvals" ? .listApprovals : .automation(rest[0])
        case ("GET", 2) where rest[1] == "runs": self = .listRuns(automation: rest[0])
        case ("POST", 2) where rest[1] == "runs": self = .startRun(automation: rest[0])
        case ("POST", 3) where rest[0] == "approvals" && rest[2] == "approve": self = .approve(rest[1])
        case ("POST", 3) where rest[0] == "approvals" && rest[2] == "reject": self = .reject(rest[1])
        case ("GET", 3) where rest[1] == "runs": self = .run(automation: rest[0], run: rest[2])
        default: return nil
        }
    }

    var writes: Bool {
        switch self {
        case .createAutomation, .startRun, .approve, .reject: true
        case .listAutomations, .automation, .listRuns, .run, .listApprovals: false
        }
    }

    var queryNames: Set<String> {
        switch self {
        case .listAutomations, .listRuns, .listApprovals: ["status", "limit"]
        case .createAutomation, .automation, .startRun, .run, .approve, .reject: []
        }
    }
}
