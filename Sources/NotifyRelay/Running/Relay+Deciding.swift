import Channels
import Dedup
import RelayCore
import RelaySupport
import Rendering

/// What the ways of deciding need of the whole.
extension Relay {
    var desk: DecisionDesk {
        DecisionDesk(
            ledger: ledger, clients: clients, clock: clock, words: generation.configuration.statusVocabulary, router: generation.router,
            refreshing: generation.refreshing)
    }

    var people: People { People(all: generation.configuration.people) }

    /// What somebody says; what came of it is looked at soon, so that messages show it.
    func hear(_ saying: Saying, cursor: PollCursor? = nil) async throws -> DecisionDesk.Reply {
        try await finish(try await desk.write(saying, cursor: cursor), at: saying.account)
    }

    /// Tells RevKeen what was written down.
    func finish(_ heard: DecisionDesk.Heard, at account: String) async throws -> DecisionDesk.Reply {
        let reply = try await desk.finish(heard)
        guard case .heard(let outcome) = reply else { return reply }
        if outcome.kind == .waiting { laneRegistry.wake(generation.refreshing) } else { lookSoon(at: account) }
        return reply
    }

    /// An approval as last seen, after a look at RevKeen if the last one is older than `age`; as it was, if RevKeen does not answer within
    /// a few seconds. Nil: nothing is known of it.
    func approval(_ account: String, _ id: String, within age: Duration) async -> ApprovalRow? {
        await lookAtApprovals(of: account, ifOlderThan: age)
        return try? await ledger.approval(account: account, id: id)
    }

    /// Who reads what was sent to a destination: somebody, if it went to them alone.
    ///
    /// - Parameter mark: of the one recipient; nil where a room reads it.
    func reader(at destination: String, mark: String?) -> (person: String?, name: String) {
        let target = generation.destinations.first { $0.name == destination }
        if let mark {
            guard let address = target?.recipients.first(where: { DecisionToken.mark(ofRecipient: $0) == mark }) else {
                return (nil, "somebody at \(destination)")
            }
            return (people.person(email: address), address)
        }
        if case .telegram(let callback)? = target?.callback, let id = callback.onlyReader {
            return (people.person(id, in: .telegram), "telegram \(id)")
        }
        return (nil, "somebody at \(destination)")
    }

    /// What one decides on.
    func facts(of row: ApprovalRow, now: Timestamp) async -> DecisionPage.Facts {
        let origin = row.payload.origin, detail = row.detail
        var facts = DecisionPage.Facts(action: detail?.action ?? "no summary", lines: detail?.actions.map(ReadableJSON.lines) ?? [])
        facts.isStaging = origin.staging
        let end = row.isOpen ? now : detail?.decidedAt ?? now
        let rows: [(String, String?)] = [
            ("Automation", origin.automation ?? origin.automationID), ("Risk", origin.risk), ("Run", origin.runStatus),
            ("Triggered by", origin.trigger), (row.isOpen ? "Waiting" : "Waited", detail?.createdAt.map { $0.duration(to: end).spoken }),
            ("Account", row.account),
        ]
        facts.rows = rows.compactMap { name, value in value.map { (name, $0.oneLine(most: 300)) } }
        facts.link = generation.composer.links.link(
            for: Event(
                id: "", account: row.account, kind: .approval, subject: "", priority: row.priority, occurredAt: now, seenAt: now,
                payload: row.payload))
        let read = metrics.feedAges(now).first { $0.account == row.account && $0.feed == AccountPoller.Feed.approvals.rawValue }
        facts.asOf = (now - (read?.age ?? .zero)).description
        return facts
    }

    /// A claim that asks for a decision is not sent on old news: if the approvals were not read since it could have been decided, they are
    /// read first. Nil: what is known is new enough.
    func freshened(_ claim: Claim) async -> ApprovalRow? {
        guard claim.event.kind == .approval || claim.event.kind == .reminder, claim.present?.isOpen == true,
            case .approval(let detail) = claim.event.payload.detail, let account = claim.event.account,
            let pace = generation.configuration.accounts.first(where: { $0.name == account })?.poll.approvals
        else { return nil }
        return await approval(account, detail.id, within: pace * 1.5)
    }

    private func lookSoon(at account: String) {
        // Not a child of whoever was heard: they have their answer, and nothing waits for this.
        Task { await lookAtApprovals(of: account, ifOlderThan: .zero) }
    }

    private func lookAtApprovals(of account: String, ifOlderThan age: Duration) async {
        for poller in pollers where await poller.name == account { await poller.lookAtApprovals(ifOlderThan: age) }
    }
}
