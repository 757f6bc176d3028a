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
        case changed(LaneHealth.Change, reason: String?)
        case templateFailed(String)
        /// The ledger cannot be written; nil: it can again.
        case ledger(LedgerError?)
    }

    private(set) var destination: Destination
    private(set) var health: LaneHealth
    private var composer: Composer
    private var pacer: Pacer?
    private var ready: [Claim] = []
    private var underWay = 0
    private var stopping = false
    private let ledger: Ledger
    private let clock: any WallClock
    private let logger: Logger
    private let chance: @Sendable () -> Double
    private let report: @Sendable (Report) async -> Void
    nonisolated let bell = Bell()

    init(
        _ destination: Destination, composer: Composer, health: LaneHealth, ledger: Ledger, clock: any WallClock, logger: Logger,
        chance: @escaping @Sendable () -> Double, report: @escaping @Sendable (Report) async -> Void
    ) {
        self.destination = destination
        self.composer = composer
        self.health = health
        self.ledger = ledger
        self.clock = clock
        self.logger = logger
        self.chance = chance
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
        bell.ring()
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
                    await bell.wait()
                } else if allowed.count > 0, opens > clock.now, opens <= clock.now + .seconds(60), await hasMore() {
                    await bell.wait(until: opens, clock: clock)
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

    func adopt(_ new: Destination, composer: Composer) async {
        let changed = new.fingerprint != destination.fingerprint
        destination = new
        self.composer = composer
        pacer = new.pace.map { Pacer(burst: $0.burst, every: $0.every) }
        if changed { await open() }
        bell.ring()
    }

    /// By hand, by a successful sample, or by a changed entry.
    func open() async {
        await apply(health.open(at: clock.now), reason: nil)
        bell.ring()
    }

    /// The next claim to work on, or nil after waiting for something to change.
    private func next() async -> Claim? {
        let allowed = health.allowance(width: destination.width)
        guard !stopping, underWay < allowed.count else {
            await bell.wait()
            return nil
        }
        let opens = opensAt(allowed.from)
        guard opens <= clock.now else {
            await putBack()
            await bell.wait(until: opens, clock: clock)
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
                await bell.wait()
                return false
            }
            await bell.wait(until: try await ledger.nextDue(destination.name) ?? .distantFuture, clock: clock)
        } catch {
            await report(.ledger(error))
            await bell.wait(until: clock.now + .seconds(1), clock: clock)
        }
        return false
    }

    /// Whether something is ready, claiming what is due if nothing was. It does not wait.
    private func claimMore() async throws(LedgerError) -> Bool {
        if !ready.isEmpty { return true }
        let most = health.isOpen ? (pacer == nil ? destination.width * 2 : destination.width) : 1
        let claims = try await ledger.claim(destination.name, limit: most, lease: destination.lease)
        StopPoint.pass(.claimed)
        ready.append(contentsOf: claims)
        return !ready.isEmpty
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
            bell.ring()
        }
        let begun = clock.now
        let tried = await Self.attempt(claim, through: destination, composer: composer, clock: clock)
        StopPoint.pass(.answered)
        if let why = tried.fellBackBecause { await report(.templateFailed(why)) }
        await settle(claim, tried.outcome, begun: begun, took: tried.took)
        await report(.attempted(tried.outcome, took: tried.took))
    }

    /// Away from the actor, so that the words of several messages are made at once.
    @concurrent private static func attempt(
        _ claim: Claim, through destination: Destination, composer: Composer, clock: any WallClock
    ) async -> (outcome: DeliveryOutcome, took: Duration, fellBackBecause: String?) {
        let composed = composer.message(claim, for: destination.target, now: clock.now)
        StopPoint.pass(.sending)
        let start = clock.uptime
        let outcome: DeliveryOutcome
        do throws(DeliveryError) {
            outcome = .delivered(try await destination.channel.deliver(composed.message))
        } catch {
            outcome = .failed(error)
        }
        return (outcome, clock.uptime - start, composed.fellBackBecause)
    }

    private func settle(_ claim: Claim, _ outcome: DeliveryOutcome, begun: Timestamp, took: Duration) async {
        let now = clock.now
        let change: LaneHealth.Change
        switch outcome {
        case .delivered: change = health.succeeded(at: now)
        case .failed(let error): change = health.failed(error, at: now, unit: chance())
        }
        let settlement = outcome.settlement(
            of: claim, at: now, giveUp: health.isOpen ? destination.giveUp : nil, unit: chance(), stopping: stopping)
        await record(claim, settlement, Attempt(outcome, at: begun, took: took))
        await apply(change, reason: health.reason)
    }

    /// Tries every second until it is written: an answer that is not recorded would be told twice.
    private func record(_ claim: Claim, _ settlement: Settlement, _ attempt: Attempt) async {
        var failed = false
        while true {
            do {
                _ = try await ledger.settle(claim, as: settlement, attempt: attempt)
                StopPoint.pass(.settled)
                if failed { await report(.ledger(nil)) }
                return
            } catch {
                failed = true
                await report(.ledger(error))
                if stopping || Task.isCancelled { return }
                try? await clock.sleep(for: .seconds(1))
            }
        }
    }

    private func apply(_ change: LaneHealth.Change, reason: String?) async {
        if change == .none { return }
        let now = clock.now
        let record = LaneRecord(destination: destination.name, state: health.word, reason: reason, since: now, until: nil)
        try? await ledger.setLane(record)
        if case .opened(let after) = change { try? await ledger.excuse(destination.name, by: after) }
        await report(.changed(change, reason: reason))
    }
}
