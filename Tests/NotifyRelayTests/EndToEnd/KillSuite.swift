import Foundation
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

/// The real binary is killed at random moments under load, and at each stop point. Then the messages that arrived are counted.
///
/// `KILLS` is the number of kills; `NOTIFY_RELAY_BINARY` names a shipped binary. The seed of the random moments is printed.
@Suite(.serialized) struct KillSuite {
    private static let width = 4

    @Test func `killed at random moments it loses nothing and repeats at most what was under way`() async throws {
        let kills = ProcessInfo.processInfo.environment["KILLS"].flatMap(Int.init) ?? 5
        let seed = UInt64.random(in: 0..<UInt64.max)
        var chance = Chance(seed)
        let scene = try await Scene()
        for _ in 0..<kills {
            await scene.happen(runs: 4)
            let relay = try RelayProcess(["run", "--config", "relay.yaml"], in: scene.place.folder)
            try await Task.sleep(for: .milliseconds(Int.random(in: 20...450, using: &chance)))
            #expect(relay.isRunning, "it ended by itself (seed \(seed)): \(relay.errorText)")
            relay.kill()
        }
        try await scene.finish()
        let repeats = await scene.repeats()
        print(
            "kill suite: seed \(seed), \(kills) kills, \(await scene.expected.count) events, \(repeats) repeats, at most \(kills * Self.width) promised"
        )
        let missing = await scene.missing()
        let why = await scene.why(missing.sorted().first)
        #expect(missing.isEmpty, "seed \(seed): \(missing.count) are missing, such as \(missing.sorted().prefix(5)): \(why)")
        #expect(repeats <= kills * Self.width, "seed \(seed)")
    }

    /// The rows of the crash table that a kill can show. Stop points exist in debug builds only.
    @Test(
        .enabled(if: ProcessInfo.processInfo.environment["NOTIFY_RELAY_BINARY"] == nil),
        arguments: [
            ("admitting", 0), ("admitted", 0), ("claimed", 0), ("sending", 1), ("answered", 1), ("settled", 1), ("answered:5", 4),
            ("looked", 0),
        ])
    func `killed at a stop point it loses nothing and repeats no more than promised`(point: String, repeats: Int) async throws {
        let scene = try await Scene()
        await scene.happen(runs: 4)
        let relay = try RelayProcess(
            ["run", "--config", "relay.yaml"], in: scene.place.folder, environment: ["NOTIFY_RELAY_STOP_AT": point])
        #expect(relay.wait() == 9, "it did not die at \(point): \(relay.errorText)")
        try await scene.finish()
        #expect(await scene.missing().isEmpty)
        #expect(await scene.repeats() <= repeats * Self.width)
    }

    @Test(.enabled(if: !TestDatabase.isThere)) func `a second relay on one file refuses to start and says why`() async throws {
        let scene = try await Scene()
        await scene.happen(runs: 1)
        let first = try RelayProcess(["run", "--config", "relay.yaml"], in: scene.place.folder)
        await scene.inbox.waitForCount(1)
        let second = try RelayProcess(["run", "--config", "relay.yaml"], in: scene.place.folder)
        #expect(second.wait() == 75)
        #expect(!second.errorText.isEmpty)
        #expect(first.terminate() == 0)
        await scene.stop()
    }
}

/// A stand-in RevKeen with activity, an inbox, and a configuration for the binary.
private actor Scene {
    nonisolated let place: Workplace
    nonisolated let inbox = Inbox()
    private let world = StandInRevKeen(clock: SystemClock(), seed: 11)
    private let server: SandboxServer
    private let store: SceneStore
    private var automation = ""
    /// The ids of everything that must arrive.
    private(set) var expected: Set<String> = []

    init() async throws {
        place = try Workplace()
        store = try SceneStore()
        server = SandboxServer(world: world, inbox: inbox)
        let addresses = try await server.start()
        automation = await world.addAutomation(name: "Nightly invoices")
        try place.write(
            """
            \(store.line)
            accounts:
              a: {api_key: "rk_sandbox_test", base_url: "\(addresses.api)", first_look: 1h, poll: {approvals: 1s, runs: 1s..2s, automations: 1s, budget: none}}
            destinations:
              hook: {type: webhook, url: "\(addresses.webhook)", width: 4}
            routes:
              - {name: all, when: {kind: [notification, approval]}, to: [hook]}
            """, to: "relay.yaml")
    }

    func happen(runs: Int) async {
        for _ in 0..<runs {
            let run = await world.startRun(of: automation)
            for number in 0..<3 {
                let id = await world.notify(run: run, priority: "normal", type: "note", message: "number \(number)")
                expected.insert("a/notification/\(id)")
            }
            let approval = await world.requestApproval(run: run, action: "go on?")
            expected.insert("a/approval/\(approval)/v1")
        }
    }

    /// Runs a relay until everything has arrived, and ends it by SIGTERM.
    func finish() async throws {
        let relay = try RelayProcess(["run", "--config", "relay.yaml"], in: place.folder)
        let asked = await world.requestLog.total
        // Once the relay has called RevKeen, it handles signals.
        _ = await comesTrue(within: .seconds(60)) { await world.requestLog.total > asked }
        _ = await comesTrue(within: .seconds(120)) { await missing().isEmpty }
        #expect(relay.terminate() == 0, "\(relay.errorText)")
        await server.stop()
    }

    func stop() async { await server.stop() }

    /// What the store knows of an event that is missing.
    func why(_ event: String?) async -> String {
        guard let event, let process = try? RelayProcess(["why", event, "--config", "relay.yaml"], in: place.folder) else { return "" }
        _ = await process.ended()
        guard let status = try? RelayProcess(["status", "--config", "relay.yaml"], in: place.folder) else { return "" }
        _ = await status.ended()
        return process.outputText + process.errorText + status.outputText.prefix(1_500)
    }

    func missing() async -> Set<String> { expected.subtracting(await inbox.identities().keys) }

    func repeats() async -> Int { await inbox.repeats() }
}

/// A seeded random number generator whose sequence can be repeated (SplitMix64).
struct Chance: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
