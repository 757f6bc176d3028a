import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Dedup

/// Retention keeps all ids. It empties what is old and settled, and nothing that is still needed.
struct RetentionTests {
    private let day = Duration.seconds(86_400)

    private func retain(_ store: TestStore, payloads: Int = 90, attempts: Int = 30, audit: Int = 730) async throws -> Int {
        let now = store.clock.now
        return try await store.ledger.retain(
            payloadsBefore: now - day * payloads, attemptsBefore: now - day * attempts, auditBefore: now - day * audit)
    }

    private func deliver(_ event: Event, in store: TestStore) async throws {
        try await store.admit(event, [store.owed()])
        _ = try await store.ledger.settle(try await store.claimOne(), as: .delivered(Receipt()), attempt: store.attempt("delivered"))
    }

    @Test func `what is old and settled loses its text and keeps its id`() async throws {
        let store = try TestStore()
        let event = notification(1, at: store.clock)
        try await deliver(event, in: store)
        store.clock.advance(by: day * 91)
        #expect(try await retain(store) > 0)
        #expect(try await store.ledger.event(event.id)?.isEmptied == true)
        #expect(try await store.admit(event, [store.owed()]) == .known)
        #expect(try await store.ledger.claim("ops", limit: 1, lease: .seconds(60)).isEmpty)
    }

    @Test func `what is young keeps its text`() async throws {
        let store = try TestStore()
        try await deliver(notification(1, at: store.clock), in: store)
        store.clock.advance(by: day * 89)
        _ = try await retain(store)
        #expect(try await store.ledger.event("live/notification/1")?.isEmptied == false)
    }

    @Test(arguments: [Settlement.dead("refused"), .unknown("no answer"), .retry(at: .distantFuture, reason: "timeout")])
    func `what is owed, dead or unknown keeps its text and its attempts`(settlement: Settlement) async throws {
        let store = try TestStore()
        try await store.admit(notification(1, at: store.clock), [store.owed()])
        _ = try await store.ledger.settle(try await store.claimOne(), as: settlement, attempt: store.attempt())
        store.clock.advance(by: day * 400)
        _ = try await retain(store)
        #expect(try await store.ledger.event("live/notification/1")?.isEmptied == false)
        #expect(try await store.ledger.history("live/notification/1").deliveries.first?.attempts.count == 1)
    }

    @Test func `a member of an open window keeps its text until the window is closed`() async throws {
        let store = try TestStore()
        let join = WindowJoin(kind: .quiet, name: "w", destination: "ops", opensAt: store.clock.now, closesAt: store.clock.now + day * 300)
        _ = try await store.ledger.admit([Admission(event: notification(1, at: store.clock), windows: [join])])
        store.clock.advance(by: day * 200)
        _ = try await retain(store)
        #expect(try await store.ledger.event("live/notification/1")?.isEmptied == false)
        store.clock.advance(by: day * 200)
        let window = try #require(try await store.ledger.dueWindows(at: store.clock.now).first)
        _ = try await store.ledger.close(window.id)
        _ = try await retain(store)
        #expect(try await store.ledger.event("live/notification/1")?.isEmptied == true)
    }

    @Test func `an open approval keeps its row, and a decided one loses its text`() async throws {
        let store = try TestStore()
        try await store.admit(approval(at: store.clock))
        store.clock.advance(by: day * 400)
        _ = try await retain(store)
        #expect(try await store.ledger.approval(account: "live", id: "a1")?.payload == approval(at: store.clock).row.payload)
        try await store.ledger.store([approval(version: 2, state: .approved, at: store.clock).row])
        store.clock.advance(by: day * 91)
        _ = try await retain(store)
        let row = try #require(try await store.ledger.approval(account: "live", id: "a1"))
        #expect(row.version == 2 && row.payload != approval(version: 2, state: .approved, at: store.clock).row.payload)
    }

    @Test func `attempts have an age of their own`() async throws {
        let store = try TestStore()
        try await deliver(notification(1, at: store.clock), in: store)
        store.clock.advance(by: day * 31)
        _ = try await retain(store)
        let history = try await store.ledger.history("live/notification/1")
        #expect(history.deliveries.map(\.state) == [.delivered])
        #expect(history.deliveries.first?.attempts.isEmpty == true)
        #expect(try await store.ledger.event("live/notification/1")?.isEmptied == false)
    }

    @Test func `the receipt of an open approval is kept, of a decided one only while it is young`() async throws {
        let store = try TestStore()
        try await store.admit(approval(at: store.clock), [store.owed()])
        _ = try await store.ledger.settle(try await store.claimOne(), as: .delivered(Receipt(["id": "m1"])), attempt: nil)
        store.clock.advance(by: day * 91)
        _ = try await retain(store)
        let find = { try await store.ledger.receipt(subject: "live/approval/a1", destination: "ops", recipient: "") }
        #expect(try await find() != nil)
        try await store.ledger.store([approval(version: 2, state: .approved, at: store.clock).row])
        _ = try await retain(store)
        #expect(try await find() == nil)
    }

    @Test func `answers are kept for the audit, and one that is asked for longer`() async throws {
        let store = try TestStore()
        let asked = try await store.ledger.ask(account: "live", approval: "a1", choice: .approve, actor: "ann", via: "test")
        guard case .asked = asked else {
            Issue.record("not asked")
            return
        }
        store.clock.advance(by: day * 731)
        _ = try await retain(store)
        #expect(try await store.ledger.answers(account: nil, limit: 10).count == 1)
        let claimed = try #require(
            try await store.ledger.claimAnswer(account: "live", approval: "a1", round: 1, lease: .seconds(60)))
        _ = try await store.ledger.settleAnswer(claimed, as: .taken, status: 200)
        _ = try await retain(store)
        #expect(try await store.ledger.answers(account: nil, limit: 10).isEmpty)
    }

    @Test func `the events of an open approval keep their text until it is decided`() async throws {
        let store = try TestStore()
        for id in ["a1", "a2"] {
            try await store.admit(approval(id, at: store.clock), [store.owed()])
            _ = try await store.ledger.settle(try await store.claimOne(), as: .delivered(Receipt()), attempt: nil)
        }
        try await store.ledger.store([approval("a2", version: 2, state: .approved, at: store.clock).row])
        store.clock.advance(by: day * 91)
        _ = try await retain(store)
        #expect(try await store.ledger.event("live/approval/a1/v1")?.isEmptied == false)
        #expect(try await store.ledger.event("live/approval/a2/v1")?.isEmptied == true)
    }

    @Test func `the answers to an open approval are kept, so that no round comes twice`() async throws {
        let store = try TestStore()
        let ask = { try await store.ledger.ask(account: "live", approval: "a1", choice: .approve, actor: "ann", via: "test") }
        try await store.admit(approval(at: store.clock))
        _ = try await ask()
        let claimed = try #require(
            try await store.ledger.claimAnswer(account: "live", approval: "a1", round: 1, lease: .seconds(60)))
        _ = try await store.ledger.settleAnswer(claimed, as: .refused, status: 403)
        store.clock.advance(by: day * 731)
        _ = try await retain(store)
        guard case .asked(let next) = try await ask() else {
            Issue.record("not free")
            return
        }
        #expect(next.round == 2)
    }

    @Test(arguments: [Settlement.dead("refused"), .unknown("no answer")])
    func `the message that a failed decision is about is still found when that is put back`(end: Settlement) async throws {
        let store = try TestStore()
        try await store.admit(approval(at: store.clock), [store.owed()])
        _ = try await store.ledger.settle(try await store.claimOne(), as: .delivered(Receipt(["id": "m1"])), attempt: nil)
        try await store.admit(approval(version: 2, state: .approved, at: store.clock), follows: true)
        _ = try await store.ledger.settle(try await store.claimOne(), as: end, attempt: nil)
        store.clock.advance(by: day * 91)
        _ = try await retain(store)
        #expect(
            try await store.ledger.receipt(subject: "live/approval/a1", destination: "ops", recipient: "")?.receipt == Receipt(["id": "m1"])
        )
    }

    @Test func `each age stands for itself`() async throws {
        let store = try TestStore()
        try await deliver(notification(1, at: store.clock), in: store)
        store.clock.advance(by: day * 10)
        _ = try await retain(store, payloads: 5)
        #expect(try await store.ledger.event("live/notification/1")?.isEmptied == true)
        #expect(try await store.ledger.history("live/notification/1").deliveries.first?.attempts.count == 1)
    }

    @Test func `what waits to be emptied is found in steps, whatever stays between`() async throws {
        let store = try TestStore()
        let clock = store.clock
        let owed = store.owed()
        _ = try await store.ledger.admit(
            (1...4_500).map { Admission(event: notification($0, at: clock), owed: $0 % 3 == 0 ? [owed] : []) })
        store.clock.advance(by: day * 91)
        #expect(try await retain(store) == 3_000)
        #expect(try await store.number("SELECT count(*) FROM event WHERE payload IS NOT NULL") == 1_500)
        #expect(try await store.number("SELECT count(*) FROM event") == 4_500)
        #expect(try await retain(store) == 0)
    }

    @Test func `putting back by hand makes what was dead as if it was never tried`() async throws {
        let store = try TestStore()
        try await store.admit(notification(1, at: store.clock), [store.owed()])
        _ = try await store.ledger.settle(try await store.claimOne(), as: .dead("refused"), attempt: store.attempt())
        #expect(try await store.ledger.retry(.events(["live/notification/1"])) == 1)
        let claim = try await store.claimOne()
        #expect(claim.attempt == 1 && claim.firstFailedAt == nil)
    }

    @Test(arguments: [Selection.all, .destination("ops"), .events(["live/notification/1"]), .deliveries([1])])
    func `giving up by hand takes what is owed and what is dead, and nothing delivered`(selection: Selection) async throws {
        let store = try TestStore()
        try await store.admit(notification(1, at: store.clock), [store.owed()])
        #expect(try await store.ledger.drop(selection, reason: "by hand") == 1)
        #expect(try await store.states(of: "live/notification/1") == [.dropped])
        try await deliver(notification(2, at: store.clock), in: store)
        #expect(try await store.ledger.drop(.all, reason: "by hand") == 0)
    }
}
