import Dedup
import Foundation
import RelayCore
import Sandbox

/// Measures what open pages of the desk cost while messages pass: 50 people with four pages each, beside nobody, by turns of ten seconds, of one relay.
struct DeskBench {
    let binary: String
    private static let people = 50
    /// With pages or without, in an order in which neither has the later turns: lists and store grow from turn to turn.
    private static let turns = [false, true, true, false, false, true, true, false]
    private static let perSecond = 1_000, ofOneRun = 20
    private static let turn = Duration.seconds(10)

    private struct Turn {
        var cpu: Double
        /// The most private memory in MB.
        var memory: Double
        /// Milliseconds from the moment when a message was read to the moment when it was delivered.
        var late: Double
        var median: Double
    }

    func run(_ report: inout Report) async throws {
        report.heading("desk: 200 open pages beside \(Self.perSecond) messages a second")
        let world = try await World(), receiver = try Receiver(), port = try OpenPages.freePort()
        var automations: [String] = []
        for number in 0..<Self.perSecond / 10 / Self.ofOneRun {
            automations.append(await world.revkeen.addAutomation(name: "Automation \(number)"))
        }
        let waiting = await world.revkeen.startRun(of: automations[0])
        let approval = await world.revkeen.requestApproval(run: waiting, action: "Refund 12 EUR?")
        let relay = try Child(binary, ["run"], configuration: configuration(world, receiver, port))
        let load = Task { [automations] in try await Self.happen(automations, world) }
        defer { load.cancel() }
        guard try await receiver.wait(for: 5_000) else { throw BenchError("only \(receiver.count) came: \(relay.log.suffix(2_000))") }
        let ledger = try Ledger.open(.file(relay.folder.appendingPathComponent("notify-relay.db").path), as: .beside, clock: SystemClock())
        let targets = ["/", "/approvals", "/destinations/hook", "/approvals/a/\(approval)"]
        var alone: [Turn] = [], watched: [Turn] = [], told = 0
        for isWatched in Self.turns {
            let pages = isWatched ? try OpenPages(port: port, people: Self.people, targets: targets) : nil
            try await Task.sleep(for: .seconds(2))
            let turn = try await measure(relay, ledger)
            guard let pages else {
                alone.append(turn)
                continue
            }
            watched.append(turn)
            told += pages.told
            guard pages.open == Self.people * 4 else { throw BenchError("\(pages.open) pages are open: \(pages.first)") }
            pages.close()
            try await Task.sleep(for: .seconds(1))
        }
        let last = ContinuousClock.now - .seconds(10)
        let count = receiver.times.count { $0 > last }
        load.cancel()
        report.row("messages a second", Double(count) / 10, "/s", .atLeast(Double(Self.perSecond) * 0.95))
        report.row("changes that each page was told in 10 s", Double(told) / Double(watched.count * Self.people * 4), "", .atLeast(1))
        report.row("CPU in 10 s without pages", mean(alone.map(\.cpu)), "s")
        report.row("CPU in 10 s with 200 pages", mean(watched.map(\.cpu)), "s")
        report.row("private memory without pages", mean(alone.map(\.memory)), "MB")
        report.row("200 pages: memory above that", mean(watched.map(\.memory)) - mean(alone.map(\.memory)), "MB", .atMost(20))
        report.row("read to delivered, median without pages", mean(alone.map(\.median)), "ms")
        report.row("read to delivered, median with 200 pages", mean(watched.map(\.median)), "ms")
        report.row("read to delivered, p99 without pages", mean(alone.map(\.late)), "ms")
        report.row("read to delivered, p99 with 200 pages", mean(watched.map(\.late)), "ms")
        report.row("p99 with 200 pages against without", mean(watched.map(\.late)) / mean(alone.map(\.late)), "×", .atMost(1.1))
        try ledger.close()
        relay.end()
        await world.server.stop()
    }

    private func measure(_ relay: Child, _ ledger: Ledger) async throws -> Turn {
        let cpu = relay.cpu, end = ContinuousClock.now + Self.turn
        var memory = 0.0
        while ContinuousClock.now < end {
            memory = max(memory, relay.megabytes("RssAnon"))
            try await Task.sleep(for: .milliseconds(100))
        }
        let used = relay.cpu - cpu
        let attempts = try await ledger.attempts(at: "hook", since: .distantPast)
        let waits = attempts.map { $0.seenAt.duration(to: $0.attempt.at + $0.attempt.took) / .milliseconds(1) }.sorted()
        guard waits.count > 1_000 else { throw BenchError("only \(waits.count) attempts: \(relay.log.suffix(2_000))") }
        return Turn(cpu: used, memory: memory, late: waits[waits.count * 99 / 100], median: waits[waits.count / 2])
    }

    /// One run of each automation with its notifications, ten times a second.
    private static func happen(_ automations: [String], _ world: World) async throws {
        var next = ContinuousClock.now
        while !Task.isCancelled {
            for automation in automations {
                let run = await world.revkeen.startRun(of: automation)
                for _ in 0..<Self.ofOneRun { _ = await world.revkeen.notify(run: run, message: "An invoice is late and wants a reminder.") }
                await world.revkeen.finishRun(run, outcome: .succeeded)
            }
            next += .milliseconds(100)
            try await Task.sleep(until: next)
        }
    }

    private func configuration(_ world: World, _ receiver: Receiver, _ port: UInt16) -> String {
        let people = (0..<Self.people).map { "p\($0): {email: p\($0)@example.com, operator: \($0 % 10 == 0)}" }
        let approvers = (0..<Self.people / 2).map { "p\($0)" }.joined(separator: ", ")
        return world.configuration(
            destinations: ["hook: {type: webhook, url: \"\(receiver.url)\", width: 8}"],
            routes: [
                "{name: requests, when: {kind: approval}, to: [hook], approvers: [\(approvers)]}",
                "{name: all, when: {kind: notification}, to: [hook]}",
            ],
            poll: "{budget: none, runs: 1s..1s}") + """
                people: {\(people.joined(separator: ", "))}
                server:
                  public_listen: "127.0.0.1:\(port)"
                  public_url: "http://127.0.0.1:\(port)"
                  sign_in: {header: {name: X-Forwarded-Email, from: ["127.0.0.0/8"]}}

                """
    }

    private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
}
