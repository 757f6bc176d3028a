import Foundation
import RelayCore
import RelaySupport
import Sandbox
import Testing

/// The real binary sends a backlog from shuffled lists of full size. `BACKLOG_RUNS` is the number of runs (each with three notifications).
@Suite(.serialized) struct BacklogSuite {
    @Test func `every id of a backlog is delivered exactly once, for little more than a request a run`() async throws {
        let runs = ProcessInfo.processInfo.environment["BACKLOG_RUNS"].flatMap(Int.init) ?? 200
        let place = try Workplace()
        let world = StandInRevKeen(clock: SystemClock(), seed: 5)
        let inbox = Inbox()
        let server = SandboxServer(world: world, inbox: inbox)
        let addresses = try await server.start()
        try place.write(
            """
            accounts:
              a: {api_key: "rk_sandbox_test", base_url: "\(addresses.api)", first_look: 1h, poll: {approvals: 1s, runs: 1s..2s, automations: 1s, budget: none}}
            destinations:
              hook: {type: webhook, url: "\(addresses.webhook)", width: 8}
            routes:
              - {name: all, when: {kind: [notification, approval]}, to: [hook]}
            """, to: "relay.yaml")
        let expected = await happen(runs, in: world)
        let began = ContinuousClock.now
        let relay = try RelayProcess(["run", "--config", "relay.yaml"], in: place.folder)
        while await inbox.count < expected, ContinuousClock.now - began < .seconds(120) { try await Task.sleep(for: .milliseconds(20)) }
        let took = ContinuousClock.now - began
        let requests = await world.requestLog.counts
        #expect(relay.terminate() == 0, "\(relay.errorText)")
        let times = await inbox.identities
        #expect(times.count == expected)
        #expect(times.values.allSatisfy { $0 == 1 })
        let details = requests["automations_runs_get"] ?? 0
        // A tenth of the runs waits for an approval and goes on. Such a run is read again a second after it was read, at the earliest.
        let goingOn = min(runs, 1_000) / 10, again = goingOn * Int(took / .seconds(1))
        #expect(details <= runs + runs / 50 + goingOn + again, "one detail a run, and little more: \(requests) in \(took)")
        print("backlog: \(expected) messages in \(took), requests \(requests.sorted { $0.key < $1.key })")
        await server.stop()
    }

    /// Makes runs of several automations, at most a full list for each, and approvals for a tenth of them.
    ///
    /// - Returns: the number of messages to expect.
    private func happen(_ runs: Int, in world: StandInRevKeen) async -> Int {
        var expected = 0
        for first in stride(from: 0, to: runs, by: 100) {
            let automation = await world.addAutomation(name: "Automation \(first / 100)")
            for number in first..<min(first + 100, runs) {
                let run = await world.startRun(of: automation)
                for part in 1...3 {
                    _ = await world.notify(run: run, priority: "normal", type: "note", message: "run \(number), part \(part)")
                    expected += 1
                }
                if number % 10 == 0, number < 1_000 {
                    _ = await world.requestApproval(run: run, action: "go on with \(number)?")
                    expected += 1
                } else {
                    await world.finishRun(run, outcome: .succeeded)
                }
            }
        }
        return expected
    }
}
