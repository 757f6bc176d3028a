import Foundation
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

/// Two relays share one database. The one that leads is killed, stopped, cut off; the database is restarted. Nothing is lost, nothing is told
/// more often than promised, and never do two of them write.
///
/// `TAKE_OVERS` scales the number of faults: 100 is the full run. It needs `scripts/postgres`. The seed of the random moments is printed.
@Suite(.serialized, .enabled(if: TestDatabase.isThere)) struct TakeOverSuite {
    /// A hundredth of the full run's faults, at least one of each.
    private static let scale = ProcessInfo.processInfo.environment["TAKE_OVERS"].flatMap(Int.init) ?? 5

    private static func count(of full: Int) -> Int { max(1, full * scale / 100) }

    @Test func `a leader that is killed is followed, and nothing is lost`() async throws {
        try await play(Self.count(of: 100), "kills") { scene, _ in
            try await scene.killLeader()
        }
    }

    @Test func `a leader that stands still is followed, and sends nothing when it wakes up`() async throws {
        try await play(Self.count(of: 30), "stops") { scene, chance in
            let length = Duration.milliseconds(Int.random(in: 3_000...30_000, using: &chance))
            try await scene.pause(for: length)
        }
    }

    @Test func `a leader whose connection fails goes on or is followed`() async throws {
        try await play(Self.count(of: 30), "cuts") { scene, chance in
            try await scene.disturb(Int.random(in: 0..<4, using: &chance))
        }
    }

    @Test func `a database that restarts is waited for`() async throws {
        try await play(Self.count(of: 10), "restarts") { scene, _ in try await scene.restartDatabase("fast") }
    }

    @Test func `a database that crashes is waited for`() async throws {
        try await play(Self.count(of: 5), "crashes") { scene, _ in try await scene.restartDatabase("immediate") }
    }

    private func play(
        _ faults: Int, _ what: String, _ fault: @escaping (TakeOverScene, inout Chance) async throws -> Void
    ) async throws {
        let seed = UInt64.random(in: 0..<UInt64.max)
        var chance = Chance(seed)
        let scene = try await TakeOverScene()
        do {
            for _ in 0..<faults {
                await scene.happen(runs: 3)
                try await Task.sleep(for: .milliseconds(Int.random(in: 20...800, using: &chance)))
                await scene.happen(runs: 2)
                try await fault(scene, &chance)
            }
            let allArrived = await scene.allArrives(), missing = await scene.missing().sorted().prefix(5), logs = await scene.logs()
            #expect(allArrived, "seed \(seed): missing \(missing) \(logs)")
            let reigns = try scene.reigns(), repeats = await scene.repeats()
            let promised = TakeOverScene.width * max(0, reigns - 1)
            print(
                "take-over: seed \(seed), \(faults) \(what), \(reigns - 1) changes of the leader, \(await scene.expected.count) events, "
                    + "\(repeats) repeats, at most \(promised) promised; \(scene.times())")
            #expect(repeats <= promised, "seed \(seed)")
            try scene.expectOneWriterAtATime(seed: seed)
        } catch {
            Issue.record("seed \(seed): \(error)\n\(await scene.logs())")
        }
        await scene.stop()
    }
}
