import Dedup
import Foundation
import RelayCore

/// A digest of very many failed runs, made by the shipped binary from a store that was filled before.
struct DigestBench {
    let binary: String
    private static let count = 100_000, automations = 300

    func run(_ report: inout Report) async throws {
        report.heading("digest")
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("relay-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let floor = try await fill(folder)

        let empty = try await digest("nothing", "--preview", in: folder)
        let preview = try await digest("daily", "--preview", in: folder)
        guard preview.said.contains("\(Self.automations) automations newly failing") else { throw BenchError(preview.said) }
        let sent = try await digest("daily", "--now", in: folder)
        guard sent.said.contains("is owed to") else { throw BenchError(sent.said) }
        report.row("100,000 failed runs: a preview", preview.seconds, "s", .atMost(2))
        report.row("100,000 failed runs: closed and owed", sent.seconds, "s", .atMost(2))
        report.row("against reading and decoding them once", sent.seconds / floor, "×")
        report.row("peak resident", max(preview.peak, sent.peak), "MB", .atMost(100))
        report.row("of which the same command needs for an empty digest", empty.peak, "MB")
    }

    private struct Outcome {
        var said: String
        var seconds: Double
        /// The peak resident memory in MB.
        var peak: Double
    }

    private func digest(_ name: String, _ flag: String, in folder: URL) async throws -> Outcome {
        let began = ContinuousClock.now
        let child = try Child(binary, ["digest", name, flag], configuration: Self.configuration, folder: folder)
        var peak = 0.0
        while child.isRunning {
            peak = max(peak, child.megabytes("VmHWM"))
            try await Task.sleep(for: .milliseconds(2))
        }
        let took = (ContinuousClock.now - began) / .seconds(1)
        // The output is smaller than a pipe's buffer.
        return Outcome(said: String(decoding: child.outputAtEnd(), as: UTF8.self) + child.log, seconds: took, peak: peak)
    }

    private static let configuration = """
        accounts:
          live: {api_key: "rk_sandbox_bench"}
        destinations:
          team: {type: email, server: "smtp://127.0.0.1:25", from: "relay@example.com", to: [ops@example.com]}
        routes:
          - {name: failures, when: {kind: run, outcome: failed}, digest: [daily]}
        digests:
          daily: {every: 24h, to: [team]}
          nothing: {every: 24h, to: [team], send_empty: true}

        """

    /// Fills the store.
    ///
    /// - Returns: the floor: the seconds that this process needs to read every member and its payload from the file.
    private func fill(_ folder: URL) async throws -> Double {
        let clock = SystemClock()
        let ledger = try Ledger.open(.file(folder.appendingPathComponent("notify-relay.db").path), as: .leader, clock: clock)
        let now = clock.now
        let window = WindowJoin(kind: .digest, name: "daily", opensAt: now - .seconds(3600), closesAt: now + .seconds(3600))
        for first in stride(from: 0, to: Self.count, by: 500) {
            _ = try await ledger.admit(
                (first..<first + 500).map { Admission(event: Self.failure($0, now: now), windows: [window]) })
        }
        let open = try await ledger.openWindows(.digest, named: "daily").map(\.id)
        let began = ContinuousClock.now
        let read = try await ledger.readWindows(open) { reader in
            var read = 0
            try reader.eachMember { _ in read += 1 }
            return read
        }
        guard read == Self.count else { throw BenchError("\(read) of \(Self.count) events joined") }
        let took = (ContinuousClock.now - began) / .seconds(1)
        try ledger.close()
        return took
    }

    /// A failed run.
    /// No two error texts are identical.
    private static func failure(_ number: Int, now: Timestamp) -> Event {
        let automation = "Automation \(number % automations)", id = "\(number)-7c0e-4c52-9d5e-000000000000"
        let ended = now - .milliseconds(Int64(count - number))
        let error = """
            Timeout after \(number) ms while reading ledger 10.2.3.\(number % 250):5432 for order \(1_000_000 + number)
              at fetchInvoice (billing/invoice.ts:\(number % 400):17)
              at run (worker.ts:88:5)
            """
        return Event(
            id: EventID.run(id, completed: ended.description, account: "live"), account: "live", kind: .run,
            subject: EventID.runSubject(id, account: "live"), priority: .high, occurredAt: ended, seenAt: now,
            payload: Payload(
                origin: Origin(automation: automation, automationID: automation, runID: id),
                detail: .run(RunDetail(outcome: .failed, error: error))))
    }
}
