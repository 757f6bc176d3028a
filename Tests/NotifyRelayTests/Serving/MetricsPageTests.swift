import Dedup
import Foundation
import Policy
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// What `/metrics` shows beside its counters, and that `docs/metrics.md` lists all of it.
struct MetricsPageTests {
    private static let document: String = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        return (try? String(contentsOf: folder.appendingPathComponent("../../../docs/metrics.md").standardized, encoding: .utf8)) ?? ""
    }()

    @Test func `the page of metrics lists each family with its labels and its help, and no other`() {
        let rows = MetricFamily.all.map { family in
            let labels = family.labels.map { "`\($0)`" }.joined(separator: ", ")
            return "| `\(family.name)` | \(family.kind.rawValue) | \(labels.isEmpty ? "–" : labels) | \(family.help) |"
        }
        let listed = Self.document.split(separator: "\n").filter { $0.hasPrefix("| `notify_relay") || $0.hasPrefix("| `process_") }
        #expect(listed.map(String.init) == rows, "the table should be:\n\(rows.joined(separator: "\n"))")
    }

    @Test func `every family is written, with help and type, once`() async throws {
        let house = try await House(House.file(rest: "digests: {morning: {at: \"08:00\", to: [ops]}}"))
        let text = await house.relay.status.metricsText()
        for family in MetricFamily.all {
            #expect(text.components(separatedBy: "# TYPE \(family.name) \(family.kind.rawValue)\n").count == 2, "\(family.name)")
            #expect(text.contains("\n\(family.name)") || text.hasPrefix(family.name), "\(family.name) has no series")
        }
    }

    @Test func `label values are snake case, and no impossible pair stands there`() async throws {
        let hook = House.file(destinations: "ops: {type: webhook, url: \"https://inbox.example/hooks/web/ops\"}")
        let text = await (try await House(hook)).relay.status.metricsText()
        let values = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.flatMap { line in
            line.components(separatedBy: "\"").enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element)
        }
        #expect(values.allSatisfy { value in !value.contains { $0.isUppercase } || value == "+Inf" }, "\(values)")
        #expect(text.contains("outcome=\"throttled\",reason=\"rate_limited\"} 0"))
        #expect(!text.contains("outcome=\"gone\",reason=\"rate_limited\""))
        #expect(!text.contains("reason=\"cancelled\""))
        let perDestination = text.split(separator: "\n").count { $0.contains("destination=\"ops\"") }
        #expect(perDestination < 70, "\(perDestination) series for one destination")
    }

    @Test func `a lane has one state at a time`() async throws {
        let house = try await House()
        func states() async -> Set<String> {
            let lines = await house.relay.status.metricsText().split(separator: "\n").map(String.init)
            return Set(lines.filter { $0.hasPrefix("notify_relay_lane_state{destination=\"ops\"") && $0.hasSuffix(" 1") })
        }
        #expect(await states() == ["notify_relay_lane_state{destination=\"ops\",state=\"open\"} 1"])
        try await house.owe("a")
        house.channel().next(.gone)
        try await house.lane().drain()
        #expect(await states() == ["notify_relay_lane_state{destination=\"ops\",state=\"closed\"} 1"])
    }

    @Test func `approvals that wait are counted, with the age of the oldest, and decisions by their way in`() async throws {
        let house = try await House()
        let automation = await house.world.addAutomation(name: "Nightly"), run = await house.world.startRun(of: automation)
        let approval = await house.world.requestApproval(run: run, action: "Refund")
        try await house.look()
        house.clock.advance(by: .seconds(90))
        let waiting = await house.relay.status.metricsText()
        #expect(waiting.contains("notify_relay_approvals_open{account=\"live\"} 1\n"))
        #expect(Self.value("notify_relay_approval_oldest_seconds{account=\"live\"}", in: waiting).map { $0 >= 90 } == true)
        await house.world.decide(approval, approved: true)
        try await house.look()
        let decided = await house.relay.status.metricsText()
        #expect(decided.contains("notify_relay_approvals_open{account=\"live\"} 0\n"))
        #expect(decided.contains("notify_relay_decisions_total{via=\"revkeen\",verdict=\"approved\"} 1\n"))
        #expect(decided.contains("notify_relay_decision_seconds_count{via=\"revkeen\"} 1\n"))
    }

    @Test func `the process is shown as Prometheus' own clients show it`() {
        let now = ProcessFigures.now()
        #expect(now.residentBytes.map { $0 > 1_000_000 } == true)
        #expect(now.cpuSeconds.map { $0 > 0 } == true)
        #expect(now.openFiles.map { $0 >= 3 } == true)
        #expect(now.mostFiles.map { $0 >= 64 } == true)
        #expect(now.startSeconds.map { abs($0 - Date().timeIntervalSince1970) < 86_400 } == true)
    }

    private static func value(_ series: String, in text: String) -> Double? {
        text.split(separator: "\n").first { $0.hasPrefix(series + " ") }.flatMap { Double($0.dropFirst(series.count + 1)) }
    }
}
