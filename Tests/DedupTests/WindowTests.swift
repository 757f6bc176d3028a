import GRDB
import RelayCore
import RelayTesting
import Testing

@testable import Dedup

/// What is gathered is told once: a window takes members while it is open, closes once, and never opens again.
struct WindowTests {
    private func join(_ store: TestStore, minutes: Int = 10, any: Bool = false) -> WindowJoin {
        WindowJoin(
            kind: .quiet, name: "night", destination: "ops", opensAt: store.clock.now, closesAt: store.clock.now + .seconds(60 * minutes),
            joinsAnyOpen: any)
    }

    private func admit(_ number: Int, _ join: WindowJoin, _ store: TestStore) async throws {
        _ = try await store.ledger.admit([Admission(event: notification(number, at: store.clock), windows: [join])])
    }

    private func bundle(_ store: TestStore, _ contents: WindowContents) -> Admission {
        var event = notification(100 + contents.count, at: store.clock)
        event.kind = .digest
        return Admission(event: event, owed: [store.owed()])
    }

    @Test func `an event joins the open window that was meant`() async throws {
        let store = try TestStore()
        let join = join(store)
        for number in 1...3 { try await admit(number, join, store) }
        #expect(try await store.number("SELECT count(*) FROM window") == 1)
        #expect(try await store.number("SELECT count(*) FROM member") == 3)
    }

    @Test func `a closed window takes no member: the event joins the next of the same length`() async throws {
        let store = try TestStore()
        let join = join(store)
        try await admit(1, join, store)
        store.clock.advance(by: .seconds(600))
        let window = try #require(try await store.ledger.dueWindows(at: store.clock.now).first)
        #expect(try await store.ledger.closeWindow(window.id, most: 10) { _ in nil })
        try await admit(2, join, store)
        let next = try #require(try await store.ledger.openWindows(named: "night").first)
        #expect(next.opensAt == join.closesAt && next.closesAt == join.closesAt + .seconds(600))
        #expect(try await store.ledger.members(of: window.id).map(\.event.id) == ["live/notification/1"])
    }

    @Test func `where any open window will do, the times make no second one`() async throws {
        let store = try TestStore()
        try await admit(1, join(store, any: true), store)
        store.clock.advance(by: .seconds(300))
        try await admit(2, join(store, any: true), store)
        #expect(try await store.number("SELECT count(*) FROM window") == 1)
    }

    @Test func `closing tells what is in it: how many, from when until when, the earliest of them`() async throws {
        let store = try TestStore()
        let join = join(store), start = store.clock.now
        for number in 1...5 {
            try await admit(number, join, store)
            store.clock.advance(by: .seconds(1))
        }
        let window = try #require(try await store.ledger.openWindows(named: "night").first)
        let seen = Locked<WindowContents?>(nil)
        _ = try await store.ledger.closeWindow(window.id, most: 2) { contents in
            seen.withLock { $0 = contents }
            return nil
        }
        let contents = try #require(seen.withLock { $0 })
        #expect(contents.count == 5 && contents.from == start && contents.until == start + .seconds(4))
        #expect(contents.first.map(\.id) == ["live/notification/1", "live/notification/2"])
    }

    @Test func `it closes once, with its message and what that owes`() async throws {
        let store = try TestStore()
        try await admit(1, join(store), store)
        let window = try #require(try await store.ledger.openWindows(named: "night").first)
        let bundle = { @Sendable [self] (contents: WindowContents) -> Admission? in self.bundle(store, contents) }
        #expect(try await store.ledger.closeWindow(window.id, most: 10, message: bundle))
        #expect(try await !store.ledger.closeWindow(window.id, most: 10, message: bundle))
        #expect(try await store.ledger.claim("ops", limit: 10, lease: .seconds(60)).map(\.event.id) == ["live/notification/101"])
    }

    @Test func `a window that cannot be closed whole stays open with all that is in it`() async throws {
        let store = try TestStore()
        try await admit(1, join(store), store)
        let window = try #require(try await store.ledger.openWindows(named: "night").first)
        try await store.ledger.writes.write("spoil") {
            try $0.execute(sql: "CREATE TRIGGER no BEFORE INSERT ON delivery BEGIN SELECT RAISE(ABORT, 'no'); END")
        }
        await #expect(throws: LedgerError.self) {
            try await store.ledger.closeWindow(window.id, most: 10) { [self] in self.bundle(store, $0) }
        }
        #expect(try await store.ledger.openWindows(named: "night").map(\.id) == [window.id])
        #expect(try await store.ledger.event("live/notification/101") == nil)
    }
}
