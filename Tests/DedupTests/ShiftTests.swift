import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Dedup

/// Which times move when the wall clock is set, and which time does not count towards giving a delivery up.
struct ShiftTests {
    let store: TestStore
    private let back = Duration.seconds(-3_600)

    init() throws { store = try TestStore() }

    @Test func `a claim ends as long after its beginning as it was to`() async throws {
        try await store.admit(notification(1, at: store.clock), [store.owed()])
        _ = try await store.claimOne(lease: .seconds(60))
        store.clock.jump(by: back)
        try await store.ledger.shiftHeld(by: back)
        store.clock.advance(by: .seconds(59))
        #expect(try await store.ledger.claim("ops", limit: 1, lease: .seconds(60)).isEmpty)
        store.clock.advance(by: .seconds(1))
        #expect(try await store.claimOne().fence == 2)
    }

    @Test func `what is due for no other reason than its time keeps it`() async throws {
        try await store.admit(notification(1, at: store.clock), [store.owed(in: 60)])
        try await store.ledger.shiftHeld(by: back)
        #expect(try await store.ledger.nextDue("ops") == store.clock.now + .seconds(3_600))
    }

    @Test func `what is settled stays as it was`() async throws {
        try await store.admit(notification(1, at: store.clock), [store.owed()])
        _ = try await store.ledger.settle(try await store.claimOne(), as: .dead("refused"), attempt: nil)
        let before = try await store.ledger.history("live/notification/1")
        try await store.ledger.shiftHeld(by: back)
        #expect(try await store.ledger.history("live/notification/1") == before)
    }

    @Test func `looks at runs move with it, unless nothing more is looked at`() async throws {
        let watch = { RunWatch(account: "live", run: $0, automation: "nightly", shown: "x", dueAt: store.clock.now, settled: $1) }
        try await store.ledger.save([watch("r1", false), watch("r2", true)])
        try await store.ledger.shiftHeld(by: back)
        #expect(try await store.ledger.watch(account: "live", run: "r1")?.dueAt == store.clock.now + back)
        #expect(try await store.ledger.watch(account: "live", run: "r2")?.dueAt == store.clock.now)
    }

    @Test func `answers on their way move with it, settled ones do not`() async throws {
        for id in ["a1", "a2"] {
            _ = try await store.ledger.ask(account: "live", approval: id, choice: .approve, actor: "ann", via: "cli")
        }
        let settled = try #require(
            try await store.ledger.claimAnswer(account: "live", approval: "a2", round: 1, lease: .seconds(60)))
        _ = try await store.ledger.settleAnswer(settled, as: .taken, status: 200)
        try await store.ledger.shiftHeld(by: back)
        #expect(try await store.ledger.answers(account: nil, limit: 9).map(\.dueAt) == [store.clock.now + back, settled.dueAt])
    }

    /// Admits a delivery that failed once, ten minutes ago.
    private func failed(_ destination: String, _ id: Int) async throws {
        try await store.admit(notification(id, at: store.clock), [store.owed(destination)])
        _ = try await store.ledger.settle(
            try await store.claimOne(destination), as: .retry(at: store.clock.now, reason: "timeout"), attempt: nil)
    }

    private func firstFailure(_ id: Int) async throws -> Timestamp? {
        try await store.ledger.history("live/notification/\(id)").deliveries.first?.firstFailedAt
    }

    @Test func `a first failure is excused up to now, never past it`() async throws {
        try await failed("ops", 1)
        store.clock.advance(by: .seconds(600))
        try await store.ledger.reopen("ops", after: .seconds(601))
        #expect(try await firstFailure(1) == store.clock.now)
    }

    @Test func `only what failed at that destination, and is owed, is excused`() async throws {
        let began = store.clock.now
        try await failed("mail", 1)
        try await failed("ops", 2)
        _ = try await store.ledger.settle(try await store.claimOne(), as: .dead("refused"), attempt: nil)
        try await store.admit(notification(3, at: store.clock), [store.owed()])
        store.clock.advance(by: .seconds(600))
        try await store.ledger.reopen("ops", after: .seconds(300))
        #expect(try await firstFailure(1) == began)
        #expect(try await firstFailure(2) == began)
        #expect(try await firstFailure(3) == nil)
    }

    @Test func `what waits for a retry is due at once when its lane opens, unless it was refused itself`() async throws {
        for (id, destination) in [(1, "mail"), (2, "ops"), (3, "ops")] {
            try await store.admit(notification(id, at: store.clock), [store.owed(destination)])
            let later = store.clock.now + .seconds(300)
            let settlement: Settlement = id == 3 ? .doubted(until: later, reason: "refused") : .retry(at: later, reason: "timeout")
            _ = try await store.ledger.settle(try await store.claimOne(destination), as: settlement, attempt: nil)
        }
        try await store.ledger.reopen("ops", after: .zero)
        #expect(try await store.ledger.claim("ops", limit: 9, lease: .seconds(60)).map(\.event.id) == ["live/notification/2"])
        #expect(try await store.ledger.claim("mail", limit: 9, lease: .seconds(60)).isEmpty)
    }
}
