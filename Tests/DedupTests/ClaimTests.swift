import RelayCore
import RelayTesting
import Testing

@testable import Dedup

/// Which deliveries may be claimed when, what a start does with claims, and the counts behind `status`.
struct ClaimTests {
    let store: TestStore

    init() throws { store = try TestStore() }

    /// Admits a delivery that is due in an hour.
    private func held(_ id: Int, for hold: DeferReason?, priority: Priority = .normal, once: Bool = false) async throws {
        var owed = store.owed(in: 60, priority: priority, once: once)
        owed.heldFor = hold
        try await store.admit(notification(id, priority: priority, at: store.clock), [owed])
    }

    private func claimed(_ limit: Int = 9, probing: Bool = false) async throws -> [Int] {
        try await store.ledger.claim("ops", limit: limit, lease: .seconds(60), probing: probing).compactMap {
            Int($0.event.id.dropFirst("live/notification/".count))
        }
    }

    @Test func `a probe takes the most urgent of what waits for its next try`() async throws {
        try await held(1, for: .retry, priority: .low)
        try await held(2, for: .retry, priority: .high)
        try await held(3, for: .retry, priority: .high)
        #expect(try await claimed(1).isEmpty)
        #expect(try await claimed(1, probing: true) == [2])
        #expect(try await claimed(9, probing: true) == [3, 1])
    }

    @Test(arguments: [DeferReason.claim, .throttle, .quiet, nil])
    func `a probe takes nothing that waits for anything else`(hold: DeferReason?) async throws {
        try await held(1, for: hold)
        #expect(try await claimed(probing: true).isEmpty)
    }

    @Test func `a claim goes over the priorities up to its limit, and to its destination alone`() async throws {
        for (id, priority) in [(1, Priority.low), (2, .urgent), (3, .low), (4, .high)] {
            try await store.admit(notification(id, priority: priority, at: store.clock), [store.owed(priority: priority)])
        }
        try await store.admit(notification(5, at: store.clock), [store.owed("mail")])
        #expect(try await claimed(3) == [2, 4, 1])
        #expect(try await claimed(3) == [3])
    }

    @Test func `a claim carries all that its route and its event said`() async throws {
        var owed = store.owed("mail", priority: .high, once: true)
        owed.recipient = "ann@example.com"
        owed.options.mention = "@here"
        let event = notification(1, at: store.clock)
        try await store.admit(event, [owed])
        let claim = try await store.claimOne("mail")
        #expect(claim.event == event && claim.destination == "mail" && claim.recipient == "ann@example.com")
        #expect(claim.route == "loud" && claim.priority == .high)
        #expect(claim.options == DeliveryOptions(atMostOnce: true, mention: "@here"))
        #expect(claim.present == nil && claim.firstFailedAt == nil)
    }

    @Test func `the next to be due is the earliest of all priorities, the past if it is due, and nil if nothing is owed`() async throws {
        #expect(try await store.ledger.nextDue("ops") == nil)
        try await store.admit(notification(1, at: store.clock), [store.owed(in: 9, priority: .urgent)])
        try await store.admit(notification(2, at: store.clock), [store.owed(in: 5, priority: .low)])
        #expect(try await store.ledger.nextDue("ops") == store.clock.now + .seconds(300))
        try await store.admit(notification(3, at: store.clock), [store.owed(in: -1)])
        #expect(try await store.ledger.nextDue("ops") == store.clock.now - .seconds(60))
        #expect(try await store.ledger.nextDue("mail") == nil)
    }

    @Test(arguments: [DeferReason.retry, .throttle, .quiet, nil])
    func `a start releases claims and nothing else`(hold: DeferReason?) async throws {
        try await held(1, for: hold, once: true)
        #expect(try await store.ledger.releaseClaims() == 0)
        let delivery = try #require(try await store.ledger.history("live/notification/1").deliveries.first)
        #expect(delivery.state == .owed && delivery.heldFor == hold && delivery.dueAt == store.clock.now + .seconds(3_600))
    }

    @Test func `what a start cannot tell says why, counts its attempt, and can be put back by hand`() async throws {
        try await store.admit(notification(1, at: store.clock), [store.owed(once: true)])
        let claim = try await store.claimOne()
        store.clock.advance(by: .seconds(5))
        #expect(try await store.ledger.releaseClaims() == 1)
        let delivery = try #require(try await store.ledger.history("live/notification/1").deliveries.first)
        #expect(delivery.state == .unknown && delivery.attempt == 1 && delivery.heldFor == nil)
        #expect(delivery.settledAt == store.clock.now && delivery.reason?.contains("once at most") == true)
        #expect(try await store.ledger.settle(claim, as: .delivered(Receipt()), attempt: nil) == false)
        #expect(try await store.ledger.retry(.all) == 1)
        #expect(try await claimed() == [1])
    }

    @Test func `a mention alone does not make a claim unknown at a start`() async throws {
        var owed = store.owed()
        owed.options.mention = "@here"
        try await store.admit(notification(1, at: store.clock), [owed])
        _ = try await store.claimOne()
        #expect(try await store.ledger.releaseClaims() == 1)
        #expect(try await store.claimOne().options.mention == "@here")
    }

    @Test func `unfinished is what is due, waits for another try or was put off by its destination`() async throws {
        for (id, hold) in [DeferReason.retry, .throttle, .quiet, .claim, nil].enumerated() { try await held(id, for: hold) }
        #expect(try await store.ledger.unfinished(at: store.clock.now) == 2)
        try await store.admit(notification(9, at: store.clock), [store.owed()])
        #expect(try await store.ledger.unfinished(at: store.clock.now) == 3)
        _ = try await store.ledger.settle(try await store.claimOne(), as: .delivered(Receipt()), attempt: nil)
        #expect(try await store.ledger.unfinished(at: store.clock.now) == 2)
    }

    @Test func `unrouted is what was never owed to anybody and joined no window, among the newest`() async throws {
        let join = WindowJoin(kind: .digest, name: "morning", opensAt: store.clock.now, closesAt: store.clock.now + .seconds(60))
        try await store.admit(notification(1, at: store.clock), [])
        try await store.admit(notification(2, at: store.clock), [])
        try await store.admit(notification(3, at: store.clock), [store.owed()])
        _ = try await store.ledger.admit([Admission(event: notification(4, at: store.clock), windows: [join])])
        _ = try await store.ledger.drop(.all, reason: "by hand")
        #expect(try await store.ledger.unrouted(amongNewest: 100) == 2)
        #expect(try await store.ledger.unrouted(amongNewest: 3) == 1)
        var said: [Bool] = []
        for id in 1...4 { said.append(try await store.ledger.event("live/notification/\(id)")?.unrouted ?? false) }
        #expect(said == [true, true, false, false])
    }
}
