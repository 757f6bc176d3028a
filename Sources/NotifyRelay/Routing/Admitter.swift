import Dedup
import Policy
import RelayCore
import RelaySupport

/// Gives sightings their priority and routes, admits them to the ledger, and wakes the lanes that owe something new.
/// Every event that a source finds comes into the ledger through it.
final class Admitter: Sendable {
    private struct Table {
        var router: Router
        /// The `catch_up` of each account: an older event joins a window instead of being sent singly, unless it is about an approval.
        var catchUp: [String: Duration]
    }

    private let table: Locked<Table>
    private let ledger: Ledger
    private let clock: any WallClock
    private let metrics: Metrics
    /// Wakes the lanes of these destinations.
    let wake: @Sendable (Set<String>) -> Void

    init(
        router: Router, catchUp: [String: Duration], ledger: Ledger, clock: any WallClock, metrics: Metrics,
        wake: @escaping @Sendable (Set<String>) -> Void
    ) {
        table = Locked(Table(router: router, catchUp: catchUp))
        self.ledger = ledger
        self.clock = clock
        self.metrics = metrics
        self.wake = wake
    }

    var router: Router { table.withLock { $0.router } }

    func adopt(router: Router, catchUp: [String: Duration]) {
        table.withLock { $0 = Table(router: router, catchUp: catchUp) }
    }

    /// Admits the events of one look, oldest first, in one transaction with the state that the look learned.
    ///
    /// - Returns: the new events.
    @discardableResult
    func admit(_ sightings: [Sighting], watches: [RunWatch] = [], watch: WatchAfter? = nil) async throws(LedgerError) -> [Event] {
        guard !sightings.isEmpty || !watches.isEmpty || watch != nil else { return [] }
        let ordered = sightings.count < 2 ? sightings : sightings.sorted(by: Self.isEarlier)
        let table = table.withLock { $0 }, now = clock.now
        StopPoint.pass(.admitting)
        let admitted: Admitted
        do throws(LedgerError) {
            admitted = try await ledger.admit(watches: watches, watch: watch) { store in
                let plan = DeliveryPlan(router: table.router, mutes: store.mutes, now: now)
                return try ordered.map { sighting in
                    let sighting = try sighting.withHistory(from: store)
                    var admission = Self.admission(sighting, plan, table.catchUp)
                    if sighting.telling == .routed { plan.tellRecovery(try sighting.endedFailures(from: store), in: &admission) }
                    return admission
                }
            }
        } catch {
            // It may be written although the store reported an error. The next look would find it known and wake no lane.
            wake(Set(router.recipients.keys))
            throw error
        }
        StopPoint.pass(.admitted)
        let new = admitted.new
        guard !new.isEmpty else { return [] }
        let silent = Set(ordered.lazy.filter { $0.telling == .silent }.map(\.event.id))
        for admission in new {
            metrics.admitted(account: admission.event.account, kind: admission.event.kind)
            guard !silent.contains(admission.event.id) else { continue }
            noteDelay(of: admission.event)
            if admission.event.kind == .decision { await noteDecision(admission.event) }
        }
        let follows = new.contains { $0.followsRequest != nil }
        wake(Set(follows ? Array(table.router.recipients.keys) : new.flatMap { $0.owed.map(\.destination) + $0.edits.map(\.destination) }))
        return new.map(\.event)
    }

    /// Judges what is expected of an account's automations, and admits what is to be told of it.
    func expect(_ judge: ExpectationJudge) async throws(LedgerError) -> ExpectationJudge.Round {
        let table = table.withLock { $0 }, found = Locked(ExpectationJudge.Round())
        let admitted: Admitted
        do throws(LedgerError) {
            admitted = try await ledger.expect(account: judge.account) { store in
                let round = try judge.round(store)
                found.withLock { $0 = round }
                let plan = DeliveryPlan(router: table.router, mutes: store.mutes, now: judge.now)
                return (round.expectations, round.sightings.map { Self.admission($0, plan, table.catchUp) })
            }
        } catch {
            wake(Set(table.router.recipients.keys))
            throw error
        }
        for admission in admitted.new { metrics.admitted(account: admission.event.account, kind: admission.event.kind) }
        if !admitted.new.isEmpty { wake(Set(table.router.recipients.keys)) }
        return found.withLock { $0 }
    }

    private static func isEarlier(_ one: Sighting, _ other: Sighting) -> Bool {
        (one.event.occurredAt, one.event.id) < (other.event.occurredAt, other.event.id)
    }

    private func noteDelay(of event: Event) {
        guard let account = event.account else { return }
        metrics.seen(account: account, kind: event.kind, after: event.occurredAt.duration(to: clock.now))
    }

    private func noteDecision(_ event: Event) async {
        guard let account = event.account, case .approval(let detail) = event.payload.detail, detail.state != .open else { return }
        let took = detail.createdAt.flatMap { asked in detail.decidedAt.map { asked.duration(to: $0) } }
        do throws(LedgerError) {
            let answer = try await ledger.lastAnswer(account: account, approval: detail.id)
            metrics.decided(via: WayIn(answer, to: detail.state), detail.state, took: took)
        } catch {
            metrics.decided(via: .unknown, detail.state, took: took)
        }
    }

    private static func admission(_ sighting: Sighting, _ plan: DeliveryPlan, _ catchUps: [String: Duration]) -> Admission {
        var event = sighting.event
        let catchUp = event.account.flatMap { catchUps[$0] }
        event.priority = plan.router.priority(of: event)
        var admission = Admission(event: event, owed: [], windows: [], approval: sighting.approval, followsRequest: nil)
        switch sighting.telling {
        case .silent: break
        case .routed: (admission.owed, admission.windows) = plan.plan(event, also: sighting.also)
        case .following: admission.followsRequest = plan.following(event)
        case .editing:
            admission.followsRequest = plan.following(event)
            admission.followsRequest?.onlyEdits = true
        case .followingAndRouted:
            admission.followsRequest = plan.following(event)
            (admission.owed, admission.windows) = plan.plan(event)
        }
        if let catchUp, !event.isAboutApproval, event.kind != .relay, event.occurredAt < plan.now - catchUp {
            admission.windows = admission.windows.filter { $0.kind == .digest } + CatchUp.joins(admission, at: plan.now)
            admission.owed = []
        }
        return admission
    }
}
