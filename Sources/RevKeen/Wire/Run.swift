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

    package init?(json: JSONValue) {
        guard let id = json.id("id") else { return nil }
        self.id = id
        automation = json["automation"].flatMap(Owner.init(json:))
        automationID = json.id("automation_id") ?? automation?.id
        automationName = json.text("automation_name") ?? automation?.name
        status = json.text("status")
        triggerSource = json.text("trigger_source")
        summary = json.text("summary")
        errorMessage = json.text("error_message")
        createdAt = json.moment("created_at")
        startedAt = json.moment("started_at")
        completedAt = json.moment("completed_at")
    }
}

extension Run.Owner {
    fileprivate init?(json: JSONValue) {
        guard json.object != nil else { return nil }
        id = json.id("id")
        name = json.text("name")
        riskProfile = json.text("risk_profile")
    }
}
