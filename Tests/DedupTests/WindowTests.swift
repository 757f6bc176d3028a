import GRDB
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Dedup

/// A window takes members while it is open, closes once with its message, and never opens again.
struct WindowTests {
    private func join(_ store: TestStore, minutes: Int = 10, any: Bool = false) -> WindowJoin {
        WindowJoin(
            kind: .quiet, name: "night", destination: "ops", opensAt: store.clock.now, closesAt: store.clock.now + .seconds(60 * minutes),
            joinsAnyOpen: any)
    }

    private func admit(_ number: Int, _ join: WindowJoin, _ store: TestStore) async throws {
        _ = try await store.ledger.admit([Admission(event: notification(number, at: store.clock), windows: [join])])
    }

    /// The closure does not keep the store alive, because the store must not end on the writer's thread.
    private func bundle(_ store: TestStore) -> @Sendable (WindowReader) throws -> Admission? {
        let (clock, owed) = (store.clock, store.owed())
        return { reader in
            var event = notification(100 + (try reader.span()?.count ?? 0), at: clock)
            event.kind = .digest
            return Admission(event: event, owed: [owed])
        }
    }

    @Test func `an event joins the open window that was meant`() async throws {
        let store = try TestStore()
        let join = join(store)
        for number in 1...3 { try await admit(number, join, store) }
        #expect(try await store.number("SELECT count(*) FROM event_window") == 1)
        #expect(try await store.number("SELECT count(*) FROM member") == 3)
    }

    @Test func `a closed window takes no member: the event joins the next of the same length`() async throws {
        let store = try TestStore()
        let join = join(store)
        try await admit(1, join, store)
        store.clock.advance(by: .seconds(600))
        let window = try #require(try await store.ledger.dueWindows(at: store.clock.now).first)
        #expect(try await store.ledger.close(window.id))
        try await admit(2, join, store)
        let next = try #require(try await store.ledger.openWindows(.quiet).first)
        #expect(next.opensAt == join.closesAt && next.closesAt == join.closesAt + .seconds(600))
        #expect(try await store.ledger.members(of: window.id).map(\.event.id) == ["live/notification/1"])
    }

    @Test func `where any open window will do, the times make no second one`() async throws {
        let store = try TestStore()
        try await admit(1, join(store, any: true), store)
        store.clock.advance(by: .seconds(300))
        try await admit(2, join(store, any: true), store)
        #expect(try await store.number("SELECT count(*) FROM event_window") == 1)
    }

    @Test func `a window is read as it is: how many, from when until when, the earliest of them`() async throws {
        let store = try TestStore()
        let join = join(store), start = store.clock.now
        for number in 1...5 {
            try await admit(number, join, store)
            store.clock.advance(by: .seconds(1))
        }
        let window = try #require(try await store.ledger.openWindows(.quiet).first)
        let (span, first) = try await store.ledger.readWindows([window.id]) { (try $0.span(), try $0.earliest(2)) }
        #expect(span == WindowReader.Span(count: 5, from: start, until: start + .seconds(4)))
        #expect(first.map(\.id) == ["live/notification/1", "live/notification/2"])
    }

    @Test func `it closes once, with its message and what that owes`() async throws {
        let store = try TestStore()
        try await admit(1, join(store), store)
        let window = try #require(try await store.ledger.openWindows(.quiet).first)
        let bundle = bundle(store)
        #expect(try await store.ledger.close(window.id, message: bundle))
        #expect(try await !store.ledger.close(window.id, message: bundle))
        #expect(try await store.ledger.claim("ops", limit: 10, lease: .seconds(60)).map(\.event.id) == ["live/notification/101"])
    }

    @Test func `a window that cannot be closed whole stays open with all that is in it`() async throws {
        let store = try TestStore()
        try await admit(1, join(store), store)
        let window = try #require(try await store.ledger.openWindows(.quiet).first)
        try await store.refuseRows(in: "delivery")
        await #expect(throws: LedgerError.self) {
            try await store.ledger.close(window.id, message: bundle(store))
        }
        #expect(try await store.ledger.openWindows(.quiet).map(\.id) == [window.id])
        #expect(try await store.ledger.event("live/notification/101") == nil)
    }

    @Test func `where any open window will do and none is, one of the given times opens`() async throws {
        let store = try TestStore()
        try await admit(1, join(store, any: true), store)
        let first = try #require(try await store.ledger.openWindows(.quiet).first)
        #expect(first.opensAt == store.clock.now && first.closesAt == store.clock.now + .seconds(600))
        #expect(try await store.ledger.close(first.id))
        store.clock.advance(by: .seconds(60))
        try await admit(2, join(store, any: true), store)
        #expect(try await store.ledger.openWindows(.quiet).map(\.closesAt) == [store.clock.now + .seconds(600)])
    }

    @Test func `after several that were closed the event joins the next that is open`() async throws {
        let store = try TestStore()
        let join = join(store)
        for number in 1...3 {
            try await admit(number, join, store)
            let open = try await store.ledger.openWindows(.quiet)
            #expect(open.map(\.closesAt) == [join.closesAt + .seconds(600 * (number - 1))])
            for window in open { _ = try await store.ledger.close(window.id) }
        }
    }

    @Test(arguments: [(false, 5), (true, 4)])
    func `windows of another kind, name or destination are apart, and of another end unless any will do`(
        any: Bool, count: Int
    ) async throws {
        let store = try TestStore()
        let join = join(store, any: any)
        var others = [join, join, join, join, join]
        (others[1].kind, others[2].name, others[3].destination) = (.storm, "noon", "mail")
        others[4].closesAt = join.closesAt + .seconds(1)
        for (number, join) in others.enumerated() { try await admit(number, join, store) }
        #expect(try await store.number("SELECT count(*) FROM event_window") == count)
    }

    @Test func `it is due when its time has come, the earliest first, until it is closed`() async throws {
        let store = try TestStore()
        try await admit(1, join(store, minutes: 20), store)
        try await admit(2, join(store, minutes: 10), store)
        let due = { try await store.ledger.dueWindows(at: $0).map(\.id) }
        #expect(try await due(store.clock.now + .seconds(599)).isEmpty)
        #expect(try await due(store.clock.now + .seconds(600)) == [2])
        #expect(try await due(store.clock.now + .seconds(1_200)) == [2, 1])
        #expect(try await store.ledger.close(2))
        #expect(try await due(store.clock.now + .seconds(1_200)) == [1])
    }

    @Test func `the earliest are those that occurred first, not those that were seen first`() async throws {
        let store = try TestStore()
        let join = join(store), start = store.clock.now
        for (number, seconds) in [(1, 30), (2, 10), (3, 20)] {
            var event = notification(number, at: store.clock)
            event.occurredAt = start + .seconds(seconds)
            _ = try await store.ledger.admit([Admission(event: event, windows: [join])])
        }
        let (span, first) = try await store.ledger.readWindows([1]) { (try $0.span(), try $0.earliest(2)) }
        #expect(first.map(\.id) == ["live/notification/2", "live/notification/3"])
        #expect(span == WindowReader.Span(count: 3, from: start + .seconds(10), until: start + .seconds(30)))
    }

    @Test func `several windows are read as one, and none has no span`() async throws {
        let store = try TestStore()
        let start = store.clock.now
        for (number, minutes) in [(1, 20), (2, 10), (3, 20)] {
            store.clock.advance(by: .seconds(1))
            var join = join(store, minutes: 10)
            (join.opensAt, join.closesAt) = (start, start + .seconds(60 * minutes))
            try await admit(number, join, store)
        }
        let (span, first) = try await store.ledger.readWindows([1, 2]) { (try $0.span(), try $0.earliest(2)) }
        #expect(span == WindowReader.Span(count: 3, from: start + .seconds(1), until: start + .seconds(3)))
        #expect(first.map(\.id) == ["live/notification/1", "live/notification/2"])
        #expect(try await store.ledger.readWindows([]) { try $0.span() } == nil)
    }

    @Test func `an event that is told at once as well is counted and marked`() async throws {
        let store = try TestStore()
        var join = join(store)
        join.toldAtOnce = true
        _ = try await store.ledger.admit(
            [Admission(event: notification(1, at: store.clock), owed: [store.owed()], windows: [join])])
        #expect(try await store.ledger.members(of: 1).map(\.toldAtOnce) == [true])
        let history = try await store.ledger.history("live/notification/1")
        #expect(history.windows.map(\.toldAtOnce) == [true] && history.deliveries.count == 1)
    }

    @Test func `two processes that close a window at once make one message`() async throws {
        let store = try TestStore()
        let other = try store.another()
        try await admit(1, join(store), store)
        let ledgers = [store.ledger, other]
        let bundle = bundle(store)
        let closed = try await withThrowingTaskGroup(of: Bool.self) { group in
            for turn in 0..<10 { group.addTask { try await ledgers[turn % 2].close(1, message: bundle) } }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        try other.close()
        #expect(closed == 1)
        #expect(try await store.number("SELECT count(*) FROM delivery") == 1)
    }

    @Test func `what was closed keeps the moment of its closing`() async throws {
        let store = try TestStore()
        try await admit(1, join(store), store)
        let closedAt = store.clock.now
        #expect(try await store.ledger.close(1))
        store.clock.advance(by: .seconds(60))
        #expect(try await !store.ledger.close(1))
        #expect(try await store.ledger.history("live/notification/1").windows.map(\.window.closedAt) == [closedAt])
    }
}
