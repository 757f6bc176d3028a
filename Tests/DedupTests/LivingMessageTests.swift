import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Dedup

/// Each approval has one message per destination: what follows a request is claimed with the receipt of that message.
struct LivingMessageTests {
    private let sent = Receipt(["id": "m1"])

    /// A store in which the request of an approval was delivered.
    private func told(_ receipt: Receipt = Receipt(["id": "m1"])) async throws -> TestStore {
        let store = try TestStore()
        try await store.admit(approval(at: store.clock), [store.owed()])
        _ = try await store.ledger.settle(try await store.claimOne(), as: .delivered(receipt), attempt: nil)
        return store
    }

    @Test func `a request knows no earlier message`() async throws {
        let store = try TestStore()
        try await store.admit(approval(at: store.clock), [store.owed()])
        #expect(try await store.claimOne().earlier == nil)
    }

    @Test func `an update is handed the message that the request became`() async throws {
        let store = try await told()
        try await store.admit(approval(version: 2, at: store.clock), follows: true)
        #expect(try await store.claimOne().earlier == sent)
    }

    @Test func `a message that cannot be found again is not handed on`() async throws {
        let store = try await told(Receipt())
        try await store.admit(approval(version: 2, at: store.clock), follows: true)
        #expect(try await store.claimOne().earlier == nil)
    }

    @Test func `several updates become one, which renders the present`() async throws {
        let store = try await told()
        for version in 2...4 {
            try await store.admit(approval(version: version, state: version == 4 ? .rejected : .open, at: store.clock), follows: true)
        }
        let claims = try await store.ledger.claim("ops", limit: 10, lease: .seconds(60))
        #expect(claims.map(\.event.id) == ["live/approval/a1/v2"])
        #expect(claims.first?.present?.version == 4)
        #expect(try await store.states(of: "live/approval/a1/v3") == [.dropped])
        #expect(try await store.states(of: "live/approval/a1/v4") == [.dropped])
    }

    @Test func `an update that goes back gives way to a later one`() async throws {
        let store = try await told()
        try await store.admit(approval(version: 2, at: store.clock), follows: true)
        let update = try await store.claimOne()
        try await store.admit(approval(version: 3, state: .approved, at: store.clock), follows: true)
        _ = try await store.ledger.settle(update, as: .deferred(until: store.clock.now, hold: nil), attempt: nil)
        let claims = try await store.ledger.claim("ops", limit: 10, lease: .seconds(60))
        #expect(claims.map(\.event.id) == ["live/approval/a1/v3"])
        #expect(try await store.states(of: "live/approval/a1/v2") == [.dropped])
    }

    @Test func `what the message shows already is not told again`() async throws {
        let store = try await told()
        try await store.admit(approval(version: 2, at: store.clock), follows: true)
        let update = try await store.claimOne()
        // The approval changes while the update is sent, and the message was rendered from the changed row.
        try await store.ledger.store([approval(version: 3, state: .approved, at: store.clock).row])
        var shown = update
        shown.present = approval(version: 3, state: .approved, at: store.clock).row
        _ = try await store.ledger.settle(shown, as: .delivered(sent), attempt: nil)
        try await store.admit(approval(version: 3, state: .approved, at: store.clock), follows: true)
        #expect(try await store.ledger.claim("ops", limit: 10, lease: .seconds(60)).isEmpty)
        #expect(try await store.states(of: "live/approval/a1/v3") == [.dropped])
    }

    @Test func `a decision that another destination was told by its route has a message of its own`() async throws {
        let store = try await told()
        try await store.admit(approval(version: 2, state: .approved, at: store.clock), [store.owed("room")], follows: true)
        #expect(try await store.claimOne("room").earlier == nil)
        #expect(try await store.claimOne("ops").earlier == sent)
    }

    @Test func `after the message is gone for good nothing more is sent about it`() async throws {
        let store = try await told()
        try await store.admit(approval(version: 2, at: store.clock), follows: true)
        _ = try await store.ledger.settle(try await store.claimOne(), as: .vanished("deleted"), attempt: nil)
        try await store.admit(approval(version: 3, state: .approved, at: store.clock), follows: true)
        #expect(try await store.ledger.claim("ops", limit: 10, lease: .seconds(60)).isEmpty)
        let history = try await store.ledger.history("live/approval/a1/v3")
        #expect(history.deliveries.map(\.reason) == ["its message was deleted by hand"])
    }

    @Test func `a needless update makes room for another claim`() async throws {
        let store = try await told()
        for version in 2...3 { try await store.admit(approval(version: version, at: store.clock), follows: true) }
        try await store.admit(notification(1, at: store.clock), [store.owed()])
        #expect(try await store.ledger.claim("ops", limit: 2, lease: .seconds(60)).count == 2)
    }
}
