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
        let admissions = ordered.map(admission)
        StopPoint.pass(.admitting)
        let results = try await ledger.admit(admissions, watches: watches, feed: feed)
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

    private func admission(_ sighting: Sighting) -> Admission {
        var event = sighting.event
        let table = table.withLock { $0 }
        let router = table.router
        let catchUp = event.account.flatMap { table.catchUp[$0] }
        event.priority = router.priority(of: event)
        let now = clock.now
        var admission = Admission(event: event, owed: [], windows: [], approval: sighting.approval, followsRequest: nil)
        switch sighting.telling {
        case .silent: break
        case .routed: admission.owed = router.owed(event, dueAt: now, also: sighting.also)
        case .following: admission.followsRequest = FollowRule(route: "update", dueAt: now)
        case .followingAndRouted:
            admission.followsRequest = FollowRule(route: "update", dueAt: now)
            admission.owed = router.owed(event, dueAt: now)
        }
        if let catchUp, !event.isAboutApproval, event.kind != .relay, event.occurredAt < now - catchUp {
            admission.windows = CatchUp.joins(admission.owed, at: now)
            admission.owed = []
        }
        return admission
    }
}

extension Event {
    /// Approvals and what follows them are told singly, always.
    var isAboutApproval: Bool { kind == .approval || kind == .decision || kind == .reminder }
}
