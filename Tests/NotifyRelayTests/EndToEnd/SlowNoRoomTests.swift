import Foundation
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// The store cannot grow while a message is under way, so the outcome of the attempt cannot be recorded.
enum NoRoom {
    enum Cause: Sendable { case fullDisk, fileLimit }

    struct Findings: Sendable {
        /// The body of `/readyz` while there was no room.
        var readiness: String
        /// The number of messages that were taken until there was room again.
        var takenMeanwhile: Int
        /// The ids of all events, and how often each was taken in the end.
        var events: [String]
        var taken: [String: Int]
        /// The status of `/readyz` at the end.
        var readinessAfter: Int?
        var exit: Int32?
        var log: String
    }

    static func play(by cause: Cause) async throws -> Findings {
        let disk = cause == .fullDisk ? try SmallDisk() : nil
        let port = try Web.freePort()
        let clock = ManualClock()
        let more = "server: {listen: \"127.0.0.1:\(port)\"}" + (disk.map { "\nstore: \($0.path)/notify-relay.db" } ?? "")
        return try await Stage.with(inboxClock: clock, yaml: { Stage.standard($0, more: more) }) { stage in
            let ready = "http://127.0.0.1:\(port)/readyz"
            // A write past the limit then fails, as on a full disk, and raises no signal.
            let relay = try RelayProcess(["run", "--config", "relay.yaml"], in: stage.place.folder, shell: "trap '' XFSZ")
            #expect(await comesTrue { await Web.get(ready)?.status == 200 }, "\(relay.errorText)")
            await stage.inbox.arrange { $0.hookDelay = .seconds(3_600) }
            var events: [String] = []
            for number in 1...3 { events.append(await stage.notify("number \(number)")) }
            #expect(await comesTrue { clock.sleeperCount == 1 }, "no message is under way: \(relay.errorText)")
            // Everything is admitted, so from here on only the outcome of the attempt cannot be recorded.
            #expect(await comesTrue { await stage.statusOf("hook")?["owed"] == 3 })

            try await take(room: disk, relay, stage)
            await stage.inbox.arrange { $0.hookDelay = .zero }
            clock.advance(by: .seconds(3_600))
            #expect(await comesTrue { await Web.get(ready)?.status == 503 }, "\(relay.errorText)")
            let readiness = await Web.get(ready)?.body ?? ""
            // The relay keeps looking, but it cannot record what it sees now.
            events.append(await stage.notify("number 4"))
            let looks = await stage.world.requestLog.counts["automations_approvals_list"] ?? 0
            #expect(await comesTrue { await stage.world.requestLog.counts["automations_approvals_list"] ?? 0 >= looks + 2 })
            let takenMeanwhile = await stage.inbox.count

            try await give(room: disk, relay)
            #expect(await comesTrue { await stage.inbox.identities.count == 4 }, "\(relay.errorText)")
            #expect(await comesTrue { await stage.statusOf("hook")?["owed"] == 0 }, "\(relay.errorText)")
            let readinessAfter = await Web.get(ready)?.status
            let exit = await relay.stopped()
            return Findings(
                readiness: readiness, takenMeanwhile: takenMeanwhile, events: events,
                taken: (await stage.told).reduce(into: [:]) { $0[$1, default: 0] += 1 }, readinessAfter: readinessAfter, exit: exit,
                log: relay.errorText)
        }
    }

    private static func take(room disk: SmallDisk?, _ relay: RelayProcess, _ stage: Stage) async throws {
        if let disk { return try disk.fill() }
        let log = try stage.place.bytes(of: "notify-relay.db-wal").count
        try await limit(relay, to: "\(log)")
    }

    private static func give(room disk: SmallDisk?, _ relay: RelayProcess) async throws {
        if let disk { return disk.free() }
        try await limit(relay, to: "unlimited")
    }

    /// Limits the size of the files that the relay may write.
    private static func limit(_ relay: RelayProcess, to bytes: String) async throws {
        let process = try Process.run(URL(fileURLWithPath: "/usr/bin/prlimit"), arguments: ["--pid", "\(relay.id)", "--fsize=\(bytes):"])
        #expect(await comesTrue { !process.isRunning } && process.terminationStatus == 0)
    }
}

struct NoRoomTests {
    private func expectKept(_ seen: NoRoom.Findings) {
        #expect(seen.readiness.contains("store: "), "\(seen.readiness)")
        #expect(seen.takenMeanwhile == 1, "it claimed more while it could not write down what came of the first")
        #expect(seen.taken == Dictionary(uniqueKeysWithValues: seen.events.map { ($0, 1) }), "\(seen.log)")
        #expect(seen.readinessAfter == 200)
        #expect(seen.exit == 0)
    }

    @Test(.enabled(if: SmallDisk.isPossible)) func `on a full disk nothing is lost, and nothing is told twice`() async throws {
        let seen = try await SlowScenes.fullDisk.value
        expectKept(seen)
        #expect(seen.log.contains("free some space on its disk"))
        let troubles = try LogLines(seen.log).troubles
        #expect(Set(troubles).count == troubles.count, "a trouble that goes on is said once: \(seen.log)")
    }

    @Test func `where its files may not grow nothing is lost, and nothing is told twice`() async throws {
        expectKept(try await SlowScenes.fileLimit.value)
    }
}
