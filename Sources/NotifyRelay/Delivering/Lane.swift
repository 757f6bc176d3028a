import Channels
import Dedup
import Logging
import RelayCore

/// Delivers what is owed to one destination, at its pace. Nothing that one lane meets delays another.
///
/// It claims a little more than it can send, so that claiming does not stand between two messages; what it cannot send after all
/// (a throttle, a stop) goes back without costing an attempt.
actor Lane {
    /// What a lane has to say to the rest of the program.
    enum Report: Sendable {
        case attempted(DeliveryOutcome, took: Duration)
        /// `since`: when it ceased to be open.
        case changed(LaneHealth.Change, reason: String?, since: Timestamp?)
        case templateFailed(String)
        /// The ledger cannot be written.
        case ledger(LedgerError)
    }

    private(set) var destination: Destination
    private(set) var health: LaneHealth
    private var composer: Composer
    private var pacer: Pacer?
    private var ready: [Claim] = []
    private var readySince = Timestamp.distantPast
    /// Answers that the ledger could not be told yet. While there is one, nothing more is claimed.
    private var unrecorded = 0
    private var underWay = 0
    private var stopping = false
    /// What was last written down about this lane.
    private var written: LaneRecord?
    private let ledger: Ledger
    private let clock: any WallClock
    private let log: LaneLog
    private let chance: @Sendable () -> Double
    private let report: @Sendable (Report) async -> Void
    /// An approval as it is now, where what a claim says of it is old news; nil where it is not.
    private let freshen: @Sendable (Claim) async -> ApprovalRow?
    nonisolated let wakeup = Wakeup()

    /// What was claimed ahead and not begun for so long goes back: it may have been superseded, dropped or changed meanwhile.
    static let freshness = Duration.seconds(10)

    /// - Parameter record: how an earlier run of the program left it.
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
    }

    /// Runs until the task is cancelled. After `stop()` it starts nothing new and ends when nothing is under way.
    func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled && !(stopping && underWay == 0) {
                if let claim = await next() {
                    underWay += 1
                    group.addTask { await self.deliver(claim) }
                }
            }
        }
        await putBack()
    }

    /// No new attempts; what was claimed and not begun is owed at once again.
    func stop() async {
        stopping = true
        await putBack()
        wakeup.signal()
    }

    /// Delivers what is due now and returns when nothing more can be done at once. For `--once` and for tests.
    func drain() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let allowed = health.allowance(width: destination.width)
                let opens = opensAt(allowed.from)
                if underWay < allowed.count, opens <= clock.now, await hasMore() {
                    underWay += 1
                    let claim = ready.removeFirst()
                    pacer?.take(clock.now)
                    group.addTask { await self.deliver(claim) }
                } else if underWay > 0 {
                    await wakeup.wait()
                } else if allowed.count > 0, opens > clock.now, opens <= clock.now + .seconds(60), await hasMore(by: opens) {
                    await wakeup.wait(until: opens, clock: clock)
                } else {
                    return await putBack()
                }
            }
        }
    }

    private func hasMore() async -> Bool {
        do throws(LedgerError) {
            return try await claimMore()
        } catch {
            await report(.ledger(error))
            return false
        }
    }

    /// Whether something will be ready at a moment that is not far.
    private func hasMore(by moment: Timestamp) async -> Bool {
        if await hasMore() { return true }
        return (try? await ledger.nextDue(destination.name)).map { $0 <= moment } ?? false
    }

    /// A reload: what is under way goes on as it began. An entry that changed opens the lane.
    func adopt(_ new: Destination, composer: Composer) async {
        let old = destination
        destination = new
        self.composer = composer
        if old.pace?.burst != new.pace?.burst || old.pace?.every != new.pace?.every {
            pacer = new.pace.map { Pacer(burst: $0.burst, every: $0.every) }
        }
        if new.fingerprint != old.fingerprint { await open() }
        wakeup.signal()
    }

    /// The wall clock was set.
    func shift(by difference: Duration) {
        pacer?.shift(by: difference)
        health.shift(by: difference)
        readySince.shift(by: difference)
        wakeup.signal()
    }

    /// By hand, by a successful sample, or by a changed entry.
    func open() async {
        await apply(health.open(at: clock.now), reason: nil)
        wakeup.signal()
    }

    /// The next claim to work on, or nil after waiting for something to change.
    private func next() async -> Claim? {
        let allowed = health.allowance(width: destination.width)
        guard !stopping, unrecorded == 0, underWay < allowed.count else {
            // Closed, or unable to write answers down: what it holds is for a later time.
            if allowed.count == 0 || unrecorded > 0 { await putBack() }
            await wakeup.wait()
            return nil
        }
        let opens = opensAt(allowed.from)
        guard opens <= clock.now else {
            await putBack()
            await wakeup.wait(until: opens, clock: clock)
            return nil
        }
        guard await fill(), !stopping, !ready.isEmpty else { return nil }
        pacer?.take(clock.now)
        return ready.removeFirst()
    }

    private func opensAt(_ from: Timestamp) -> Timestamp {
        max(from, pacer?.opensAt(clock.now) ?? .distantPast)
    }

    /// Makes sure that something is ready; otherwise waits until something may be due, and returns false.
    private func fill() async -> Bool {
        do throws(LedgerError) {
            if try await claimMore() { return true }
            if stopping { return false }
            guard underWay == 0 else {
                await wakeup.wait()
                return false
            }
            // Of a lane that is down even what waits for its next try was asked for: nothing is owed, or it comes with a ring.
            let next = health.isOpen ? try await ledger.nextDue(destination.name) : nil
            await wakeup.wait(until: next ?? .distantFuture, clock: clock)
        } catch {
            await report(.ledger(error))
            await wakeup.wait(until: clock.now + .seconds(1), clock: clock)
        }
        return false
    }

    /// Whether something is ready, claiming what is due if nothing was. It does not wait.
    private func claimMore() async throws(LedgerError) -> Bool {
        if !ready.isEmpty, clock.now > readySince + Self.freshness { await putBack() }
        if !ready.isEmpty { return true }
        readySince = clock.now
        let claims = try await ledger.claim(
            destination.name, limit: mostToClaim, lease: destination.lease, probing: !health.isOpen)
        StopPoint.pass(.claimed)
        ready.append(contentsOf: claims)
        return !ready.isEmpty
    }

    private var mostToClaim: Int {
        guard health.isOpen else { return 1 }
        guard destination.claimsAhead else { return max(1, destination.width - underWay) }
        return pacer == nil ? destination.width * 2 : destination.width
    }

    private func putBack() async {
        let claims = ready
        ready = []
        for claim in claims {
            _ = try? await ledger.settle(claim, as: .deferred(until: clock.now, hold: nil), attempt: nil)
        }
    }

    private func deliver(_ claim: Claim) async {
        defer {
            underWay -= 1
            wakeup.signal()
        }
        var claim = claim
        if let fresh = await freshen(claim) {
            claim.present = fresh
            // Nobody is reminded of what was decided meanwhile.
            if claim.event.kind == .reminder, !fresh.isOpen {
                _ = try? await ledger.settle(claim, as: .dropped("superseded"), attempt: nil)
                return
            }
        }
        let begun = clock.now
        let tried = await Self.attempt(claim, through: destination, composer: composer, clock: clock)
        StopPoint.pass(.answered)
        if let why = tried.fellBackBecause { await report(.templateFailed(why)) }
        await settle(claim, tried.outcome, begun: begun, took: tried.took)
        await report(.attempted(tried.outcome, took: tried.took))
    }

    private func settle(_ claim: Claim, _ outcome: DeliveryOutcome, begun: Timestamp, took: Duration) async {
        let now = clock.now
        let change: LaneHealth.Change
        switch outcome {
        case .delivered(let receipt):
            change = health.succeeded(at: now)
            if let pause = receipt.pause { health.block(until: now + pause) }
        case .failed(let error): change = health.failed(error, at: now, unit: chance())
        }
        let settlement = outcome.settlement(
            of: claim, at: now, giveUp: health.isOpen ? destination.giveUp : nil, unit: chance(), stopping: stopping)
        await record(claim, settlement, Attempt(outcome, at: begun, took: took))
        log.settled(claim, outcome, as: settlement, took: took)
        await apply(change, reason: health.reason)
        await writeDown()
    }

    /// Tries every second until it is written: an answer that is not recorded would be told twice.
    private func record(_ claim: Claim, _ settlement: Settlement, _ attempt: Attempt) async {
        var hasFailed = false
        while true {
            do {
                _ = try await ledger.settle(claim, as: settlement, attempt: attempt)
                StopPoint.pass(.settled)
                break
            } catch {
                if !hasFailed { unrecorded += 1 }
                hasFailed = true
                await report(.ledger(error))
                if stopping || Task.isCancelled { break }
                try? await clock.sleep(for: .seconds(1))
            }
        }
        if hasFailed { unrecorded -= 1 }
    }

    /// How the lane is, for commands and for the next start; only when it has changed.
    private func writeDown() async {
        let record = health.record(of: destination.name, at: clock.now)
        let isNews = record.state != written?.state ?? .open || record.until != written?.until || record.reason != written?.reason
        guard isNews else { return }
        written = record
        try? await ledger.setLane(record)
    }

    private func apply(_ change: LaneHealth.Change, reason: String?) async {
        if change == .none { return }
        log.changed(change, destination.name, reason: reason)
        await writeDown()
        if case .opened(let after) = change { try? await ledger.excuse(destination.name, by: after) }
        await report(.changed(change, reason: reason, since: health.since))
    }
}
