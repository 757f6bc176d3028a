import RelayCore
package import RelaySupport

/// An approval request, from the list or from a run's detail.
/// Source: https://docs.revkeen.com/docs/api-reference/automations_approvals_list
package struct Approval: WireItem, Equatable {
    package var id: String
    package var runID: String?
    package var automationID: String?
    package var automationName: String?
    package var runStatus: String?
    package var triggerSource: String?
    package var status: String?
    /// The text that describes the action to people.
    package var actionSummary: String?
    package var actions: JSONValue? {
        get { packed?.value }
        set { packed = newValue.map { PackedJSON($0) } }
    }
    package private(set) var packed: PackedJSON?
    /// The shown members of which only the beginning is here, by name.
    package private(set) var cut: [String: CutPart] = [:]
    /// The id of a RevKeen user.
    /// It may also be set on rejected requests.
    package var approvedByUserID: String?
    package var approvedAt: MomentText?
    /// The reason of a rejection; optional even on a rejected request.
    package var rejectionReason: String?
    package var createdAt: MomentText?
    package var updatedAt: MomentText?

    package init(id: String) { self.id = id }

    package init?(_ fields: WireFields) throws(JSONSyntaxError) {
        guard let id = try fields.id("id") else { return nil }
        self.id = id
        runID = try fields.id("run_id")
        automationID = try fields.id("automation_id")
        automationName = try fields.text("automation_name")
        runStatus = try fields.text("run_status")
        triggerSource = try fields.text("trigger_source")
        status = try fields.text("status")
        actionSummary = try fields.text("action_summary")
        packed = try fields.json("actions_json").map { PackedJSON($0) }
        approvedByUserID = try fields.text("approved_by_user_id")
        approvedAt = try fields.moment("approved_at")
        rejectionReason = try fields.text("rejection_reason")
        createdAt = try fields.moment("created_at")
        updatedAt = try fields.moment("updated_at")
    }

    package mutating func take(_ cut: [String: CutPart]) {
        self.cut = cut.filter { ["action_summary", "actions_json", "rejection_reason"].contains($0.key) }
    }

    /// This approval with the fields that a run's detail omits from its approvals, taken from the run and its automation.
    package func filled(from run: Run) -> Approval {
        var filled = self
        filled.runID = runID ?? run.id
        filled.automationID = automationID ?? run.automationID
        filled.automationName = automationName ?? run.automationName
        filled.runStatus = runStatus ?? run.status
        filled.triggerSource = triggerSource ?? run.triggerSource
        return filled
    }
}
