import Dedup
import Logging
import Policy
import RelayCore
import RelaySupport
import RevKeen

/// The knowledge of an account's approvals, whichever response shows them: a list or a run's detail.
actor ApprovalBook {
    nonisolated let account: Account
    nonisolated var unownedExecutor: UnownedSerialExecutor { account.unownedExecutor }
    private let book: AutomationBook
    /// The most runs that are read before everything else, to see what became of their approvals.
    private static let mostAsked = 5
    private var looks = ApprovalLooks()
    private let turn = AsyncMutex()

    private var name: String { account.name }
    private var ledger: Ledger { account.ledger }
    private var clock: any WallClock { account.clock }
    private var maker: EventMaker { account.maker }

    init(account: Account, book: AutomationBook) {
        self.account = account
        self.book = book
    }

    func shift(by difference: Duration) { looks.shift(by: difference) }

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
            new += try await turn.withLock { try await seeInTurn(some, look) }
        }
        return new
    }

    private func seeInTurn(_ approvals: [Approval], _ look: ApprovalLook) async throws -> Int {
        let known = try await ledger.approvals(account: name, ids: approvals.map(\.id))
        // A new approval waits for its automation, which says whether it is wanted at all, and its risk.
        await book.learn(of: Set(approvals.filter { known[$0.id] == nil }.compactMap(\.automationID)))
        let automations = await book.automations(Set(approvals.compactMap(\.automationID)))
        var sightings: [Sighting] = []
        var quiet: [ApprovalRow] = []
        var new = 0
        for shown in approvals {
            let automation = shown.automationID.flatMap { automations[$0] }
            let approval = shown.named(after: automation)
            await account.note(unknown: maker.words.state(of: approval).unknownWord, of: "an approval")
            guard book.isWanted(id: approval.automationID, name: approval.automationName),
                looks.take(approval.id, asked: look.asked)
            else { continue }
            if known[approval.id] == nil { new += 1 }
            switch change(approval, of: automation, known: known[approval.id], look) {
            case .nothing: break
            case .row(let row):
                let row = try await attributed(row)
                if let last = known[approval.id], row.sameAsShown(last) { continue }
                quiet.append(row)
            case .tell(let sighting): sightings.append(try await attributed(sighting))
            }
        }
        let requests = sightings.compactMap { $0.event.kind == .approval ? $0.approval : nil }
        try await account.admitter.admit(sightings, watches: look.runIsFinished == nil ? try await watchesNow(of: requests, asked: 0) : [])
        if look.isFirst { await account.silenced(sightings.count { $0.telling == .silent }) }
        if !requests.isEmpty { await account.detailsChanged() }
        if !quiet.isEmpty {
            do throws(LedgerError) {
                account.admitter.wake(try await ledger.store(quiet, refreshing: account.refreshing))
            } catch {
                // It may be written although the store reported an error.
                account.admitter.wake(account.refreshing)
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

    private enum Change {
        case nothing
        case row(ApprovalRow)
        case tell(Sighting)
    }

    /// Compares what a look shows of one approval with what was last seen of it.
    private func change(_ approval: Approval, of automation: Automation?, known: ApprovalRow?, _ look: ApprovalLook) -> Change {
        let now = clock.now
        let (state, hash) = state(of: approval, known: known, look)
        let isSame = known?.shownHash == hash
        let risk = automation?.riskProfile ?? known?.payload.origin.risk
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
        let state = maker.words.state(of: approval).state
        let hash = ShownApproval.shownHash(state: state, approval)
        guard state == .open else { return (state, hash) }
        // If its run is over while it still says pending, it is closed with an unknown outcome. A list does not show the run, so it must
        // not open the approval again while it shows nothing new.
        let overHash = "over/" + ShownApproval.shownHash(state: .closed, approval)
        return look.runIsFinished ?? (known?.shownHash == overHash) ? (.closed, overHash) : (.open, hash)
    }

    /// Whether an open approval left the list of what is pending since the list was last compared.
    func hasNewlyAbsent(besides present: Set<String>) async throws -> Bool {
        let absent = try await ledger.openApprovals(account: name, besides: present)
        return absent.contains { !looks.absent.contains($0.id) }
    }

    /// Asks for the run details of open approvals that a list lacks. Absence does not close an approval; the detail says what became of it.
    func askForAbsent(besides present: Set<String>) async throws {
        let absent = try await ledger.openApprovals(account: name, besides: present)
        looks.absent = Set(absent.map(\.id))
        let watches = try await watchesNow(of: absent.filter { looks.mayAskFor($0.id, at: clock.now) }, asked: Self.mostAsked)
        guard !watches.isEmpty else { return }
        try await ledger.save(watches)
        await account.detailsChanged()
    }

    /// The watches of the approvals' runs, due now, because only a run's detail says whether it is over.
    ///
    /// - Parameter asked: so many are read before everything else. More would hold up the list of approvals itself.
    private func watchesNow(of approvals: [ApprovalRow], asked: Int) async throws -> [RunWatch] {
        var watches: [RunWatch] = []
        for row in approvals {
            guard let run = row.payload.origin.runID, let automation = row.payload.origin.automationID else { continue }
            var watch =
                try await ledger.watch(account: name, run: run)
                ?? RunWatch(account: name, run: run, automation: automation, shown: "", dueAt: clock.now)
            watch.settled = false
            watch.dueAt = min(watch.dueAt, clock.now)
            watch.haste = watches.count < asked ? .asked : .failed
            watch.onlyIfShown = watch.shown
            watches.append(watch)
        }
        return watches
    }

    /// Closes open approvals that both the last list and a good run detail lack. Their outcome is unknown.
    func closeGone(from response: RunDetailResponse) async throws {
        let missing = looks.absent.subtracting(response.approvals.map(\.id))
        guard !missing.isEmpty else { return }
        let rows = try await ledger.approvals(account: name, ids: missing.sorted())
        for row in rows.values.sorted(by: { $0.id < $1.id }) where row.isOpen && row.payload.origin.runID == response.run.id {
            try await account.admitter.admit([closed(row)])
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

extension Approval {
    /// The approval with the name of its automation, which a list may leave out.
    fileprivate func named(after automation: Automation?) -> Approval {
        var named = self
        named.automationName = automationName ?? automation?.name
        return named
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
