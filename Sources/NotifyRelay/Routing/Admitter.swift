import Dedup
import RelayCore

/// The one way into the ledger: gives a sighting its priority and its routes, admits it, and wakes the lanes that now owe something.
final class Admitter: Sendable {
    private struct Table {
        var router: Router
        /// Older than this, an event that is no approval is gathered instead of told singly, by account.
        var catchUp: [String: Duration]
    }

    private let table: Locked<Table>
    private let ledger: Ledger
    private let clock: any WallClock
    private let metrics: Metrics
    /// Rings the lanes of these destinations.
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

    /// Admits what a look brought, oldest first, in one transaction with what the look learned. Returns how many were new.
    @discardableResult
    func admit(_ sightings: [Sighting], watches: [RunWatch] = [], feed: FeedState? = nil) async throws(LedgerError) -> Int {
        guard !sightings.isEmpty || !watches.isEmpty || feed != nil else { return 0 }
        let ordered = sightings.sorted { ($0.event.occurredAt, $0.event.id) < ($1.event.occurredAt, $1.event.id) }
        let holding = DeliveryPlan(router: router, mutes: ordered.isEmpty ? [] : try await ledger.mutes(), now: clock.now)
        let admissions = ordered.map { admission($0, holding) }
        StopPoint.pass(.admitting)
        let results: [AdmissionResult]
        do throws(LedgerError) {
            results = try await ledger.admit(admissions, watches: watches, feed: feed)
        } catch {
            // It may be written although the store said otherwise. The next look would know it already and wake nobody.
            wake(Set(router.recipients.keys))
            throw error
        }
        StopPoint.pass(.admitted)
        var new = 0
        var woken = Set<String>()
        var follows = false
        for (admission, result) in zip(admissions, results) {
            guard case .admitted = result else { continue }
            new += 1
            metrics.admitted(account: admission.event.account, kind: admission.event.kind)
            woken.formUnion(admission.owed.map(\.destination))
            follows = follows || admission.followsRequest != nil
        }
        if new > 0 { wake(follows ? Set(router.recipients.keys) : woken) }
        return new
    }

    private func admission(_ sighting: Sighting, _ holding: DeliveryPlan) -> Admission {
        var event = sighting.event
        let catchUp = event.account.flatMap { account in table.withLock { $0.catchUp[account] } }
        event.priority = holding.router.priority(of: event)
        var admission = Admission(event: event, owed: [], windows: [], approval: sighting.approval, followsRequest: nil)
        switch sighting.telling {
        case .silent: break
        case .routed: (admission.owed, admission.windows) = holding.plan(event, also: sighting.also)
        case .following: admission.followsRequest = holding.following(event)
        case .followingAndRouted:
            admission.followsRequest = holding.following(event)
            (admission.owed, admission.windows) = holding.plan(event)
        }
        if let catchUp, !event.isAboutApproval, event.kind != .relay, event.occurredAt < holding.now - catchUp {
            admission.windows = admission.windows.filter { $0.kind == .digest } + CatchUp.joins(admission, at: holding.now)
            admission.owed = []
        }
        return admission
    }
}
