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

    package init?(_ fields: WireFields) throws(JSONSyntaxError) {
        guard let id = try fields.id("id") else { return nil }
        self.id = id
        name = try fields.text("name")
        status = try fields.text("status")
        triggerType = try fields.text("trigger_type")
        timezone = try fields.text("timezone")
        cronExpression = try fields.text("cron_expression")
        riskProfile = try fields.text("risk_profile")
        createdAt = try fields.moment("created_at")
    }
}
