import GRDB
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Dedup

/// Deliveries that are owed to a failing destination for too long are owed to its fallback too.
struct DivertTests {
    let store: TestStore

    init() throws { store = try TestStore() }

    private func divert(to recipients: [String] = [""], atLeast priority: Priority = .low) async throws -> Int {
        try await store.ledger.divert(
            from: "ops", to: "mail", recipients: recipients, atLeast: priority, seenBefore: store.clock.now + .seconds(1))
    }

    @Test func `each recipient of the fallback is told once, and the debt itself stays`() async throws {
        try await store.admit(notification(1, at: store.clock), [store.owed(in: 60)])
        #expect(try await divert(to: ["ann", "bob"]) == 2)
        #expect(try await divert(to: ["ann", "bob", "eve"]) == 1)
        let deliveries = try await store.ledger.history("live/notification/1").deliveries
        #expect(deliveries.map { "\($0.destination) \($0.recipient)" } == ["ops ", "mail ann", "mail bob", "mail eve"])
        #expect(Set(deliveries.map(\.state)) == [.owed])
        #expect(deliveries[0].dueAt == store.clock.now + .seconds(3_600))
        #expect(deliveries[1].dueAt == store.clock.now && deliveries[1].route == .builtIn(.fallback))
    }

    @Test func `what the fallback was told by its own route is not told again`() async throws {
        try await store.admit(notification(1, at: store.clock), [store.owed(), store.owed("mail")])
        _ = try await store.ledger.settle(try await store.claimOne("mail"), as: .delivered(Receipt()), attempt: nil)
        #expect(try await divert() == 0)
    }

    @Test func `only what is owed is diverted`() async throws {
        for (id, end) in [Settlement.delivered(Receipt()), .dead("no"), .unknown("?"), .dropped("old")].enumerated() {
            try await store.admit(notification(id, at: store.clock), [store.owed()])
            _ = try await store.ledger.settle(try await store.claimOne(), as: end, attempt: nil)
        }
        #expect(try await divert() == 0)
    }

    @Test func `what is less urgent, or was seen since, waits`() async throws {
        for (id, priority) in [Priority.low, .normal, .high, .urgent].enumerated() {
            try await store.admit(notification(id, priority: priority, at: store.clock), [store.owed(priority: priority)])
        }
        #expect(
            try await store.ledger.divert(
                from: "ops", to: "mail", recipients: [""], atLeast: .low, seenBefore: store.clock.now) == 0)
        #expect(try await divert(atLeast: .high) == 2)
        let claims = try await store.ledger.claim("mail", limit: 9, lease: .seconds(60))
        #expect(claims.map(\.priority) == [.urgent, .high])
    }

    @Test func `what is held in quiet hours has not waited, until they end`() async throws {
        var held = store.owed()
        (held.dueAt, held.heldFor) = (store.clock.now + .seconds(3_600), .quiet)
        try await store.admit(notification(1, at: store.clock), [held])
        #expect(try await divert() == 0)
        store.clock.advance(by: .seconds(3_660))
        #expect(try await divert() == 1)
    }

    @Test func `the fallback has quiet hours of its own`() async throws {
        for (id, priority) in [Priority.normal, .urgent].enumerated() {
            try await store.admit(notification(id, priority: priority, at: store.clock), [store.owed(priority: priority)])
        }
        let morning = store.clock.now + .seconds(28_800)
        #expect(
            try await store.ledger.divert(
                from: "ops", to: "mail", recipients: [""], atLeast: .low, seenBefore: store.clock.now + .seconds(1),
                quiet: { $0 < .urgent ? morning : nil }) == 2)
        let history = try await store.ledger.history("live/notification/0").deliveries
        #expect(history.last?.dueAt == morning && history.last?.heldFor == .quiet)
        #expect(try await store.ledger.claim("mail", limit: 9, lease: .seconds(60)).map(\.priority) == [.urgent])
    }

    @Test func `it may be sent once at most there too`() async throws {
        try await store.admit(notification(1, at: store.clock), [store.owed(once: true)])
        _ = try await divert()
        #expect(try await store.claimOne("mail").options == DeliveryOptions(atMostOnce: true))
    }

    @Test func `what follows a diverted request goes to the fallback too`() async throws {
        try await store.admit(approval(at: store.clock), [store.owed()])
        _ = try await divert()
        _ = try await store.ledger.settle(try await store.claimOne("mail"), as: .delivered(Receipt(["id": "m1"])), attempt: nil)
        try await store.admit(approval(version: 2, state: .approved, at: store.clock), follows: true)
        #expect(try await store.claimOne("mail").earlier == Receipt(["id": "m1"]))
        #expect(try await store.claimOne("ops").event.id == "live/approval/a1/v1")
    }

    @Test func `a long list of debts is taken in parts, each debt once`() async throws {
        let owed = store.owed()
        _ = try await store.ledger.admit((1...501).map { Admission(event: notification($0, at: store.clock), owed: [owed]) })
        var added: [Int] = []
        for _ in 1...3 { added.append(try await divert()) }
        #expect(added == [500, 1, 0])
        #expect(try await store.number("SELECT count(DISTINCT event) FROM delivery WHERE destination = 'mail'") == 501)
    }
}
