/// The automations of the demo's account.
struct Cast: Sendable {
    let dunning: String
    let payouts: String
    let refunds: String
    let fraud: String
    let digest: String
    let backup: String

    /// The id of the user who decides in the dashboard.
    static let user = "5f0c3a52-7c1e-4a0b-9a54-2f2f0a8a4d11"

    init(joining world: StandInRevKeen) async {
        dunning = await world.addAutomation(
            name: "Payment reminders", risk: "low", cron: "*/15 8-18 * * 1-5", zone: "Europe/London",
            objective: "Remind customers of invoices that are overdue")
        payouts = await world.addAutomation(
            name: "Payout reconciliation", risk: "medium", cron: "0 6 * * *", zone: "Europe/Berlin",
            objective: "Match bank transfers with the ledger")
        refunds = await world.addAutomation(
            name: "Refund desk", risk: "high", trigger: "event", objective: "Prepare refunds and ask before money moves")
        fraud = await world.addAutomation(
            name: "Fraud watch", risk: "high", trigger: "event", objective: "Notice unusual payment attempts")
        digest = await world.addAutomation(
            name: "Usage digest", risk: "low", cron: "0 7 1 * *", zone: "UTC", objective: "Write the monthly usage report")
        backup = await world.addAutomation(
            name: "Ledger backup", risk: "low", cron: "* * * * *", zone: "UTC", objective: "Copy the ledger each minute")
    }
}
