import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Dedup

/// The events that a person may mean by an id.
struct ResolvingTests {
    let store: TestStore

    init() throws { store = try TestStore() }

    private func admit(_ ids: [String]) async throws {
        for id in ids {
            var event = notification(1, at: store.clock)
            event.id = id
            try await store.admit(event, [store.owed()])
        }
    }

    @Test func `a bare id names every event about it, in the order of their admission`() async throws {
        let about = [
            "live/approval/u1/v1", "live/approval/u1/remind/1", "live/approval/u1/v2", "test/notification/u1",
            "live/run/u1/2026-11-24T09:00:00Z",
        ]
        try await admit(["live/approval/u2/v1"] + about + ["live/approval/u10/v1", "live/notification/u"])
        #expect(try await store.ledger.resolve("u1") == about)
    }

    @Test func `an event's own id names that event alone`() async throws {
        try await admit(["live/notification/u1", "live/notification/u1/more"])
        #expect(try await store.ledger.resolve("live/notification/u1") == ["live/notification/u1"])
        #expect(try await store.ledger.resolve("u1").count == 2)
    }

    @Test(arguments: ["live", "live/notification", "live/notification/", "notification", "u", "u12", "U1", "/u1", "%", "_1", "🙂"])
    func `a part of an id names nothing`(id: String) async throws {
        try await admit(["live/notification/u1"])
        #expect(try await store.ledger.resolve(id).isEmpty)
    }

    @Test func `eight characters of an id name what begins with them, and fewer name nothing`() async throws {
        try await admit(["live/run/1234abcd-1", "live/run/1234abcd-1/more", "live/notification/1234abcd-2", "eu/run/1234abce-1"])
        #expect(try await store.ledger.resolve("1234abce") == ["eu/run/1234abce-1"])
        #expect(try await store.ledger.resolve("1234abcd").count == 3)
        #expect(try await store.ledger.resolve("1234abc").isEmpty)
        #expect(try await store.ledger.resolve("live/run").isEmpty)
    }

    @Test func `digits that are no delivery's number may begin an id`() async throws {
        try await admit(["live/run/11110000-0001", "live/run/2222"])
        #expect(try await store.ledger.resolve("11110000") == ["live/run/11110000-0001"])
        #expect(try await store.ledger.resolve("2222").isEmpty)
    }

    @Test func `an id that is there whole is not taken for a beginning`() async throws {
        try await admit(["live/run/1234abcd", "live/run/1234abcd-2"])
        #expect(try await store.ledger.resolve("1234abcd") == ["live/run/1234abcd"])
    }

    @Test func `accounts whose names begin alike are all looked through`() async throws {
        let ids = ["live", "live-eu", "live2", "livestock", "l"].map { "\($0)/run/u1" }
        try await admit(ids)
        #expect(try await store.ledger.resolve("u1") == ids)
    }

    @Test func `a number is the number of a delivery`() async throws {
        try await admit(["live/notification/u1", "live/notification/u2"])
        #expect(try await store.ledger.resolve("2") == ["live/notification/u2"])
        for id in ["0", "3", "-1", "99999999999999999999"] { #expect(try await store.ledger.resolve(id).isEmpty, "\(id)") }
    }

    @Test func `an id with very many events is answered with twenty`() async throws {
        try await admit((1...30).map { "live/approval/u1/v\($0)" })
        #expect(try await store.ledger.resolve("u1").count == 20)
    }
}
