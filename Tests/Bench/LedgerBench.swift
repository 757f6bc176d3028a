import Dedup
import Foundation
import RelayCore

/// Measures the ledger alone, in this process, on its own file.
struct LedgerBench {
    func run(_ report: inout Report) async throws {
        report.heading("ledger")
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("relay-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let clock = SystemClock()
        let empty = try Ledger.open(.file(folder.path + "/empty.db"), as: .leader, clock: clock)
        let full = try Ledger.open(.file(folder.path + "/full.db"), as: .leader, clock: clock)
        let emptyAdmission = try await timed { try await admit(0..<2_000, to: empty, owed: true) }
        let emptyClaim = try await claims(empty)

        try await admit(0..<900_000, to: full, owed: false)
        try await admit(900_000..<1_000_000, to: full, owed: true, held: true)
        let nothing = try await timed { for _ in 0..<100 { _ = try await full.claim("hook", limit: 50, lease: .seconds(60)) } }
        report.row("100,000 held: a claim of nothing", nothing * 10, "ms", .atMost(5))
        let fullAdmission = try await timed { try await admit(1_000_000..<1_002_000, to: full, owed: true) }
        report.row("1,000,000 events: an admission, against an empty file", fullAdmission / emptyAdmission, "×", .atMost(2))
        report.row("1,000,000 events: a claim of 50, against an empty file", try await claims(full) / emptyClaim, "×", .atMost(2))
        let refusal = try await timed { for _ in 0..<5 { try await admit(0..<50_000, to: full, owed: false) } }
        report.row("known ids refused a second", 250_000 / refusal, "/s", .atLeast(50_000))

        let owing = try Ledger.open(.file(folder.path + "/owing.db"), as: .leader, clock: clock)
        try await admit(0..<100_000, to: owing, owed: true)
        report.row("100,000 owed: a claim of 50", try await claims(owing) * 1000, "ms", .atMost(5))
        for ledger in [empty, full, owing] { try ledger.close() }
    }

    /// Makes twenty claims of 50 deliveries and returns the mean time of one in seconds.
    private func claims(_ ledger: Ledger) async throws -> Double {
        let took = try await timed {
            for _ in 0..<20 {
                let claimed = try await ledger.claim("hook", limit: 50, lease: .seconds(600)).count
                guard claimed == 50 else { throw BenchError("\(claimed) of 50 were claimed") }
            }
        }
        return took / 20
    }

    private func admit(_ numbers: Range<Int>, to ledger: Ledger, owed: Bool, held: Bool = false) async throws {
        let now = SystemClock().now
        for first in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 500) {
            let admissions = (first..<min(first + 500, numbers.upperBound)).map { number in
                let event = Event(
                    id: "live/notification/\(number)-7c0e-4c52-9d5e-000000000000", account: "live", kind: .notification,
                    subject: "live/notification/\(number)", priority: .normal, occurredAt: now, seenAt: now,
                    payload: Payload(detail: .notification(NotificationDetail(message: "Invoice \(number) is late and wants a reminder."))))
                let due = held ? now + .seconds(86_400) : now
                return Admission(
                    event: event,
                    owed: owed
                        ? [PlannedDelivery(destination: "hook", route: .configured("all"), priority: .normal, dueAt: due)] : [])
            }
            _ = try await ledger.admit(admissions)
        }
    }

    /// Returns how long the work takes, in seconds.
    private func timed(_ work: () async throws -> Void) async rethrows -> Double {
        let began = ContinuousClock.now
        try await work()
        return (ContinuousClock.now - began) / .seconds(1)
    }
}
