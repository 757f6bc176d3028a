import RelayCore

/// A run that succeeded or failed. Cancelled runs are left out, because they say nothing about their automation.
struct FinishedRun {
    private let automation: AutomationKey
    private let failed: Bool
    private let at: Timestamp

    init?(_ event: Event) {
        guard case .run(let detail) = event.payload.detail, detail.outcome != .cancelled, let automation = AutomationKey(event)
        else { return nil }
        self.automation = automation
        failed = detail.outcome == .failed
        at = event.occurredAt
    }

    func insert(event: Int64, _ db: SQLSession) throws {
        try db.post(
            "INSERT INTO finished (event, account, automation, failed, at) VALUES (?, ?, ?, ?, ?)", event, automation.account,
            automation.automation, failed, at.milliseconds)
    }
}
