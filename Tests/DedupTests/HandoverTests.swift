import GRDB
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Dedup

/// Deliveries of a renamed destination or account, deliveries of a failing destination, and clocks that were set.
struct HandoverTests {
    @Test func `what a destination owes goes to its new name, once`() async throws {
        let store = try TestStore()
        try await store.admit(notification(1, at: store.clock), [store.owed("old"), store.owed("new")])
        try await store.admit(notification(2, at: store.clock), [store.owed("old")])
        #expect(try await store.ledger.rename(destination: "old", to: "new") == 1)
        #expect(try await store.ledger.claim("old", limit: 10, lease: .seconds(60)).isEmpty)
        #expect(try await store.ledger.claim("new", limit: 10, lease: .seconds(60)).count == 2)
    }

    @Test func `the message of an approval is found under the destination's new name`() async throws {
        let store = try TestStore()
        try await store.admit(approval(at: store.clock), [store.owed("old")])
        _ = try await store.ledger.settle(try await store.claimOne("old"), as: .delivered(Receipt(["id": "m1"])), attempt: nil)
        _ = try await store.ledger.rename(destination: "old", to: "new")
        try await store.admit(approval(version: 2, state: .approved, at: store.clock), follows: true)
        #expect(try await store.claimOne("new").earlier == Receipt(["id": "m1"]))
    }

    @Test func `an account under a new name is told nothing again`() async throws {
        let store = try TestStore()
        try await store.admit(notification(1, at: store.clock), [store.owed()])
        try await store.admit(approval(at: store.clock), [store.owed()])
        try await store.ledger.save(FeedState(account: "live", name: "account", since: store.clock.now))
        #expect(try await store.ledger.rename(account: "live", to: "main") == 2)
        #expect(try await store.ledger.known(["main/notification/1", "main/approval/a1/v1"]).count == 2)
        #expect(try await store.ledger.known(["live/notification/1"]).isEmpty)
        #expect(try await store.ledger.approval(account: "main", id: "a1") != nil)
        #expect(try await store.ledger.claim("ops", limit: 5, lease: .seconds(60)).map(\.event.account) == ["main", "main"])
        #expect(try await store.ledger.feeds(account: "main").first?.since == store.clock.now)
    }

    @Test func `an account that has a life of its own takes over no other`() async throws {
        let store = try TestStore()
        try await store.admit(notification(1, at: store.clock), [store.owed()])
        try await store.ledger.save(FeedState(account: "main", name: "account", since: store.clock.now))
        #expect(try await store.ledger.rename(account: "live", to: "main") == 0)
        #expect(try await store.ledger.known(["live/notification/1"]).count == 1)
    }

    @Test func `what an ill destination has owed too long is owed to its fallback too, once`() async throws {
        let store = try TestStore()
        try await store.admit(notification(1, priority: .high, at: store.clock), [store.owed(priority: .high)])
        try await store.admit(notification(2, priority: .low, at: store.clock), [store.owed(priority: .low)])
        store.clock.advance(by: .seconds(1_000))
        try await store.admit(notification(3, priority: .high, at: store.clock), [store.owed(priority: .high)])
        let divert = {
            try await store.ledger.divert(
                from: "ops", to: "mail", recipients: [""], atLeast: .high, seenBefore: store.clock.now - .seconds(900))
        }
        #expect(try await divert() == 1)
        #expect(try await divert() == 0)
        #expect(try await store.claimOne("mail").event.id == "live/notification/1")
        #expect(try await store.ledger.claim("ops", limit: 5, lease: .seconds(60)).count == 3)
    }

    @Test(arguments: [(DeferReason.retry, true), (.throttle, true), (.quiet, false)])
    func `when the clock is set back, what waits for a retry or a rate limit moves with it`(hold: DeferReason, moves: Bool) async throws {
        let store = try TestStore()
        let due = store.clock.now + .seconds(7_200)
        var owed = store.owed()
        owed.dueAt = due
        owed.heldFor = hold
        try await store.admit(notification(1, at: store.clock), [owed])
        try await store.ledger.shiftHeld(by: .seconds(-3_600))
        #expect(try await store.ledger.nextDue("ops") == (moves ? due - .seconds(3_600) : due))
    }

    @Test func `time while a lane was shut does not count towards giving up`() async throws {
        let store = try TestStore()
        try await store.admit(notification(1, at: store.clock), [store.owed()])
        _ = try await store.ledger.settle(
            try await store.claimOne(), as: .retry(at: store.clock.now, reason: "timeout"), attempt: store.attempt())
        let failed = store.clock.now
        store.clock.advance(by: .seconds(10_000))
        try await store.ledger.reopen("ops", after: .seconds(9_000))
        #expect(try await store.claimOne().firstFailedAt == failed + .seconds(9_000))
    }

    @Test func `a probe takes what waits for its next try`() async throws {
        let store = try TestStore()
        try await store.admit(notification(1, at: store.clock), [store.owed()])
        _ = try await store.ledger.settle(
            try await store.claimOne(), as: .retry(at: store.clock.now + .seconds(3_600), reason: "timeout"), attempt: store.attempt())
        #expect(try await store.ledger.claim("ops", limit: 1, lease: .seconds(60)).isEmpty)
        #expect(try await store.ledger.claim("ops", limit: 1, lease: .seconds(60), probing: true).count == 1)
    }

    @Test(arguments: [
        ("live/notification/1", 1), ("1", 1), ("a1", 2), ("live/approval/a1/v2", 1), ("nothing", 0), ("", 0), ("9", 0),
    ])
    func `a person may name an event, a delivery's number or a bare id`(id: String, count: Int) async throws {
        let store = try TestStore()
        try await store.admit(notification(1, at: store.clock), [store.owed()])
        for version in 1...2 { try await store.admit(approval(version: version, at: store.clock)) }
        #expect(try await store.ledger.resolve(id).count == count)
    }

    @Test func `at start every claim is owed again, and unknown where it may be sent once at most`() async throws {
        let store = try TestStore()
        try await store.admit(notification(1, at: store.clock), [store.owed("ops")])
        try await store.admit(notification(2, at: store.clock), [store.owed("once", once: true)])
        _ = try await store.claimOne("ops")
        _ = try await store.claimOne("once")
        #expect(try await store.ledger.releaseClaims() == 2)
        #expect(try await store.states(of: "live/notification/2") == [.unknown])
        #expect(try await store.claimOne("ops").attempt == 1)
    }

    @Test func `one who was first is named to whoever answers later`() async throws {
        let store = try TestStore()
        let ask = { (actor: String) in
            try await store.ledger.ask(account: "live", approval: "a1", choice: .approve, actor: actor, via: "test")
        }
        guard case .asked(let first) = try await ask("ann") else {
            Issue.record("ann was not first")
            return
        }
        guard case .earlier(let earlier) = try await ask("bob") else {
            Issue.record("bob was")
            return
        }
        #expect(earlier.actor == "ann" && first.round == 1)
        let claimed = try #require(try await store.ledger.claimAnswer(account: "live", approval: "a1", round: 1, lease: .seconds(60)))
        #expect(try await store.ledger.claimAnswer(account: "live", approval: "a1", round: 1, lease: .seconds(60)) == nil)
        _ = try await store.ledger.settleAnswer(claimed, as: .refused, status: 403)
        guard case .asked(let next) = try await ask("bob") else {
            Issue.record("the approval is not free")
            return
        }
        #expect(next.round == 2)
    }

    @Test func `many writes at once share transactions, and one that fails undoes no other`() async throws {
        let store = try TestStore()
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    do {
                        if number == 77 {
                            try await store.ledger.writes.write("bad") { try $0.post("INSERT INTO nowhere VALUES (1)") }
                        } else {
                            try await store.admit(notification(number, at: store.clock), [store.owed()])
                        }
                        return true
                    } catch {
                        return number == 77
                    }
                }
            }
            for await good in group { #expect(good) }
        }
        #expect(try await store.number("SELECT count(*) FROM event") == 199)
    }
}
