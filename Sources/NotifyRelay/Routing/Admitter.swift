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

    /// Admits the events of one poll, oldest first, in one transaction with the state that the poll learned.
    ///
    /// - Returns: the number of new events.
    @discardableResult
    func admit(_ sightings: [Sighting], watches: [RunWatch] = [], feed: FeedState? = nil) async throws(LedgerError) -> Int {
        guard !sightings.isEmpty || !watches.isEmpty || feed != nil else { return 0 }
        let ordered = sightings.sorted { ($0.event.occurredAt, $0.event.id) < ($1.event.occurredAt, $1.event.id) }
        let plan = DeliveryPlan(router: router, mutes: ordered.isEmpty ? [] : try await ledger.mutes(), now: clock.now)
        let admissions = ordered.map { admission($0, plan) }
        StopPoint.pass(.admitting)
        let results: [AdmissionResult]
        do throws(LedgerError) {
            results = try await ledger.admit(admissions, watches: watches, feed: feed)
        } catch {
            // It may be written although the store reported an error. The next look would find it known and wake no lane.
            wake(Set(router.recipients.keys))
            throw error
        }
        StopPoint.pass(.admitted)
        var new = 0
        var woken = Set<String>()
        var follows = false
        for (index, (admission, result)) in zip(admissions, results).enumerated() {
            guard case .admitted = result else { continue }
            new += 1
            metrics.admitted(account: admission.event.account, kind: admission.event.kind)
            if ordered[index].telling != .silent { noteDelay(of: admission.event) }
            woken.formUnion(admission.owed.map(\.destination))
            follows = follows || admission.followsRequest != nil
        }
        if new > 0 { wake(follows ? Set(router.recipients.keys) : woken) }
        return new
    }

    private func noteDelay(of event: Event) {
        guard let account = event.account else { return }
        metrics.seen(account: account, kind: event.kind, after: event.occurredAt.duration(to: clock.now))
    }

    private func admission(_ sighting: Sighting, _ plan: DeliveryPlan) -> Admission {
        var event = sighting.event
        let catchUp = event.account.flatMap { account in table.withLock { $0.catchUp[account] } }
        event.priority = plan.router.priority(of: event)
        var admission = Admission(event: event, owed: [], windows: [], approval: sighting.approval, followsRequest: nil)
        switch sighting.telling {
        case .silent: break
        case .routed: (admission.owed, admission.windows) = plan.plan(event, also: sighting.also)
        case .following: admission.followsRequest = plan.following(event)
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
