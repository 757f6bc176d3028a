import RevKeen

/// The configuration in force, with the clients and pollers that were made from it. Whoever keeps one sees no reload: it is asked for anew
/// each time.
struct RunningGeneration: Sendable {
    var generation: Generation
    /// By account.
    var clients: [String: RevKeenClient]
    var pollers: [AccountPoller]

    /// Looks at the approvals of an account now, unless the last good look is not older than `age`. It returns after a few seconds even if
    /// RevKeen does not respond.
    func lookAtApprovals(of account: String, ifOlderThan age: Duration) async {
        for poller in pollers where await poller.name == account { await poller.lookAtApprovals(ifOlderThan: age) }
    }
}
