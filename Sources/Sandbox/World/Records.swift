import RelayCore
import RelaySupport

/// An automation as the stand-in stores it.
struct AutomationRecord: Sendable {
    var id: String
    var name: String
    var risk: String
    var trigger: String
    var cron: String?
    var zone: String?
    var objective: String
    var status = "active"
    var versionID: String
    var createdAt: Timestamp
    /// The ids of the runs, oldest first.
    var runs: [String] = []
}

struct RunRecord: Sendable {
    var id: String
    var automation: String
    var status: String
    var trigger: String
    var payload: JSONValue = .null
    var threadID: String
    var summary: String?
    var error: String?
    var createdAt: Timestamp
    var startedAt: Timestamp?
    var completedAt: Timestamp?
    var steps: [StepRecord] = []
    var approvals: [String] = []
    var notifications: [NotificationRecord] = []
}

struct StepRecord: Sendable {
    var id: String
    var name: String
    var type: String
    var status: String
    var input: JSONValue = .null
    var output: JSONValue = .null
    var milliseconds: Int
    var createdAt: Timestamp
}

struct ApprovalRecord: Sendable {
    var id: String
    var run: String
    var status = "pending"
    var action: String
    var actions: JSONValue
    var decidedBy: String?
    var decidedAt: Timestamp?
    var reason: String?
    var createdAt: Timestamp
    var updatedAt: Timestamp
}

struct NotificationRecord: Sendable {
    var id: String
    var type: String
    var priority: String
    var message: String
    var payload: JSONValue
    var createdAt: Timestamp
}
