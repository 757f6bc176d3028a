import RelayCore
import RelayTesting
import Testing

@testable import Dedup

/// The rows that say which part of a list was not read yet.
struct GapRowTests {
    private func watch(_ run: String, shown: String = "x", _ clock: ManualClock) -> RunWatch {
        RunWatch(account: "live", run: run, automation: "m1", shown: shown, dueAt: clock.now)
    }

    private func gap(_ clock: ManualClock, feed: Gap.Feed = .runs, reached: Int = 100) -> Gap {
        Gap(account: "live", feed: feed, about: feed == .runs ? "m1" : "", openedAt: clock.now, oldest: clock.now, reached: reached)
    }

    @Test func `what was stored after it opened does not count as known before, also after a change`() async throws {
        let store = try TestStore()
        let ledger = store.ledger
        try await ledger.save([watch("old", store.clock)])
        let gap = try await ledger.open(gap(store.clock), knowsNothing: false)
        try await ledger.save([watch("new", store.clock), watch("old", shown: "y", store.clock)])
        let ids = ["old", "new", "never"]
        #expect(try await ledger.alreadyRead(ids, of: .runs, account: "live", before: gap) == ["old"])
        #expect(try await ledger.alreadyRead(ids, of: .runs, account: "live", before: nil) == ["old", "new"])
        #expect(try await ledger.alreadyRead(ids, of: .runs, account: "other", before: nil) == [])
    }

    @Test func `a run that only an approval named was not read`() async throws {
        let store = try TestStore()
        try await store.ledger.save([watch("r", shown: "", store.clock)])
        #expect(try await store.ledger.alreadyRead(["r"], of: .runs, account: "live", before: nil) == [])
    }

    @Test func `one that is opened again keeps its beginning, and is read from the top`() async throws {
        let store = try TestStore()
        let ledger = store.ledger
        try await ledger.save([watch("a", store.clock)])
        var first = try await ledger.open(gap(store.clock), knowsNothing: false)
        (first.reached, first.oldest) = (500, first.openedAt - .seconds(60))
        try await ledger.advance(first)
        #expect(try await ledger.gaps(account: "live") == [first])
        try await ledger.save([watch("b", store.clock)])
        store.clock.advance(by: .seconds(60))
        var again = first
        again.reached = 100
        #expect(try await ledger.open(gap(store.clock), knowsNothing: false) == again)
        #expect(try await ledger.gaps(account: nil) == [again])
    }

    @Test func `in a list without order nothing counts as known`() async throws {
        let store = try TestStore()
        try await store.ledger.save([watch("a", store.clock)])
        let gap = try await store.ledger.open(gap(store.clock), knowsNothing: true)
        #expect(try await store.ledger.alreadyRead(["a"], of: .runs, account: "live", before: gap) == [])
    }

    @Test func `they move to an account's new name, and go when they are closed`() async throws {
        let store = try TestStore()
        let ledger = store.ledger
        _ = try await ledger.begin(account: "live", at: store.clock.now)
        _ = try await ledger.open(gap(store.clock), knowsNothing: false)
        _ = try await ledger.open(gap(store.clock, feed: .approvals), knowsNothing: false)
        _ = try await ledger.rename(account: "live", to: "main")
        let moved = try await ledger.gaps(account: nil)
        #expect(moved.map(\.account) == ["main", "main"] && moved.map(\.feed) == [.approvals, .runs])
        for gap in moved { try await ledger.close(gap) }
        #expect(try await ledger.gaps(account: nil) == [])
    }
}
