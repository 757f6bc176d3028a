import Dedup
import Logging
import Policy
import RelayCore

/// The regular work beside looking and delivering: changes by commands, windows to close, clock jumps, fallbacks, reminders, answers that
/// RevKeen does not have yet, and retention.
///
/// If the store fails, the turn is skipped and decides nothing: everything that was due is done in a later turn.
struct Housekeeping: Sendable {
    let generation: Generation
    let ledger: Ledger
    let admitter: Admitter
    let lanes: LaneRegistry
    let pollers: [AccountPoller]
    let closer: WindowCloser
    let carrier: AnswerCarrier
    let reports: SelfReport
    let storeHealth: StoreHealth
    let deaths: LaneCount
    /// What arrived, or may have: a request among it begins its ladder.
    let tellings: LaneCount
    /// The state that is kept from one turn to the next. It outlives the generation.
    let turn: HousekeepingTurn
    let clock: any WallClock
    let logger: Logger

    private static let turnEvery = Duration.seconds(1)
    /// Ladders are looked at this often even if none is known to be due, because the clock may be set and commands may change the store.
    private static let remindEvery = Duration.seconds(10)
    private static let retainEvery = Duration.seconds(3_600)
    private static let shrinkEvery = Duration.seconds(10)

    /// Runs until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await takeTurns() }
            group.addTask { await repeating(every: Self.turnEvery) { () async throws(LedgerError) in try await carrier.carry() } }
            group.addTask { await repeating(every: Self.retainEvery, retain) }
            group.addTask { await repeating(every: Self.shrinkEvery, shrink) }
            if generation.configuration.routes.contains(where: { $0.reminders != nil }) {
                group.addTask { await remindWhenDue() }
            }
        }
    }

    /// Informs the fallbacks of lanes that are down or closed.
    var fallback: FallbackHelp {
        FallbackHelp(ledger: ledger, router: generation.router, lanes: lanes, reports: reports, clock: clock)
    }

    /// Gives dead deliveries a voice.
    var deadHelp: DeadHelp { DeadHelp(ledger: ledger, router: generation.router, lanes: lanes, reports: reports, clock: clock) }

    private func takeTurns() async {
        while !Task.isCancelled {
            await turn.take(self)
            try? await clock.sleep(for: Self.turnEvery)
        }
    }

    private func repeating(every pace: Duration, _ work: () async throws(LedgerError) -> Void) async {
        while !Task.isCancelled {
            do throws(LedgerError) { try await work() } catch { storeHealth.note(error) }
            try? await clock.sleep(for: pace)
        }
    }

    /// Reminds when the next step of a ladder may be due, and looks at the ladders again soon after something was told.
    private func remindWhenDue() async {
        while !Task.isCancelled {
            let told = tellings.value, started = clock.now
            var next = started + Self.turnEvery
            do throws(LedgerError) { next = min(try await remind(), started + Self.remindEvery) } catch { storeHealth.note(error) }
            repeat {
                try? await clock.sleep(for: min(max(clock.now.duration(to: next), .milliseconds(1)), Self.turnEvery))
            } while !Task.isCancelled && clock.now < next && clock.now >= started && tellings.value == told
        }
    }

    /// Admits the reminders that are due now. If the store fails, they are due again in the next turn.
    ///
    /// - Returns: the earliest moment at which a further step may be due.
    @discardableResult
    func remind() async throws(LedgerError) -> Timestamp {
        var next = Timestamp.distantFuture
        let reminding = Reminding(
            router: generation.router, workingHours: generation.workingHours, mutes: try await ledger.mutes(), now: clock.now)
        for account in generation.configuration.accounts {
            // While RevKeen cannot be read, the thing that is late may have happened.
            let isRead = await pollers.first { $0.account.name == account.name }?.account.isWhole ?? false
            let told = try await ledger.toldRequests(account: account.name).filter { isRead || !$0.isOfAbsence }
            let due = reminding.due(told)
            next = min(next, reminding.next(told))
            lanes.wake(try await ledger.remind(due.reminders, refreshing: generation.refreshing))
            for (first, owed) in due.escalations { lanes.wake(try await ledger.escalate(first, to: owed)) }
        }
        return next
    }

    /// Gives a little of the store's free room back while nothing waits to be sent.
    private func shrink() async throws(LedgerError) {
        guard try await ledger.unfinished(at: clock.now) == 0 else { return }
        try await ledger.shrink()
    }

    private func retain() async throws(LedgerError) {
        let retention = generation.configuration.retention
        let now = clock.now
        let emptied = try await ledger.retain(
            payloadsBefore: now - retention.payloads, attemptsBefore: now - retention.attempts, auditBefore: now - retention.audit)
        if emptied > 0 { logger.debug("retention emptied \(emptied) rows") }
    }
}
