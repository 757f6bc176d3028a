import RevKeen

/// The configuration in force, with the clients and pollers that were made from it. A kept value does not change at a reload, so callers
/// must ask for it anew each time.
struct RunningGeneration: Sendable {
    var generation: Generation
    /// The clients by account name.
    var clients: [String: RevKeenClient]
    var pollers: [AccountPoller]

    /// The time between two looks at the approvals of an account; nil if there is no such account.
    func approvalsPace(of account: String) -> Duration? {
        let settings = generation.configuration.accounts.first { $0.name == account }
        return settings?.poll.approvalsPace(budget: clients[account]?.budget.perMinute)
    }

    /// Looks at the approvals of an account now, unless the last good look is not older than `age`. It returns after a few seconds even if
    /// RevKeen does not respond.
    func lookAtApprovals(of account: String, ifOlderThan age: Duration) async {
        for poller in pollers where poller.name == account { await poller.lookAtApprovals(ifOlderThan: age) }
    }
}
