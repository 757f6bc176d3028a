import Channels
import Dedup
import Logging
import Policy
import RelayCore
import Rendering

/// Reads approvals from the ledger. If the ledger's data is too old, it reads them from RevKeen first.
struct ApprovalReader: ApprovalReading {
    let ledger: Ledger
    let clock: any WallClock
    let metrics: Metrics
    let logger: Logger
    let current: @Sendable () async -> RunningGeneration

    func refresh(_ account: String, within age: Duration) async {
        await current().lookAtApprovals(of: account, ifOlderThan: age)
    }

    func view(of approval: String, account: String, by speaker: Speaker) async throws(LedgerError) -> ApprovalView? {
        guard let row = try await ledger.approval(account: account, id: approval) else { return nil }
        let generation = await current().generation
        let authority = generation.router.authority(over: row, for: speaker)
        let last = try await ledger.lastAnswer(account: account, approval: approval)
        let votes = try await ledger.votes(account: account, approval: approval)
        var view = ApprovalView(
            row: row, answer: last,
            votes: votes.counting(authority.voters), peopleNeeded: authority.peopleNeeded,
            whyNot: authority.refusal(of: speaker),
            facts: facts(of: row, isOver: last?.state == .taken, generation, readBefore: try await ageOfLook(account)),
            people: generation.composer.people)
        view.needsReason = authority.needsReason
        return view
    }

    func reader(at destination: String, mark: String?) async -> Reader {
        let generation = await current().generation
        let people = People(all: generation.configuration.people)
        let somebody = Reader(person: nil, name: "somebody at \(destination)", isRecipient: false)
        guard let mark, let target = generation.destinations.first(where: { $0.name == destination }) else { return somebody }
        if let address = target.recipients.first(where: { !$0.isEmpty && DecisionToken.mark(ofRecipient: $0) == mark }) {
            return Reader(person: people.person(email: address), name: address)
        }
        guard DecisionToken.mark(ofRoom: target.room) == mark, target.recipients.contains("") else { return somebody }
        if case .telegram(let callback)? = target.callback, let id = callback.onlyReader {
            return Reader(person: people.person(id, in: .telegram), name: "telegram \(id)")
        }
        return Reader(person: nil, name: "somebody at \(destination)")
    }

    /// The present state of the approval that a claim is about. If the last look at the account is older than 1.5 times its approval pace,
    /// the account is looked at first.
    ///
    /// - Returns: nil if the claim needs no fresh state, or if the ledger cannot be read. Then the claim's own state is sent, and a refresh
    ///   follows.
    func freshened(_ claim: Claim) async -> ApprovalRow? {
        guard claim.event.kind == .approval || claim.event.kind == .reminder, claim.present?.isOpen == true,
            case .approval(let detail) = claim.event.payload.detail, let account = claim.event.account
        else { return nil }
        let running = await current()
        guard let pace = running.approvalsPace(of: account) else { return nil }
        await running.lookAtApprovals(of: account, ifOlderThan: pace * 1.5)
        do {
            return try await ledger.approval(account: account, id: detail.id)
        } catch {
            logger.error("an approval cannot be read before it is sent: \(error)", metadata: ["approval": "\(detail.id)"])
            return nil
        }
    }

    /// The time since the account's approvals were last read: by this relay, or by the one that leads.
    private func ageOfLook(_ account: String) async throws(LedgerError) -> Duration {
        let feed = Feed.approvals.rawValue, now = clock.now
        if case .leads = ledger.leadership.state {
            return metrics.feedAges(now).first { $0.account == account && $0.feed == feed }?.age ?? .zero
        }
        let read = try await ledger.feeds(account: account).first { $0.name == feed }?.lastReadAt
        return max(.zero, read?.duration(to: now) ?? .zero)
    }

    private func facts(of row: ApprovalRow, isOver: Bool, _ generation: Generation, readBefore age: Duration) -> DecisionFacts {
        let now = clock.now
        let event = Event(
            id: "", account: row.account, kind: .approval, subject: "", priority: row.priority, occurredAt: now, seenAt: now,
            payload: row.payload)
        return DecisionFacts(row, isOver: isOver, link: generation.composer.links.link(for: event), asOf: now - age, now: now)
    }
}
