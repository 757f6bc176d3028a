import Foundation
import Sandbox

/// Measures the whole path from the poll to the settled delivery, for one webhook at `width: 8`.
struct DeliveryBench {
    let binary: String
    private static let hook = "hook: {type: webhook, url: \"URL\", width: 8}"
    private static let all = "{name: all, when: {kind: notification}, to: [hook]}"

    func run(_ report: inout Report) async throws {
        let receiver = try Receiver()
        let floor = try Floor.measure(receiver, posts: 20_000, bodyBytes: 700)
        report.heading("delivery: 10,000 notifications to one webhook at width 8")
        report.row("floor: one libcurl handle, posts a second", floor.perSecond, "/s")
        report.row("floor: CPU for 1,000 posts", floor.cpuPer1000, "s")
        try await endToEnd(&report, floor: floor)
        try await owed(&report, floor: floor)
        try await single(&report, floor: floor)
    }

    private func configuration(_ world: World, _ receiver: Receiver) -> String {
        world.configuration(destinations: [Self.hook.replacingOccurrences(of: "URL", with: receiver.url)], routes: [Self.all])
    }

    private func endToEnd(_ report: inout Report, floor: Floor) async throws {
        let world = try await World(), receiver = try Receiver()
        await world.happen(runs: 2_000, notifications: 5)
        let relay = try Child(binary, ["run"], configuration: configuration(world, receiver))
        guard try await receiver.wait(for: 10_000) else { throw BenchError("only \(receiver.count) came: \(relay.log.suffix(2_000))") }
        let cpu = relay.cpu, times = receiver.times
        report.row("poll to settled: messages a second", rate(times), "/s")
        report.row("poll to settled: CPU for 1,000 messages", cpu / 10, "s", .atMost(0.15))
        report.row("poll to settled: CPU above the floor's", cpu / 10 / floor.cpuPer1000, "×")
        relay.end()
        await world.server.stop()
    }

    /// Measures deliveries that are owed to a failing receiver, which then recovers.
    private func owed(_ report: inout Report, floor: Floor) async throws {
        let world = try await World(), receiver = try Receiver { _, _ in Receiver.unwell }
        await world.happen(runs: 2_000, notifications: 5)
        let relay = try Child(binary, ["run"], configuration: configuration(world, receiver))
        guard try await receiver.wait(for: 1) else { throw BenchError("nothing came: \(relay.log.suffix(2_000))") }
        try await Task.sleep(for: .seconds(4))
        let first = receiver.times[0], early = receiver.times.filter { $0 < first + .seconds(4) }.count
        report.row("receiver that is down: attempts in its first 4 s", Double(early), "", .atMost(20))
        while try relay.owed(binary) < 10_000 { try await Task.sleep(for: .milliseconds(200)) }
        try await Task.sleep(for: .seconds(2))
        report.row("10,000 owed: RssAnon", relay.megabytes("RssAnon"), "MB", .atMost(40))
        receiver.answer { _, _ in Receiver.fine }
        receiver.forget()
        let cpu = relay.cpu
        _ = try Child(binary, ["lanes", "open", "hook"], folder: relay.folder).outputAtEnd()
        guard try await receiver.wait(for: 10_000) else { throw BenchError("only \(receiver.count) came") }
        let rate = rate(receiver.times)
        report.row("10,000 owed: messages a second", rate, "/s", .atLeast(3_000))
        report.row("10,000 owed: share of the floor's rate", rate / floor.perSecond, "×")
        report.row("10,000 owed: CPU for 1,000 messages", (relay.cpu - cpu) / 10, "s")
        relay.end()
        await world.server.stop()
    }

    /// One notification per run, the most expensive kind of backlog: each message costs a request of its own.
    private func single(_ report: inout Report, floor: Floor) async throws {
        let world = try await World(), receiver = try Receiver()
        await world.happen(runs: 3_000, notifications: 1)
        let relay = try Child(binary, ["run"], configuration: configuration(world, receiver))
        guard try await receiver.wait(for: 3_000) else { throw BenchError("only \(receiver.count) came") }
        let cpu = relay.cpu / 3
        report.row("one notification a run: messages a second", rate(receiver.times), "/s")
        report.row("one notification a run: CPU for 1,000 messages", cpu, "s")
        report.row("one notification a run: CPU above the floor's", cpu / floor.cpuPer1000, "×")
        let counts = await world.revkeen.requestLog.counts
        let asked = counts.values.reduce(0, +)
        report.row("one notification a run: API requests for each", Double(asked) / 3_000, "", .atMost(1.02))
        print("  " + counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
        relay.end()
        await world.server.stop()
    }
}

/// The rate per second from the first arrival to the last.
func rate(_ times: [ContinuousClock.Instant]) -> Double {
    guard let first = times.first, let last = times.last, first < last else { return 0 }
    return Double(times.count - 1) / ((last - first) / .seconds(1))
}
