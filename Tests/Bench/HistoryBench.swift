import Dedup
import Foundation
import Policy
import RelayCore

/// Measures what the history of an automation costs the admission of its runs: in an empty store, in one with a million runs, and for an
/// automation that has failed ten thousand times in a row.
struct HistoryBench {
    private static let automations = 1_000
    private let clock = SystemClock()

    func run(_ report: inout Report) async throws {
        report.heading("history")
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("relay-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let empty = try Ledger.open(.file(folder.path + "/empty.db"), as: .leader, clock: clock)
        let full = try Ledger.open(.file(folder.path + "/full.db"), as: .leader, clock: clock)
        let start = clock.now - .seconds(3_000_000)
        try await admit(0..<1_000_000, of: Self.automations, to: full, from: start, history: false)
        let next = 1_000_000..<1_010_000
        let without = try await timed { try await admit(next, of: Self.automations, to: empty, from: start, history: false) }
        let small = try await timed {
            try await admit(1_010_000..<1_020_000, of: Self.automations, to: empty, from: start, history: true)
        }
        let plain = try await timed { try await admit(next, of: Self.automations, to: full, from: start, history: false) }
        let large = try await timed {
            try await admit(1_010_000..<1_020_000, of: Self.automations, to: full, from: start, history: true)
        }
        report.row("an admission with history, against one without", small / without, "×", .atMost(1.5))
        report.row("1,000,000 runs: the same", large / plain, "×", .atMost(1.5))
        report.row("1,000,000 runs: an admission with history, against an empty file", large / small, "×")
        report.row("1,000,000 runs: admissions with history", 10_000 / large, "/s")
        try await admit(0..<10_000, of: 1, to: full, from: start, history: false, named: "broken", isFailing: true)
        let row = try await timed {
            try await admit(10_000..<10_200, of: 1, to: full, from: start, history: true, named: "broken", isFailing: true)
        }
        report.row("10,000 failures in a row: the next one", row / 200 * 1_000, "ms", .atMost(10))
        for ledger in [empty, full] { try ledger.close() }
    }

    /// One run of ten fails. Those of each automation are three seconds apart.
    private func admit(
        _ numbers: Range<Int>, of automations: Int, to ledger: Ledger, from start: Timestamp, history: Bool, named name: String = "a",
        isFailing: Bool = false
    ) async throws {
        for first in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 100) {
            let sightings = (first..<min(first + 100, numbers.upperBound)).map { number in
                let at = start + .seconds(number / automations * 3)
                let fails = isFailing || number / automations % 10 == 3
                return Sighting(
                    Event(
                        id: "live/run/\(name)\(number)/\(at)", account: "live", kind: .run, subject: "live/run/\(name)\(number)",
                        priority: .normal, occurredAt: at, seenAt: at,
                        payload: Payload(
                            origin: Origin(automation: "Sync", automationID: "\(name)\(number % automations)"),
                            detail: .run(RunDetail(outcome: fails ? .failed : .succeeded, error: fails ? "timeout" : nil)))))
            }
            _ = try await ledger.admit { store in
                try sightings.map { sighting in
                    guard history else { return Admission(event: sighting.event) }
                    let known = try sighting.withHistory(from: store)
                    var admission = Admission(event: known.event)
                    admission.edits = try known.endedFailures(from: store)
                    return admission
                }
            }
        }
    }

    /// Returns how long the work takes, in seconds.
    private func timed(_ work: () async throws -> Void) async rethrows -> Double {
        let began = ContinuousClock.now
        try await work()
        return (ContinuousClock.now - began) / .seconds(1)
    }
}
