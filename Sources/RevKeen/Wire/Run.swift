import RelayCore
package import RelaySupport

/// A run, from a list or from its detail; `automation` exists only in the detail.
/// Source: https://docs.revkeen.com/docs/api-reference/automations_runs_get
package struct Run: WireItem, Equatable {
    package var id: String
    package var automationID: String?
    package var automationName: String?
    package var status: String?
    package var triggerSource: String?
    package var summary: String?
    package var errorMessage: String?
    package var createdAt: MomentText?
    package var startedAt: MomentText?
    /// Set if and only if the run is finished.
    package var completedAt: MomentText?

    package var automation: Owner?

    /// The automation as a run's detail describes it.
    /// Only here does a run have a risk profile.
    package struct Owner: Sendable, Equatable {
        package var id: String?
        package var name: String?
        package var riskProfile: String?

        package init(id: String? = nil, name: String? = nil, riskProfile: String? = nil) {
            self.id = id
            self.name = name
            self.riskProfile = riskProfile
        }
    }

    package init(id: String) { self.id = id }

    package init?(_ fields: WireFields) throws(JSONSyntaxError) {
        guard let id = try fields.id("id") else { return nil }
        self.id = id
        automation = try fields.object("automation").map { (fields) throws(JSONSyntaxError) in try Owner(fields) }
        automationID = try fields.id("automation_id") ?? automation?.id
        automationName = try fields.text("automation_name") ?? automation?.name
        status = try fields.text("status")
        triggerSource = try fields.text("trigger_source")
        summary = try fields.text("summary")
        errorMessage = try fields.text("error_message")
        createdAt = try fields.moment("created_at")
        startedAt = try fields.moment("started_at")
        completedAt = try fields.moment("completed_at")
    }
}

extension Run.Owner {
    fileprivate init(_ fields: WireFields) throws(JSONSyntaxError) {
        id = try fields.id("id")
        name = try fields.text("name")
        riskProfile = try fields.text("risk_profile")
    }
}
