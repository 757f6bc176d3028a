import Dedup
import Logging
import RelayCore
import RevKeen

/// The feed `approvals`: one request shows the whole account's open and decided requests.
extension AccountPoller {
    func lookAtApprovals() async throws {
        let listing = try await client.approvals()
        try await begin(at: listing.date)
        var items = try await allPages(listing) { try await self.client.approvals(offset: $0) }
        if listing.isFull {
            let known = Set(items.map(\.id))
            // An unknown filter word may be refused or bring nothing: the unfiltered list stands either way.
            if let pending = try? await client.approvals(status: "pending") { items += pending.items.filter { !known.contains($0.id) } }
        }
        let isFirst = !firstLookDone.contains(.approvals)
        let new = try await see(items, isFirstLook: isFirst)
        await judgeSaturation(listing, allNew: new == items.count, isFirst: isFirst)
        if !listing.isFull || !items.isEmpty { await lookForAbsent(items) }
        await saySilenced()
    }

    /// Stores, admits or ignores what a list or a run's detail shows of approvals. Returns how many had never been seen.
    @discardableResult
    func see(_ approvals: [Approval], isFirstLook: Bool, runIsFinished: Bool = false) async throws -> Int {
        var sightings: [Sighting] = []
        var quiet: [ApprovalRow] = []
        var new = 0
        for approval in approvals where isWanted(id: approval.automationID, name: approval.automationName) {
            let known = try await ledger.approval(account: name, id: approval.id)
            if known == nil { new += 1 }
            let risk = try await riskIfNeeded(approval, known: known)
            switch change(approval, known: known, risk: risk, isFirstLook: isFirstLook, runIsFinished: runIsFinished) {
            case .nothing: break
            case .row(let row): quiet.append(row)
            case .tell(let sighting): sightings.append(sighting)
            }
        }
        try await admitter.admit(sightings)
        if !quiet.isEmpty { try await ledger.store(quiet) }
        return new
    }

    private func riskIfNeeded(_ approval: Approval, known: ApprovalRow?) async throws -> String? {
        if let known { return watched[approval.automationID ?? ""]?.automation.riskProfile ?? known.payload.origin.risk }
        return await risk(of: approval.automationID)
    }

    private enum Change {
        case nothing
        case row(ApprovalRow)
        case tell(Sighting)
    }

    /// What a look at one approval means, against what was last seen of it (design §4, table of event ids).
    private func change(
        _ approval: Approval, known: ApprovalRow?, risk: String?, isFirstLook: Bool, runIsFinished: Bool
    ) -> Change {
        let now = clock.now
        var (state, unknownWord) = maker.words.state(of: approval)
        note(unknown: unknownWord, of: "an approval")
        // Its run is over while it still says pending: closed, with an outcome that cannot be read.
        if state == .open && runIsFinished { state = .closed }
        let wasOpen = known.map(\.isOpen) ?? false
        let version = (known?.version ?? 0) + 1
        let next = maker.row(
            approval, state: state, version: version, risk: risk, seenOpen: wasOpen || state == .open || known?.seenOpen ?? false, now: now)
        guard let known else {
            let event = maker.event(of: next, now: now)
            // One that was never seen open is remembered and not told.
            let telling: Sighting.Telling = state == .open ? .routed : .silent
            if state != .open && isFirstLook { silenced += 1 }
            return .tell(Sighting(event, approval: next, telling: telling))
        }
        let same = known.shownHash == next.shownHash
        guard !same, wasOpen || state == .open else {
            var row = next
            row.version = known.version
            row.setVersion(known.version)
            return row.sameAsShown(known) ? .nothing : .row(row)
        }
        let event = maker.event(of: next, now: now)
        return .tell(Sighting(event, approval: next, telling: state == .open ? .following : .followingAndRouted))
    }

    /// What is absent from a list is not thereby closed: its run's detail says what became of it.
    private func lookForAbsent(_ listed: [Approval]) async {
        let present = Set(listed.map(\.id))
        guard let open = try? await ledger.openApprovals(account: name) else { return }
        for row in open where !present.contains(row.id) {
            let last = absentLookedAt[row.id] ?? .distantPast
            guard last + .seconds(30) <= clock.now, let run = row.payload.origin.runID,
                let automation = row.payload.origin.automationID
            else { continue }
            absentLookedAt[row.id] = clock.now
            do {
                let answer = try await client.run(run, of: automation)
                try await closeIfGone(row, in: answer)
            } catch {
                // A 404 or a failed look closes nothing.
                logger.debug("absent approval \(row.id): \(error)", metadata: ["account": "\(name)"])
            }
        }
        absentLookedAt = absentLookedAt.filter { !present.contains($0.key) }
    }

    private func closeIfGone(_ row: ApprovalRow, in answer: RunDetailAnswer) async throws {
        if let shown = answer.approvals.first(where: { $0.id == row.id }) {
            try await see(
                [shown.filled(from: answer.run)], isFirstLook: false, runIsFinished: answer.run.completedAt != nil)
            return
        }
        guard case .approval(var detail) = row.payload.detail else { return }
        var next = row
        next.version += 1
        detail.version = next.version
        detail.state = .closed
        next.payload.detail = .approval(detail)
        next.shownHash = "gone"
        next.updatedAt = clock.now
        try await admitter.admit([Sighting(maker.event(of: next, now: clock.now), approval: next, telling: .followingAndRouted)])
    }

    private func judgeSaturation(_ listing: Listing<Approval>, allNew: Bool, isFirst: Bool) async {
        let saturated = listing.isFull && ((allNew && !isFirst) || listing.order != .newest)
        metrics.saturated(account: name, feed: Feed.approvals.rawValue, saturated)
        guard saturated != saturatedApprovals else { return }
        saturatedApprovals = saturated
        let topic = SelfReport.Topic(name: "saturated", about: "\(name)/approvals", account: name)
        if saturated {
            await reports.begin(topic, "account \(name): the list of approvals is full at \(listing.limit); older ones may not be seen")
        } else {
            await reports.end(topic, "account \(name): the list of approvals is no longer full")
        }
    }

    /// Once, after the first look: how much was remembered and not told.
    private func saySilenced() async {
        guard !firstLookDone.contains(.approvals), silenced > 0 else { return }
        let topic = SelfReport.Topic(name: "first_look", about: name, account: name)
        await reports.once(
            topic, "account \(name): \(silenced) items from before \(since?.description ?? "the start") are remembered and not told")
        silenced = 0
    }
}

extension ApprovalRow {
    var isOpen: Bool {
        if case .approval(let detail) = payload.detail { detail.state == .open } else { false }
    }

    mutating func setVersion(_ version: Int) {
        guard case .approval(var detail) = payload.detail else { return }
        detail.version = version
        payload.detail = .approval(detail)
    }

    /// Nothing in it differs but the moment of the look.
    func sameAsShown(_ other: ApprovalRow) -> Bool {
        var copy = self
        copy.updatedAt = other.updatedAt
        copy.seenOpen = other.seenOpen
        return copy == other
    }
}
