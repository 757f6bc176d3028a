import RelayCore
import RelayTesting
import Testing

@testable import Dedup

/// The rows that say when to look.
struct LookRowTests {
    private func watch(_ run: String, _ clock: ManualClock, due: Int = 0, haste: RunWatch.Haste = .late, shown: String = "x") -> RunWatch {
        RunWatch(account: "live", run: run, automation: "m1", shown: shown, dueAt: clock.now + .seconds(due), haste: haste)
    }

    @Test func `the hastiest detail comes first, then the longest due`() async throws {
        let store = try TestStore(), clock = store.clock
        try await store.ledger.save([
            watch("late", clock, due: -90), watch("done", clock, due: -5, haste: .finished), watch("failed", clock, haste: .failed),
            watch("failed before", clock, due: -1, haste: .failed), watch("asked", clock, haste: .asked),
            watch("not yet", clock, due: 60, haste: .asked),
        ])
        let all = try await store.ledger.watches(account: "live", dueBefore: clock.now, limit: 10)
        #expect(all.map(\.run) == ["asked", "failed before", "failed", "done", "late"])
        #expect(try await store.ledger.watches(account: "live", dueBefore: clock.now, limit: 2).map(\.run) == ["asked", "failed before"])
        #expect(try await store.ledger.nextWatch(account: "live", after: clock.now) == clock.now + .seconds(60))
        #expect(try await store.ledger.nextWatch(account: "live", after: clock.now + .seconds(60)) == nil)
        #expect(try await store.ledger.nextWatch(account: "other", after: .distantPast) == nil)
    }

    @Test func `what a detail says of a run does not undo what a list showed meanwhile`() async throws {
        let store = try TestStore(), clock = store.clock
        try await store.ledger.save([watch("r", clock)])
        try await store.ledger.save([watch("r", clock, haste: .failed, shown: "y")])
        var old = watch("r", clock, due: 300)
        old.onlyIfShown = "x"
        try await store.ledger.save([old])
        let kept = try #require(try await store.ledger.watch(account: "live", run: "r"))
        #expect(kept.shown == "y" && kept.haste == .failed && kept.dueAt == clock.now)
        old.onlyIfShown = "y"
        try await store.ledger.save([old])
        #expect(try await store.ledger.watch(account: "live", run: "r")?.dueAt == clock.now + .seconds(300))
    }

    @Test func `what was learned comes back as it was stored, by account`() async throws {
        let store = try TestStore()
        let outlook = StoredOutlook(
            account: "live", automation: "m1", lookedAt: store.clock.now, runs: .init(events: 1.5, seconds: 7_200),
            inside: .init(events: 0.25, seconds: 60), duration: .init(count: 3, mean: 4.5, square: 0.125),
            delay: .init(count: 1, mean: 2, square: 0))
        try await store.ledger.save([outlook, StoredOutlook(account: "live", automation: "", runs: .init(events: 12))])
        #expect(try await store.ledger.outlooks(account: "live").first { $0.automation == "m1" } == outlook)
        #expect(try await store.ledger.outlooks(account: "other") == [])
        #expect(try await store.ledger.automationCounts() == ["live": 1])
    }

    @Test func `how soon things are seen is kept while nothing new is measured`() async throws {
        let store = try TestStore()
        func save(_ delay: FeedState.SeenDelay) async throws {
            try await store.ledger.save(FeedState(account: "live", name: "runs", delay: delay))
        }
        try await save(.init(expected: .seconds(7), median: .milliseconds(5_250), most: .seconds(21), stretch: 1.5))
        try await save(.init(expected: .seconds(8)))
        let kept = try await store.ledger.feeds(account: "live").first?.delay
        #expect(kept == .init(expected: .seconds(8), median: .milliseconds(5_250), most: .seconds(21), stretch: 1))
    }
}
