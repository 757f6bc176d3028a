import Foundation
import RelayCore
import Sandbox

/// A stand-in RevKeen with a backlog, on real sockets.
struct World {
    let revkeen: StandInRevKeen
    let inbox = Inbox(mostMessages: 100)
    let server: SandboxServer
    let addresses: SandboxAddresses

    init() async throws {
        revkeen = StandInRevKeen(clock: SystemClock(), seed: 11)
        server = SandboxServer(world: revkeen, inbox: inbox)
        addresses = try await server.start()
    }

    /// Adds finished runs in lists of full size, each run with some notifications; those of every `urgentEach`th run are urgent.
    func happen(runs: Int, notifications: Int, urgentEach: Int = .max) async {
        for first in stride(from: 0, to: runs, by: 100) {
            let automation = await revkeen.addAutomation(name: "Automation \(first / 100)")
            for number in first..<min(first + 100, runs) {
                let run = await revkeen.startRun(of: automation)
                for part in 0..<notifications {
                    let priority = number % urgentEach == 0 && urgentEach < .max ? "urgent" : "normal"
                    _ = await revkeen.notify(
                        run: run, priority: priority, type: "note", message: "Invoice \(number)-\(part) is late and wants a reminder.")
                }
                await revkeen.finishRun(run, outcome: .succeeded)
            }
        }
    }

    /// A complete configuration with one account, which is polled without a budget.
    func configuration(
        destinations: [String], routes: [String], poll: String = "{budget: none}"
    )
        -> String
    {
        """
        accounts:
          a: {api_key: "rk_sandbox_bench", base_url: "\(addresses.api)", first_look: 1h, poll: \(poll)}
        destinations:
          \(destinations.joined(separator: "\n  "))
        routes:
          \(routes.map { "- " + $0 }.joined(separator: "\n  "))

        """
    }
}
