import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Dedup

/// Renamed destinations and accounts: nothing is sent twice, and everything that is still needed moves to the new name.
struct RenamingTests {
    let store: TestStore

    init() throws { store = try TestStore() }

    private func deliver(_ destination: String) async throws {
        _ = try await store.ledger.settle(
            try await store.claimOne(destination), as: .delivered(Receipt(["id": "m1"])), attempt: nil)
    }

    private func destinations(of id: Int) async throws -> [String] {
        try await store.ledger.history("live/notification/\(id)").deliveries.map(\.destination)
    }

    @Test(arguments: [Settlement.dead("refused"), .unknown("no answer")])
    func `what failed at the old name is put back by hand under the new one`(end: Settlement) async throws {
        try await store.admit(notification(1, at: store.clock), [store.owed("old")])
        _ = try await store.ledger.settle(try await store.claimOne("old"), as: end, attempt: nil)
        #expect(try await store.ledger.rename(destination: "old", to: "new") == 1)
        #expect(try await store.ledger.retry(.destination("old")) == 0)
        #expect(try await store.ledger.retry(.destination("new")) == 1)
        #expect(try await store.claimOne("new").event.id == "live/notification/1")
    }

    @Test func `what was settled for good keeps the name that it was sent to`() async throws {
        try await store.admit(notification(1, at: store.clock), [store.owed("old")])
        try await deliver("old")
        #expect(try await store.ledger.rename(destination: "old", to: "new") == 0)
        #expect(try await destinations(of: 1) == ["old"])
    }

    @Test(arguments: [nil, Settlement.delivered(Receipt()), .dead("refused")])
    func `what both names were to be told is owed once at most`(end: Settlement?) async throws {
        try await store.admit(notification(1, at: store.clock), [store.owed("old"), store.owed("new")])
        if let end { _ = try await store.ledger.settle(try await store.claimOne("new"), as: end, attempt: nil) }
        #expect(try await store.ledger.rename(destination: "old", to: "new") == 0)
        let old = try #require(try await store.ledger.history("live/notification/1").deliveries.first { $0.destination == "old" })
        #expect(old.state == .dropped && old.reason == "superseded" && old.settledAt == store.clock.now)
        #expect(try await store.ledger.claim("new", limit: 9, lease: .seconds(60)).count == (end == nil ? 1 : 0))
    }

    @Test func `a claim of the old name still ends`() async throws {
        try await store.admit(notification(1, at: store.clock), [store.owed("old")])
        let claim = try await store.claimOne("old")
        _ = try await store.ledger.rename(destination: "old", to: "new")
        #expect(try await store.ledger.claim("new", limit: 9, lease: .seconds(60)).isEmpty)
        #expect(try await store.ledger.settle(claim, as: .delivered(Receipt()), attempt: nil))
    }

    @Test func `what follows a request goes to the new name alone`() async throws {
        try await store.admit(approval(at: store.clock), [store.owed("old")])
        try await deliver("old")
        _ = try await store.ledger.rename(destination: "old", to: "new")
        try await store.admit(approval(version: 2, state: .approved, at: store.clock), follows: true)
        #expect(try await store.ledger.history("live/approval/a1/v2").deliveries.map(\.destination) == ["new"])
        #expect(try await store.ledger.receipt(subject: "live/approval/a1", destination: "old", recipient: "") == nil)
    }

    @Test func `an open window of the old name becomes the new one's, a closed one stays`() async throws {
        let join = WindowJoin(
            kind: .quiet, name: "night", destination: "old", opensAt: store.clock.now, closesAt: store.clock.now + .seconds(60))
        for id in 1...2 {
            _ = try await store.ledger.admit([Admission(event: notification(id, at: store.clock), windows: [join])])
            if id == 1 { _ = try await store.ledger.close(1) }
        }
        _ = try await store.ledger.rename(destination: "old", to: "new")
        #expect(try await store.ledger.openWindows(.quiet).map(\.destination) == ["new"])
        #expect(try await store.ledger.history("live/notification/1").windows.map(\.window.destination) == ["old"])
    }

    @Test func `what the old lane said of itself is forgotten`() async throws {
        for name in ["old", "room"] {
            try await store.ledger.setLane(
                LaneRecord(destination: name, state: .closed, reason: "410", since: store.clock.now, until: nil))
        }
        _ = try await store.ledger.rename(destination: "old", to: "new")
        #expect(try await store.ledger.lanes().map(\.destination) == ["room"])
    }

    @Test func `the same name changes nothing`() async throws {
        try await store.admit(notification(1, at: store.clock), [store.owed("ops")])
        #expect(try await store.ledger.rename(destination: "ops", to: "ops") == 0)
        #expect(try await store.ledger.rename(account: "live", to: "live") == 0)
        #expect(try await store.states(of: "live/notification/1") == [.owed])
    }

    @Test func `nothing that an account showed before is told again under its new name`() async throws {
        let event = notification(1, at: store.clock)
        try await store.admit(event, [store.owed()])
        try await deliver("ops")
        try await store.admit(approval(at: store.clock), [store.owed()])
        try await deliver("ops")
        #expect(try await store.ledger.rename(account: "live", to: "main") == 2)
        var again = event
        (again.id, again.account, again.subject) = ("main/notification/1", "main", "main/notification/1")
        #expect(try await store.admit(again, [store.owed()]) == .known)
        var update = approval(version: 2, at: store.clock)
        (update.event.id, update.event.account, update.event.subject) = ("main/approval/a1/v2", "main", "main/approval/a1")
        update.row.account = "main"
        try await store.admit(update, follows: true)
        #expect(try await store.claimOne().earlier == Receipt(["id": "m1"]))
    }

    @Test func `looks, answers and approvals go on under an account's new name`() async throws {
        let watch = RunWatch(account: "live", run: "r1", automation: "nightly", shown: "x", dueAt: store.clock.now)
        try await store.ledger.save([watch])
        try await store.admit(approval(at: store.clock))
        _ = try await store.ledger.ask(account: "live", approval: "a1", choice: .approve, actor: "ann", via: "cli")
        try await store.ledger.save(FeedState(account: "live", name: "account", since: store.clock.now))
        _ = try await store.ledger.rename(account: "live", to: "main")
        #expect(try await store.ledger.watch(account: "main", run: "r1")?.automation == "nightly")
        #expect(try await store.ledger.openApprovals(account: "main").map(\.id) == ["a1"])
        #expect(try await store.ledger.claimAnswer(account: "main", approval: "a1", round: 1, lease: .seconds(9)) != nil)
        #expect(try await store.ledger.feeds(account: nil).map(\.account) == ["main"])
    }

    @Test func `accounts whose names begin alike, and the relay itself, keep their names`() async throws {
        let others = ["live-eu/notification/1", "live2/notification/1", "livestock/run/1", "digest/live/1", "relay/down/live/1"]
        for id in others {
            var event = notification(1, at: store.clock)
            (event.id, event.subject, event.account) = (id, id, nil)
            try await store.admit(event, [])
        }
        try await store.admit(notification(1, at: store.clock), [])
        #expect(try await store.ledger.rename(account: "live", to: "main") == 1)
        #expect(try await store.ledger.known(others + ["main/notification/1"]).count == 6)
    }

    @Test func `an account that nobody knows gives nothing`() async throws {
        try await store.admit(notification(1, at: store.clock), [store.owed()])
        #expect(try await store.ledger.rename(account: "gone", to: "main") == 0)
        #expect(try await store.ledger.known(["live/notification/1"]).count == 1)
    }

    @Test func `an account with a life of its own takes nothing of another's over`() async throws {
        try await store.admit(approval(at: store.clock), [store.owed()])
        for name in ["live", "main"] {
            try await store.ledger.save(FeedState(account: name, name: "account", since: store.clock.now))
        }
        #expect(try await store.ledger.rename(account: "live", to: "main") == 0)
        #expect(try await store.ledger.feeds(account: nil).map(\.account) == ["live", "main"])
        #expect(try await store.ledger.openApprovals(account: "live").map(\.id) == ["a1"])
        #expect(try await store.claimOne().event.id == "live/approval/a1/v1")
    }
}
