import GRDB
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Dedup

/// The deliveries that `retry` and `drop` change, and those that they do not.
struct ByHandTests {
    let store: TestStore

    init() throws { store = try TestStore() }

    /// Deliveries 1 to 5 at `ops`, one in each state, and a dead one at `mail`.
    private func oneOfEach() async throws {
        let ends: [Settlement?] = [.dead("refused"), .unknown("no answer"), .delivered(Receipt()), .dropped("old"), nil]
        for (index, end) in ends.enumerated() {
            try await store.admit(notification(index + 1, at: store.clock), [store.owed()])
            let claim = try await store.claimOne()
            if let end { #expect(try await store.ledger.settle(claim, as: end, attempt: nil)) }
        }
        try await store.admit(notification(6, at: store.clock), [store.owed("mail")])
        #expect(try await store.ledger.settle(try await store.claimOne("mail"), as: .dead("refused"), attempt: nil))
    }

    private func states() async throws -> [String] {
        try await store.ledger.read { try $0.all("SELECT state FROM delivery ORDER BY id") { $0[0] } }
    }

    @Test(arguments: [
        (Selection.all, "owed owed delivered dropped owed owed", 3),
        (.destination("ops"), "owed owed delivered dropped owed dead", 2),
        (.events((1...4).map { "live/notification/\($0)" } + ["nothing"]), "owed owed delivered dropped owed dead", 2),
        (.deliveries([2, 3, 5, 99]), "dead owed delivered dropped owed dead", 1),
        (.deliveries([6, 6]), "dead unknown delivered dropped owed owed", 1),
        (.deliveries([]), "dead unknown delivered dropped owed dead", 0),
    ])
    func `a retry puts back what is dead or unknown, of what was named alone`(of: Selection, after: String, count: Int) async throws {
        try await oneOfEach()
        #expect(try await store.ledger.retry(of) == count)
        #expect(try await states().joined(separator: " ") == after)
    }

    @Test(arguments: [
        (Selection.all, "dropped unknown delivered dropped dropped dropped", 3),
        (.destination("ops"), "dropped unknown delivered dropped dropped dead", 2),
        (.events((1...4).map { "live/notification/\($0)" } + ["nothing"]), "dropped unknown delivered dropped owed dead", 1),
        (.deliveries([2, 3, 5, 99]), "dead unknown delivered dropped dropped dead", 1),
        (.deliveries([6, 6]), "dead unknown delivered dropped owed dropped", 1),
    ])
    func `a drop gives up what is owed or dead, of what was named alone`(of: Selection, after: String, count: Int) async throws {
        try await oneOfEach()
        #expect(try await store.ledger.drop(of, reason: "by hand") == count)
        #expect(try await states().joined(separator: " ") == after)
    }

    @Test(arguments: [Settlement.dead("refused"), .unknown("no answer")])
    func `what is put back is due at once, as if never tried, and its old attempts stay`(end: Settlement) async throws {
        try await store.admit(notification(1, at: store.clock), [store.owed()])
        let first = try await store.claimOne()
        _ = try await store.ledger.settle(first, as: .retry(at: store.clock.now, reason: "timeout"), attempt: store.attempt())
        let second = try await store.claimOne()
        _ = try await store.ledger.settle(second, as: end, attempt: store.attempt("dead"))
        store.clock.advance(by: .seconds(600))
        _ = try await store.ledger.retry(.all)
        let put = try #require(try await store.ledger.history("live/notification/1").deliveries.first)
        #expect(put.state == .owed && put.dueAt == store.clock.now && put.heldFor == nil)
        #expect(put.reason == nil && put.settledAt == nil && put.attempts.count == 2)
        let claim = try await store.claimOne()
        #expect(claim.attempt == 1 && claim.firstFailedAt == nil)
        #expect(try await store.ledger.settle(second, as: .delivered(Receipt()), attempt: nil) == false)
    }

    @Test func `who sends what is dropped meanwhile cannot settle it any more`() async throws {
        try await store.admit(notification(1, at: store.clock), [store.owed()])
        let claim = try await store.claimOne()
        #expect(try await store.ledger.drop(.all, reason: "by hand") == 1)
        #expect(try await store.ledger.settle(claim, as: .delivered(Receipt()), attempt: store.attempt("delivered")) == false)
        let dropped = try #require(try await store.ledger.history("live/notification/1").deliveries.first)
        #expect(dropped.state == .dropped && dropped.reason == "by hand" && dropped.settledAt == store.clock.now)
        #expect(dropped.heldFor == nil && dropped.attempts.isEmpty)
    }

    @Test func `what was given up by hand is not put back`() async throws {
        try await store.admit(notification(1, at: store.clock), [store.owed()])
        _ = try await store.ledger.drop(.all, reason: "by hand")
        #expect(try await store.ledger.retry(.all) == 0)
        #expect(try await store.ledger.claim("ops", limit: 1, lease: .seconds(60)).isEmpty)
    }

    @Test func `another process sees that something changed`() async throws {
        let command = try store.another()
        try await store.admit(notification(1, at: store.clock), [store.owed()])
        _ = await store.ledger.changedElsewhere()
        #expect(await store.ledger.changedElsewhere() == false)
        _ = try await command.drop(.all, reason: "by hand")
        try command.close()
        #expect(await store.ledger.changedElsewhere())
        #expect(await store.ledger.changedElsewhere() == false)
    }
}
