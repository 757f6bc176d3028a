import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Dedup

/// The guarantees of the ledger, one test for each.
struct PromiseTests {
    let store: TestStore

    init() throws { store = try TestStore() }

    @Test func `an event is admitted once, whoever says it again`() async throws {
        let event = notification(1, at: store.clock)
        #expect(try await store.admit(event, [store.owed()]) == .admitted(owed: 1))
        #expect(try await store.admit(event, [store.owed(), store.owed("mail")]) == .known)
        let both = Admission(event: notification(2, at: store.clock), owed: [store.owed()])
        #expect(try await store.ledger.admit([both, both]) == [.admitted(owed: 1), .known])
        #expect(try await store.number("SELECT count(*) FROM delivery") == 2)
    }

    @Test func `two openings of one file admit an event once between them`() async throws {
        let other = try store.another()
        let ledgers = [store.ledger, other]
        let clock = store.clock
        let owed = store.owed()
        let admitted = try await withThrowingTaskGroup(of: Int.self) { group in
            for turn in 0..<80 {
                group.addTask {
                    let results = try await ledgers[turn % 2].admit(
                        [Admission(event: notification(turn / 4, at: clock), owed: [owed])])
                    return results.count { $0 != .known }
                }
            }
            return try await group.reduce(0, +)
        }
        try other.close()
        #expect(admitted == 20)
        #expect(try await store.number("SELECT count(*) FROM delivery") == 20)
    }

    @Test func `an event appears with all that it owes and joins, or not at all`() async throws {
        let clock = store.clock
        let window = WindowJoin(kind: .digest, name: "morning", opensAt: clock.now, closesAt: clock.now + .seconds(60))
        let seenByOthers = Locked<[Int?]>([])
        let read = store.reader
        store.ledger.writes.stopPoint.withLock { hook in
            hook = { place in
                guard place.hasPrefix("admit") else { return }
                let count = try? read(countAll)
                seenByOthers.withLock { $0.append(count) }
            }
        }
        _ = try await store.ledger.admit(
            [Admission(event: notification(1, at: clock), owed: [store.owed(), store.owed("mail")], windows: [window])])
        #expect(seenByOthers.withLock { $0 } == [0, 4])
    }

    @Test func `what cannot be written whole leaves nothing behind`() async throws {
        try await store.refuseRows(in: "delivery", where: "NEW.destination = 'mail'")
        let event = notification(1, at: store.clock)
        let watch = RunWatch(account: "live", run: "r1", automation: "m1", shown: "x", dueAt: store.clock.now)
        let owed = [store.owed(), store.owed("mail")]
        await #expect(throws: LedgerError.self) {
            try await store.ledger.admit(watches: [watch]) { _ in [Admission(event: event, owed: owed)] }
        }
        #expect(try await store.number("SELECT count(*) FROM event") == 0)
        #expect(try await store.number("SELECT count(*) FROM delivery") == 0)
        #expect(try await store.number("SELECT count(*) FROM run_watch") == 0)
    }

    @Test func `a failed attempt is counted and its first time kept`() async throws {
        try await store.admit(notification(1, at: store.clock), [store.owed()])
        let began = store.clock.now
        for turn in 1...3 {
            let claim = try await store.claimOne()
            #expect(claim.attempt == turn)
            let due = store.clock.now + .seconds(10)
            #expect(try await store.ledger.settle(claim, as: .retry(at: due, reason: "timeout"), attempt: store.attempt()))
            #expect(try await store.ledger.claim("ops", limit: 1, lease: .seconds(60)).isEmpty)
            store.clock.advance(by: .seconds(10))
        }
        let claim = try await store.claimOne()
        #expect(claim.firstFailedAt == began)
        #expect(try await store.ledger.history("live/notification/1").deliveries.first?.attempts.count == 3)
    }

    @Test func `putting off costs no attempt`() async throws {
        try await store.admit(notification(1, at: store.clock), [store.owed()])
        for hold in [DeferReason.throttle, .quiet, nil] {
            let claim = try await store.claimOne()
            #expect(claim.attempt == 1)
            let until = store.clock.now + .seconds(30)
            #expect(try await store.ledger.settle(claim, as: .deferred(until: until, hold: hold), attempt: nil))
            #expect(try await store.ledger.nextDue("ops") == until)
            store.clock.advance(by: .seconds(30))
        }
        #expect(try await store.claimOne().firstFailedAt == nil)
    }

    @Test func `a stale claimant changes nothing`() async throws {
        try await store.admit(notification(1, at: store.clock), [store.owed()])
        let stale = try await store.claimOne(lease: .seconds(10))
        store.clock.advance(by: .seconds(10))
        let fresh = try await store.claimOne()
        #expect(fresh.fence == stale.fence + 1)
        let settlements: [Settlement] = [
            .delivered(Receipt()), .dead("no"), .dropped("no"), .unknown("?"), .retry(at: store.clock.now, reason: "timeout"),
            .deferred(until: store.clock.now, hold: nil),
        ]
        for settlement in settlements {
            #expect(try await store.ledger.settle(stale, as: settlement, attempt: store.attempt()) == false)
        }
        #expect(try await store.number("SELECT count(*) FROM attempt") == 0)
        #expect(try await store.ledger.settle(fresh, as: .delivered(Receipt()), attempt: store.attempt("delivered")))
        #expect(try await store.ledger.settle(fresh, as: .delivered(Receipt()), attempt: store.attempt("delivered")) == false)
        #expect(try await store.states(of: "live/notification/1") == [.delivered])
    }

    @Test func `what was claimed comes back when its lease ends, and at once when the store is opened anew`() async throws {
        try await store.admit(notification(1, at: store.clock), [store.owed()])
        try await store.admit(notification(2, at: store.clock), [store.owed(once: true)])
        #expect(try await store.ledger.claim("ops", limit: 9, lease: .seconds(60)).count == 2)
        #expect(try await store.ledger.claim("ops", limit: 9, lease: .seconds(60)).isEmpty)
        #expect(try await store.ledger.releaseClaims() == 2)
        #expect(try await store.ledger.claim("ops", limit: 9, lease: .seconds(60)).map(\.event.id) == ["live/notification/1"])
        #expect(try await store.states(of: "live/notification/2") == [.unknown])
        store.clock.advance(by: .seconds(60))
        #expect(try await store.claimOne().fence == 3)
    }

    @Test func `the urgent goes first, then the longest due`() async throws {
        for (id, priority, minutes) in [(1, Priority.low, -9), (2, .normal, -1), (3, .normal, -5), (4, .urgent, 0), (5, .urgent, 1)] {
            try await store.admit(
                notification(id, priority: priority, at: store.clock), [store.owed(in: minutes, priority: priority)])
        }
        let order = try await store.ledger.claim("ops", limit: 9, lease: .seconds(60)).map(\.event.id)
        #expect(order == [4, 3, 2, 1].map { "live/notification/\($0)" })
    }
}

/// Counts events, deliveries and members together.
private let countAll =
    "SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM delivery) + (SELECT count(*) FROM member)"
