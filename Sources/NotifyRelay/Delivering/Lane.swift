import Channels
import Dedup
import Logging
import Policy
import RelayCore

/// Makes the deliveries that are owed to one destination, at its pace. A failing lane does not delay another one.
///
/// A lane claims slightly more than it can send, so that no message waits for a claim. Claims that it cannot use, because of a throttle or
/// a stop, are put back and count no attempt. The lane keeps every write that fails and repeats it: settlements, claims to put back and
/// its own state.
actor Lane {
    /// A report of a lane to the rest of the program.
    enum Report: Sendable {
        case attempted(DeliveryOutcome, Settlement, took: Duration)
        /// `since` is when the lane stopped being open; nil if it is open. `isRefused` says that the destination refuses us.
        case changed(LaneHealth.Change, isRefused: Bool, reason: String?, since: Timestamp?)
        case templateFailed(String)
        /// The ledger could not be read or written.
        case ledger(LedgerError)
    }

    private(set) var destination: Destination
    private(set) var health: LaneHealth
    private var composer: Composer
    private var pacer: Pacer?
    var ready: [Claim] = []
    var readySince = Timestamp.distantPast
    /// Claims to put back without an attempt. While there are any, nothing more is claimed.
    var returning: [Claim] = []
    var isPuttingBack = false
    /// The number of settlements whose write has failed so far. While there are any, nothing more is claimed.
    var unrecorded = 0
    private var underWay = 0
    private var stopping = false
    /// How long a settlement is tried to be written; nil tries until the store takes it.
    private(set) var recordingLimit: Duration?
    /// Why a settlement was given up after `recordingLimit`; nil if none was. Its delivery is sent again.
    var unwritten: LedgerError?
    /// The state of this lane as the ledger has it; nil if it has none, which means open.
    var written: LaneRecord?
    var isWriting = false
    /// The last attempt to write the state down failed.
    var isStateUnwritten = false
    /// The time that the lane was not open and that is not stored with `Ledger.reopen` yet.
    var unexcused = Duration.zero
    let ledger: Ledger
    let clock: any WallClock
    let log: LaneLog
    private let chance: @Sendable () -> Double
    let report: @Sendable (Report) async -> Void
    /// Returns the approval as it is now; nil if the claim asks for no decision, or if that cannot be read.
    private let freshen: @Sendable (Claim) async -> ApprovalRow?
    nonisolated let wakeup = Wakeup()
    private let slots: HandoverSlots
    private var batch = ClaimBatch()

    /// How long a claim may wait to be begun. It is then put back, because it may have been superseded, dropped or changed meanwhile.
    static let freshness = Duration.seconds(10)
    /// How long to wait before the ledger is tried again.
    static let untilLedgerIsTriedAgain = Duration.seconds(1)

    /// - Parameter record: the state in which an earlier run of the program left the lane.
    init(
        _ destination: Destination, composer: Composer, record: LaneRecord?, ledger: Ledger, clock: any WallClock, logger: Logger,
        chance: @escaping @Sendable () -> Double, freshen: @escaping @Sendable (Claim) async -> ApprovalRow? = { _ in nil },
        report: @escaping @Sendable (Report) async -> Void
    ) {
        self.destination = destination
        self.composer = composer
        health = LaneHealth(record)
        written = record
        self.ledger = ledger
        self.clock = clock
        log = LaneLog(logger: logger)
        self.chance = chance
        self.freshen = freshen
        self.report = report
        pacer = destination.pace.map { Pacer(burst: $0.burst, every: $0.every) }
        slots = HandoverSlots(width: destination.width, mayPass: { [leadership = ledger.leadership] in leadership.mayAct })
    }

    /// Runs until the task is cancelled. After `stop()` it starts nothing new and ends when nothing is under way.
    func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled && !(stopping && underWay == 0 && returning.isEmpty) {
                if let claim = await next() {
                    underWay += 1
                    group.addTask { await self.deliver(claim) }
                }
            }
        }
        await putBack()
    }

    /// Makes no new attempts. Claims that were not begun are put back and due at once.
    func stop() async {
        stopping = true
        await putBack()
        wakeup.signal()
    }

    /// Makes no new attempts and lets go of its claims without a write, because another relay leads and has released them.
    func abandon() {
        stopping = true
        ready = []
        returning = []
        wakeup.signal()
    }

    /// Makes the deliveries that are due now and returns when nothing more can be done at once. For `--once` and for tests.
    ///
    /// - Parameter limit: how long a settlement that the store does not take is tried again; nil is for ever.
    func drain(recordingFor limit: Duration? = nil) async {
        recordingLimit = limit
        if isStateUnwritten { await writeDown() }
        if !returning.isEmpty { await putBack() }
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let allowed = health.allowance(width: destination.width)
                let opens = opensAt(allowed.from)
                if underWay < allowed.count, opens <= clock.now, await hasMore() {
                    underWay += 1
                    let claim = ready.removeFirst()
                    begin()
                    group.addTask { await self.deliver(claim) }
                } else if underWay > 0 {
                    await wakeup.wait()
                } else if health.isOpen, allowed.count > 0, opens > clock.now, opens <= clock.now + .seconds(60), await hasMore(by: opens) {
                    await wakeup.wait(until: opens, clock: clock)
                } else {
                    return await putBack()
                }
            }
        }
    }

    /// Whether a claim is ready. False also if the ledger fails, which it reports.
    private func hasMore() async -> Bool {
        do throws(LedgerError) {
            return try await claimMore()
        } catch {
            await report(.ledger(error))
            return false
        }
    }

    /// Whether a claim is ready or will be due by a moment. False also if the ledger fails, which it reports.
    private func hasMore(by moment: Timestamp) async -> Bool {
        if await hasMore() { return true }
        do throws(LedgerError) {
            return try await ledger.nextDue(destination.name).map { $0 <= moment } ?? false
        } catch {
            await report(.ledger(error))
            return false
        }
    }

    /// Applies a new configuration. Attempts that are under way keep the old one. A changed entry of the destination opens the lane.
    func adopt(_ new: Destination, composer: Composer) async {
        let old = destination
        destination = new
        self.composer = composer
        if old.pace?.burst != new.pace?.burst || old.pace?.every != new.pace?.every {
            pacer = new.pace.map { Pacer(burst: $0.burst, every: $0.every) }
        }
        if new.fingerprint != old.fingerprint { await open() }
        adoptSlots()
        wakeup.signal()
    }

    /// Moves the lane's times after the wall clock was set.
    func shift(by difference: Duration) {
        pacer?.shift(by: difference)
        health.shift(by: difference)
        readySince.shift(by: difference)
        wakeup.signal()
    }

    /// Opens the lane: by hand, after a successful sample, or for a changed entry.
    func open() async {
        await apply(health.open(at: clock.now), reason: nil)
        adoptSlots()
        wakeup.signal()
    }

    /// Opens the lane if a command has opened it in the store.
    ///
    /// If the store says *open* only because this lane could not write its own state, it is ignored.
    ///
    /// - Parameter stored: the lane as the store has it; nil if the store has none, which means open.
    func heed(_ stored: LaneRecord?) async {
        guard !health.isOpen, let written, written.state == .down || written.state == .closed else { return }
        let state = stored?.state ?? .open
        if state == .open || state == .blocked { await open() }
    }

    /// The next claim to work on, or nil after waiting for something to change.
    private func next() async -> Claim? {
        if isStateUnwritten { await writeDown() }
        if !returning.isEmpty { await putBack() }
        let allowed = health.allowance(width: destination.width)
        guard !stopping, unrecorded == 0, returning.isEmpty, underWay < allowed.count + mostPrepared(besides: allowed.count) else {
            // A lane that is closed, or that cannot write settlements, holds no claims.
            if allowed.count == 0 || unrecorded > 0 { await putBack() }
            await rest(until: .distantFuture)
            return nil
        }
        let opens = opensAt(allowed.from)
        guard opens <= clock.now else {
            await putBack()
            await rest(until: opens)
            return nil
        }
        guard await fill(), !stopping, !ready.isEmpty else { return nil }
        begin()
        return ready.removeFirst()
    }

    /// Waits for a signal or a moment, but at most `untilLedgerIsTriedAgain` while a write has to be repeated.
    private func rest(until moment: Timestamp) async {
        let again = isStateUnwritten || !returning.isEmpty ? clock.now + Self.untilLedgerIsTriedAgain : .distantFuture
        await wakeup.wait(until: min(moment, again), clock: clock)
    }

    private func begin() {
        pacer?.take(clock.now)
        health.began(at: clock.now)
        adoptSlots()
    }

    /// How many messages may be prepared beside those that may be handed over.
    private func mostPrepared(besides count: Int) -> Int {
        guard destination.preparesAhead, count == destination.width, health.mostToClaim(width: count, claimsAhead: true) > count else {
            return 0
        }
        return destination.width
    }

    /// Lets prepared messages go, or sends them back if the lane takes nothing now.
    private func adoptSlots() {
        slots.adopt(
            width: destination.width, isOpen: health.isOpen && health.allowance(width: destination.width).from <= clock.now)
    }

    private func opensAt(_ from: Timestamp) -> Timestamp {
        max(from, pacer?.opensAt(clock.now) ?? .distantPast)
    }

    /// Makes sure that a claim is ready; otherwise waits until one may be due, and returns false.
    private func fill() async -> Bool {
        do throws(LedgerError) {
            if try await claimMore() { return true }
            if stopping { return false }
            guard underWay == 0 else {
                await rest(until: .distantFuture)
                return false
            }
            // Also while the lane is down: what is held until a later time is due then, although nothing else wakes the lane.
            await rest(until: try await ledger.nextDue(destination.name) ?? .distantFuture)
        } catch {
            await report(.ledger(error))
            await wakeup.wait(until: clock.now + Self.untilLedgerIsTriedAgain, clock: clock)
        }
        return false
    }

    /// Whether a claim is ready. If none is, it claims what is due. It does not wait.
    private func claimMore() async throws(LedgerError) -> Bool {
        if !ready.isEmpty, clock.now > readySince + Self.freshness { await putBack() }
        if !ready.isEmpty { return true }
        guard returning.isEmpty else { return false }
        readySince = clock.now
        let wanted = mostToClaim
        let claims = try await ledger.claim(
            destination.name, limit: wanted, lease: destination.lease, probing: !health.isOpen)
        batch.claimed(claims.count, of: wanted, at: clock.now)
        StopPoint.pass(.claimed)
        ready.append(contentsOf: claims)
        return !ready.isEmpty
    }

    private var mostToClaim: Int {
        let room = pacer?.room(clock.now)
        let most = health.mostToClaim(width: destination.width, claimsAhead: destination.claimsAhead && (room ?? .max) > 1)
        guard destination.claimsAhead else { return max(1, most - underWay) }
        return most > 1 ? batch.next(least: most, room: room, at: clock.now) : most
    }

    private func deliver(_ claim: Claim) async {
        defer {
            underWay -= 1
            wakeup.signal()
        }
        var claim = claim
        log.damages(of: claim)
        if let fresh = await freshen(claim) {
            claim.present = fresh
            // A reminder is dropped if its approval was decided meanwhile.
            if claim.event.kind == .reminder, !fresh.isOpen { return await record(claim, .dropped("superseded"), nil) }
        }
        // A relay that slept must not send what another one may have sent meanwhile.
        guard await ledger.leadership.waitToAct() else { return }
        let begun = clock.now
        let place = destination.preparesAhead ? HandoverSlots.Place(in: slots, isAhead: underWay > destination.width) : nil
        defer { place?.recorded() }
        let tried = await Self.attempt(claim, through: destination, composer: composer, gate: place, clock: clock)
        if place?.isWithheld == true {
            returning.append(claim)
            return
        }
        StopPoint.pass(.answered)
        if let why = tried.fellBackBecause { await report(.templateFailed(why)) }
        let settlement = await settle(claim, tried.outcome, begun: begun, took: tried.took)
        await report(.attempted(tried.outcome, settlement, took: tried.took))
    }

    private func settle(_ claim: Claim, _ outcome: DeliveryOutcome, begun: Timestamp, took: Duration) async -> Settlement {
        let now = clock.now
        let change: LaneHealth.Change
        // The system's generator costs a call of the kernel, so only what may be repeated asks it.
        var unit = 0.5
        switch outcome {
        case .delivered(let receipt):
            change = health.succeeded(at: now)
            if let pause = receipt.pause { health.block(until: now + pause) }
        case .failed(let error):
            unit = chance()
            change = health.failed(error, message: claim.event.id, at: now, unit: chance())
        }
        adoptSlots()
        let settlement = outcome.settlement(
            of: claim, at: now, lane: health, giveUp: destination.giveUp, unit: unit, stopping: stopping)
        await record(claim, settlement, Attempt(outcome, at: begun, took: took))
        log.settled(claim, outcome, as: settlement, took: took)
        await apply(change, reason: health.reason)
        await writeDown()
        return settlement
    }

    private func apply(_ change: LaneHealth.Change, reason: String?) async {
        if change == .none { return }
        log.changed(change, destination.name, reason: reason)
        if case .opened(let after) = change { unexcused += max(.zero, after) }
        await writeDown()
        await report(.changed(change, isRefused: health.isRefused, reason: reason, since: health.since))
    }
}
