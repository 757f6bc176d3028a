import Dedup
import Logging
import Policy
import RelayCore
import RelaySupport
import RevKeen

/// The feed `approvals`: one request shows the whole account's open and decided requests.
extension AccountPoller {
    /// Looks at the approvals, unless the last good look is at most `age` old. It returns after `patience` at the latest.
    func lookAtApprovals(ifOlderThan age: Duration) async {
        if let read = approvalsRead, clock.uptime - read <= age { return }
        let called = clock.uptime
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await self.freshLook.withLock {
                    // A look that began while this caller waited for its turn serves it too, however many wait.
                    if let read = await self.approvalsRead, read >= called || self.clock.uptime - read <= age { return }
                    await self.look(at: .approvals)
                }
            }
            group.addTask { try? await self.clock.sleep(for: Self.patience) }
            await group.next()
            group.cancelAll()
        }
    }

    private static let patience = Duration.seconds(5)

    func lookAtApprovals() async throws {
        let asked = clock.uptime
        let listing = try await client.approvals()
        try await begin(at: listing.date)
        await judgeReadable(listing.complaint, "the list of approvals", id: "list/approvals")
        let look = ApprovalLook(asked: asked, isFirst: !firstLookDone.contains(.approvals))
        let pending = try await pendingOnes(under: listing)
        let list = PagedList<Approval>(
            feed: .approvals, what: "the list of approvals",
            page: { try await self.client.approvals(offset: $0, besides: $1) },
            withStatus: { try await self.client.approvals(status: $0, besides: $1) },
            store: { try await self.see($0, look) > 0 },
            isPast: { approval in
                self.maker.words.state(of: approval).state != .open && self.isPast(approval.createdAt?.moment, isFirstLook: look.isFirst)
            })
        let sight = try await read(listing, and: pending, of: list)
        try await askForAbsent(besides: sight.ids)
        approvalsRead = max(asked, approvalsRead ?? .zero)
    }

    /// What waits and stands below a full list. An unknown filter word may be refused or bring nothing; the unfiltered list is used in
    /// either case.
    private func pendingOnes(under listing: Listing<Approval>) async throws -> [Approval] {
        guard listing.isFull else { return [] }
        do {
            return try await client.approvals(status: "pending", besides: Set(listing.items.map(\.id))).items
        } catch {
            if LargeAnswers.isAskedFor(by: error) { throw error }
            return []
        }
    }

    /// Stores, admits or ignores the approvals that a list or a run's detail shows. Returns how many were never seen before.
    ///
    /// Looks take turns, because a list and a detail that are read at once must not both make the next version of one approval.
    @discardableResult
    func see(_ approvals: [Approval], _ look: ApprovalLook) async throws -> Int {
        var new = 0
        // Large approvals are seen in small crowds, so that few of its rows are in memory at once.
        let crowd = LargeAnswers.isInTurn ? 5 : max(approvals.count, 1)
        for start in stride(from: 0, to: approvals.count, by: crowd) {
            let some = Array(approvals[start..<min(start + crowd, approvals.count)])
            new += try await approvalLock.withLock { try await seeInTurn(some, look) }
        }
        return new
    }

    private func seeInTurn(_ approvals: [Approval], _ look: ApprovalLook) async throws -> Int {
        let known = try await ledger.approvals(account: name, ids: approvals.map(\.id))
        // A new approval waits for its automation, which says whether it is wanted at all, and its risk.
        await learn(of: Set(approvals.filter { known[$0.id] == nil }.compactMap(\.automationID)))
        var sightings: [Sighting] = []
        var quiet: [ApprovalRow] = []
        var new = 0
        for shown in approvals {
            let approval = named(shown)
            guard isWanted(id: approval.automationID, name: approval.automationName),
                approvalLooks.take(approval.id, asked: look.asked)
            else { continue }
            if known[approval.id] == nil { new += 1 }
            switch change(approval, known: known[approval.id], look) {
            case .nothing: break
            case .row(let row):
                let row = try await attributed(row)
                if let last = known[approval.id], row.sameAsShown(last) { continue }
                quiet.append(row)
            case .tell(let sighting): sightings.append(try await attributed(sighting))
            }
        }
        let requests = sightings.compactMap { $0.event.kind == .approval ? $0.approval : nil }
        try await admitter.admit(sightings, watches: look.runIsFinished == nil ? try await watchesNow(of: requests) : [])
        if look.isFirst { firstRound.silenced += sightings.count { $0.telling == .silent } }
        if !requests.isEmpty { detailsWakeup.signal() }
        if !quiet.isEmpty {
            do throws(LedgerError) {
                admitter.wake(try await ledger.store(quiet, refreshing: refreshing))
            } catch {
                // It may be written although the store reported an error.
                admitter.wake(refreshing)
                throw error
            }
        }
        return new
    }

    /// Adds the name of the person who decided through the relay, because RevKeen knows only the API key.
    private func attributed(_ row: ApprovalRow) async throws -> ApprovalRow {
        guard !row.isOpen, let detail = row.detail, detail.state != .closed,
            let answer = try await ledger.lastAnswer(account: name, approval: row.id), answer.state == .taken || answer.state == .asked,
            (answer.choice == .approve) == (detail.state == .approved)
        else { return row }
        var row = row
        row.detail?.actor = answer.actor
        row.detail?.reason = answer.reason ?? detail.reason
        return row
    }

    private func attributed(_ sighting: Sighting) async throws -> Sighting {
        guard let row = sighting.approval else { return sighting }
        var sighting = sighting
        let known = try await attributed(row)
        sighting.approval = known
        sighting.event.payload = known.payload
        return sighting
    }

    /// The approval with the name of its automation, which a list may leave out.
    private func named(_ approval: Approval) -> Approval {
        var named = approval
        named.automationName = approval.automationName ?? approval.automationID.flatMap { watched[$0]?.automation.name }
        return named
    }

    private enum Change {
        case nothing
        case row(ApprovalRow)
        case tell(Sighting)
    }

    /// Compares what a look shows of one approval with what was last seen of it.
    private func change(_ approval: Approval, known: ApprovalRow?, _ look: ApprovalLook) -> Change {
        let now = clock.now
        let (state, hash) = state(of: approval, known: known, look)
        let isSame = known?.shownHash == hash
        let risk = approval.automationID.flatMap { watched[$0]?.automation.riskProfile } ?? known?.payload.origin.risk
        let seenOpen = known?.seenOpen ?? false
        let version = (known?.version ?? 0) + 1
        var next = maker.row(approval, state: state, version: version, risk: risk, seenOpen: seenOpen || state == .open, now: now)
        next.shownHash = hash
        if let known { next.keep(from: known) }
        guard let known else {
            // An approval that is not open when it is first seen is stored and not sent.
            return .tell(Sighting(maker.event(of: next, now: now), approval: next, telling: state == .open ? .routed : .silent))
        }
        guard !isSame, known.isOpen || state == .open else {
            next.setVersion(known.version)
            return next.sameAsShown(known) ? .nothing : .row(next)
        }
        let telling: Sighting.Telling = state != .open ? .followingAndRouted : seenOpen ? .following : .routed
        return .tell(Sighting(maker.event(of: next, now: now), approval: next, telling: telling))
    }

    /// The state that a look shows, and the hash of what it shows.
    private func state(of approval: Approval, known: ApprovalRow?, _ look: ApprovalLook) -> (ApprovalDetail.State, hash: String) {
        let (state, unknownWord) = maker.words.state(of: approval)
        note(unknown: unknownWord, of: "an approval")
        let hash = ShownApproval.shownHash(state: state, approval)
        guard state == .open else { return (state, hash) }
        // If its run is over while it still says pending, it is closed with an unknown outcome. A list does not show the run, so it must
        // not open the approval again while it shows nothing new.
        let overHash = "over/" + ShownApproval.shownHash(state: .closed, approval)
        return look.runIsFinished ?? (known?.shownHash == overHash) ? (.closed, overHash) : (.open, hash)
    }

    /// Asks for the run details of open approvals that a list lacks. Absence does not close an approval; the detail says what became of it.
    private func askForAbsent(besides present: Set<String>) async throws {
        let absent = try await ledger.openApprovals(account: name, besides: present)
        approvalLooks.absent = Set(absent.map(\.id))
        let watches = try await watchesNow(of: absent.filter { approvalLooks.mayAskFor($0.id, at: clock.now) })
        guard !watches.isEmpty else { return }
        try await ledger.save(watches)
        detailsWakeup.signal()
    }

    /// The watches of the approvals' runs, due now, because only a run's detail says whether it is over.
    private func watchesNow(of approvals: [ApprovalRow]) async throws -> [RunWatch] {
        var watches: [RunWatch] = []
        for row in approvals {
            guard let run = row.payload.origin.runID, let automation = row.payload.origin.automationID else { continue }
            var watch =
                try await ledger.watch(account: name, run: run)
                ?? RunWatch(account: name, run: run, automation: automation, shown: "", dueAt: clock.now)
            watch.settled = false
            watch.dueAt = min(watch.dueAt, clock.now)
            watches.append(watch)
        }
        return watches
    }

    /// Closes open approvals that both the last list and a good run detail lack. Their outcome is unknown.
    func closeGone(from response: RunDetailResponse) async throws {
        let missing = approvalLooks.absent.subtracting(response.approvals.map(\.id))
        guard !missing.isEmpty else { return }
        let rows = try await ledger.approvals(account: name, ids: missing.sorted())
        for row in rows.values.sorted(by: { $0.id < $1.id }) where row.isOpen && row.payload.origin.runID == response.run.id {
            try await admitter.admit([closed(row)])
        }
    }

    private func closed(_ row: ApprovalRow) -> Sighting {
        var next = row
        next.setVersion(row.version + 1)
        next.detail?.state = .closed
        next.shownHash = "gone"
        next.updatedAt = clock.now
        return Sighting(maker.event(of: next, now: clock.now), approval: next, telling: .followingAndRouted)
    }
}

extension ApprovalRow {
    mutating func setVersion(_ version: Int) {
        self.version = version
        detail?.version = version
    }

    /// Copies what this look does not show. A list may leave the run's status out, and it has no reminders and no votes.
    mutating func keep(from known: ApprovalRow) {
        payload.origin.runStatus = payload.origin.runStatus ?? known.payload.origin.runStatus
        payload.origin.automation = payload.origin.automation ?? known.payload.origin.automation
        payload.origin.trigger = payload.origin.trigger ?? known.payload.origin.trigger
        guard isOpen, let last = known.detail else { return }
        if let step = last.step { remind(step: step, overdue: last.overdue == true) }
        // The votes so far count only while the approval shows the same.
        if known.shownHash == shownHash { detail?.votes = last.votes }
    }

    /// Whether the rows differ in nothing but the moment of the look.
    func sameAsShown(_ other: ApprovalRow) -> Bool {
        var copy = self
        copy.updatedAt = other.updatedAt
        copy.seenOpen = other.seenOpen
        return copy == other
    }
}
