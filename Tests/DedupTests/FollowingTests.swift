import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Dedup

/// Which recipients get updates and decisions, and where the request replaces them.
struct FollowingTests {
    let store: TestStore

    init() throws { store = try TestStore() }

    /// Admits the second version, which follows the request.
    @discardableResult
    private func update(_ state: ApprovalDetail.State = .open, _ owed: [PlannedDelivery] = []) async throws -> AdmissionResult? {
        try await store.admit(approval(version: 2, state: state, at: store.clock), owed, follows: true)
    }

    private func claimed() async throws -> [String] {
        try await store.ledger.claim("ops", limit: 9, lease: .seconds(60)).map { String($0.event.id.suffix(2)) }
    }

    private let second = "live/approval/a1/v2"

    @Test func `where the request is still owed the update is dropped, and the request shows the present`() async throws {
        try await store.admit(approval(at: store.clock), [store.owed()])
        #expect(try await update() == .admitted(owed: 0))
        let dropped = try #require(try await store.ledger.history(second).deliveries.first)
        #expect(dropped.state == .dropped && dropped.reason == "superseded" && dropped.settledAt == store.clock.now)
        let claim = try await store.claimOne()
        #expect(claim.event.id == "live/approval/a1/v1" && claim.present?.version == 2)
    }

    @Test func `while the request is under way the update waits, and goes once it was sent`() async throws {
        try await store.admit(approval(at: store.clock), [store.owed()])
        let request = try await store.claimOne(lease: .seconds(60))
        #expect(try await update() == .admitted(owed: 1))
        #expect(try await claimed().isEmpty)
        #expect(try await store.ledger.nextDue("ops") == store.clock.now + .seconds(60))
        #expect(try await store.ledger.settle(request, as: .delivered(Receipt(["id": "m1"])), attempt: nil))
        #expect(try await claimed() == ["v2"])
    }

    @Test(arguments: [
        Settlement.retry(at: Timestamp(seconds: 1_795_510_800), reason: "timeout"),
        .deferred(until: Timestamp(seconds: 1_795_510_800), hold: .throttle),
    ])
    func `a request that goes back says what waits behind it`(settlement: Settlement) async throws {
        try await store.admit(approval(at: store.clock), [store.owed()])
        let request = try await store.claimOne()
        try await update()
        #expect(try await store.ledger.settle(request, as: settlement, attempt: nil))
        #expect(try await store.states(of: second) == [.dropped])
        #expect(try await claimed() == ["v1"])
    }

    @Test func `a request whose lease ended is claimed again and says what waits behind it`() async throws {
        try await store.admit(approval(at: store.clock), [store.owed()])
        _ = try await store.claimOne(lease: .seconds(10))
        try await update()
        #expect(try await store.states(of: second) == [.owed])
        store.clock.advance(by: .seconds(10))
        #expect(try await store.claimOne().present?.version == 2)
        #expect(try await store.states(of: second) == [.dropped])
    }

    @Test func `a request whose lease has ended is sent by nobody, so the update is dropped at once`() async throws {
        try await store.admit(approval(at: store.clock), [store.owed()])
        _ = try await store.claimOne(lease: .seconds(10))
        store.clock.advance(by: .seconds(10))
        #expect(try await update() == .admitted(owed: 0))
    }

    @Test(arguments: [Settlement.dead("refused"), .dropped("by hand"), .unknown("no answer")])
    func `a request that ends otherwise lets what waits behind it go`(settlement: Settlement) async throws {
        try await store.admit(approval(at: store.clock), [store.owed()])
        let request = try await store.claimOne()
        try await update()
        #expect(try await store.ledger.settle(request, as: settlement, attempt: nil))
        #expect(try await claimed() == ["v2"])
    }

    @Test func `it goes to all that were sent the request or owe it, and to nobody else`() async throws {
        let ends: [(String, Settlement)] = [
            ("sent", .delivered(Receipt())), ("unknown", .unknown("no answer")), ("dead", .dead("refused")), ("dropped", .dropped("old")),
        ]
        try await store.admit(approval(at: store.clock), ends.map { store.owed($0.0) } + [store.owed("waiting")])
        for (name, end) in ends { _ = try await store.ledger.settle(try await store.claimOne(name), as: end, attempt: nil) }
        #expect(try await update(.approved) == .admitted(owed: 2))
        let deliveries = try await store.ledger.history(second).deliveries
        #expect(deliveries.map(\.destination) == ["sent", "unknown", "waiting"])
        #expect(deliveries.map(\.state) == [.owed, .owed, .dropped])
        #expect(Set(deliveries.map(\.route)) == ["follows"])
    }

    @Test func `each recipient of a mail is followed for itself`() async throws {
        let owed = ["ann", "bob", "eve"].map { name in
            var owed = store.owed("mail")
            owed.recipient = name
            return owed
        }
        try await store.admit(approval(at: store.clock), owed)
        _ = try await store.ledger.settle(try await store.claimOne("mail"), as: .delivered(Receipt()), attempt: nil)
        _ = try await store.ledger.settle(try await store.claimOne("mail"), as: .dead("refused"), attempt: nil)
        try await update()
        let deliveries = try await store.ledger.history(second).deliveries
        #expect(deliveries.map(\.recipient) == ["ann", "eve"])
        #expect(deliveries.map(\.state) == [.owed, .dropped])
    }

    @Test func `where a route sends it as well it goes once, by that route`() async throws {
        try await store.admit(approval(at: store.clock), [store.owed("ops"), store.owed("room")])
        for name in ["ops", "room"] {
            _ = try await store.ledger.settle(try await store.claimOne(name), as: .delivered(Receipt()), attempt: nil)
        }
        #expect(try await update(.approved, [store.owed("audit"), store.owed("ops")]) == .admitted(owed: 3))
        let deliveries = try await store.ledger.history(second).deliveries
        #expect(deliveries.map { "\($0.destination) \($0.route)" } == ["audit loud", "ops loud", "room follows"])
    }

    @Test func `a route that sends it where the request is still owed tells nothing twice either`() async throws {
        try await store.admit(approval(at: store.clock), [store.owed("ops")])
        #expect(try await update(.approved, [store.owed("audit"), store.owed("ops")]) == .admitted(owed: 1))
        #expect(try await store.states(of: second) == [.owed, .dropped])
    }

    @Test func `what follows may be sent once at most like the request, but mentions nobody again`() async throws {
        var owed = store.owed(once: true)
        owed.options.mention = "@here"
        try await store.admit(approval(at: store.clock), [owed])
        _ = try await store.ledger.settle(try await store.claimOne(), as: .delivered(Receipt()), attempt: nil)
        try await update()
        #expect(try await store.claimOne().options == DeliveryOptions(atMostOnce: true))
    }

    @Test func `without a rule nothing follows`() async throws {
        try await store.admit(approval(at: store.clock), [store.owed()])
        #expect(try await store.admit(approval(version: 2, at: store.clock)) == .admitted(owed: 0))
        #expect(try await store.states(of: second).isEmpty)
    }

    @Test func `one approval's request says nothing for another`() async throws {
        try await store.admit(approval("a2", at: store.clock), [store.owed()])
        _ = try await store.ledger.settle(try await store.claimOne(), as: .delivered(Receipt()), attempt: nil)
        try await store.admit(approval("a1", at: store.clock), [store.owed()])
        try await store.admit(approval("a2", version: 2, at: store.clock), follows: true)
        let claims = try await store.ledger.claim("ops", limit: 9, lease: .seconds(60)).map(\.event.id)
        #expect(Set(claims) == ["live/approval/a1/v1", "live/approval/a2/v2"])
    }

    @Test func `a receipt knows which version the message shows, and an uncertain send forgets no message`() async throws {
        try await store.admit(approval(at: store.clock), [store.owed()])
        try await update()
        _ = try await store.ledger.settle(try await store.claimOne(), as: .delivered(Receipt(["id": "m1"])), attempt: nil)
        let find = { try await store.ledger.receipt(subject: "live/approval/a1", destination: "ops", recipient: "") }
        #expect(try await find() == StoredReceipt(receipt: Receipt(["id": "m1"]), version: 2, state: .sent))
        try await store.admit(approval(version: 3, at: store.clock), follows: true)
        _ = try await store.ledger.settle(try await store.claimOne(), as: .unknown("no answer"), attempt: nil)
        #expect(try await find() == StoredReceipt(receipt: Receipt(["id": "m1"]), version: 3, state: .uncertain))
    }
}
