import RelayCore
package import RelaySupport

/// A saved automation.
/// `system_prompt` and the policies are not read, because no message shows them.
/// Source: https://docs.revkeen.com/docs/api-reference/automations_get
package struct Automation: WireItem, Equatable {
    package var id: String
    package var name: String?
    package var status: String?
    package var triggerType: String?
    /// The time zone, presumably an IANA name.
    package var timezone: String?
    package var cronExpression: String?
    package var riskProfile: String?
    package var createdAt: MomentText?

    package init(id: String) { self.id = id }

    package init?(json: JSONValue) {
        guard let id = json.id("id") else { return nil }
        self.id = id
        name = json.text("name")
        status = json.text("status")
        triggerType = json.text("trigger_type")
        timezone = json.text("timezone")
        cronExpression = json.text("cron_expression")
        riskProfile = json.text("risk_profile")
        createdAt = json.moment("created_at")
    }
}
