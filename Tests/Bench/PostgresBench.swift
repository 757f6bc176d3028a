import CPostgres
import Dedup
import Foundation
import RelayCore
import Sandbox

/// Measures the ledger and the whole path on a PostgreSQL server, beside SQLite and beside a plain libpq loop of the same statements.
///
/// The server is the one that `NOTIFY_RELAY_TEST_POSTGRES` names; `scripts/postgres` starts one.
struct PostgresBench {
    let binary: String
    private static let messages = 10_000

    func run(_ report: inout Report) async throws {
        guard let server = ProcessInfo.processInfo.environment["NOTIFY_RELAY_TEST_POSTGRES"] else {
            throw BenchError("NOTIFY_RELAY_TEST_POSTGRES is not set: scripts/postgres scripts/bench BINARY postgres")
        }
        report.heading("PostgreSQL: \(Self.messages) messages admitted, claimed and settled in crowds, in this process")
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("relay-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let sqlite = try await ledger(.file(folder.path + "/relay.db"))
        let own = try PostgresFloor.schema(on: server)
        guard let address = StoreAddress(own.uri) else { throw BenchError("the URI cannot be read") }
        let postgres = try await ledger(address)
        let floor = try PostgresFloor(uri: own.uri).measure(Self.messages)
        try own.drop()
        report.row("SQLite: CPU for 1,000", sqlite.cpu, "s")
        report.row("SQLite: messages a second", sqlite.rate, "/s")
        report.row("floor: CPU for 1,000, one libpq session with the same statements", floor.cpu, "s")
        report.row("floor: messages a second", floor.rate, "/s")
        report.row("PostgreSQL: CPU for 1,000", postgres.cpu, "s")
        report.row("PostgreSQL: messages a second", postgres.rate, "/s")
        report.row("PostgreSQL: CPU against the floor", postgres.cpu / floor.cpu, "×", .atMost(2))
        try await endToEnd(&report, server)
    }

    /// Admits, claims and settles messages as a busy relay does: looks of fifty, a lane of width 8, settlements at once.
    private func ledger(_ address: StoreAddress) async throws -> (cpu: Double, rate: Double) {
        let ledger = try Ledger.open(address, as: .leader, clock: SystemClock())
        let began = ContinuousClock.now, cpu = cpuSeconds("self")
        for first in stride(from: 0, to: Self.messages, by: 400) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for part in stride(from: first, to: first + 400, by: 50) {
                    group.addTask { _ = try await ledger.admit((part..<part + 50).map(Self.admission)) }
                }
                try await group.waitForAll()
            }
            let claims = try await ledger.claim("hook", limit: 400, lease: .seconds(600))
            let now = SystemClock().now
            let attempt = Attempt(at: now, outcome: "delivered", reason: "ok", detail: "answered 204", took: .milliseconds(3))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for claim in claims {
                    group.addTask { _ = try await ledger.settle(claim, as: .delivered(Receipt()), attempt: attempt) }
                }
                try await group.waitForAll()
            }
        }
        let took = (ContinuousClock.now - began) / .seconds(1), used = cpuSeconds("self") - cpu
        try ledger.close()
        return (used * 1_000 / Double(Self.messages), Double(Self.messages) / took)
    }

    private static func admission(_ number: Int) -> Admission {
        let now = SystemClock().now
        let event = Event(
            id: "live/notification/\(number)-7c0e-4c52-9d5e-000000000000", account: "live", kind: .notification,
            subject: "live/notification/\(number)", priority: .normal, occurredAt: now, seenAt: now,
            payload: Payload(detail: .notification(NotificationDetail(message: "Invoice \(number) is late and wants a reminder."))))
        let owed = PlannedDelivery(destination: "hook", route: .configured("all"), priority: .normal, dueAt: now)
        return Admission(event: event, owed: [owed])
    }

    /// The whole path from the poll to the settled delivery, with the server, RevKeen and the receiver on the same machine.
    private func endToEnd(_ report: inout Report, _ server: String) async throws {
        report.heading("PostgreSQL: 10,000 notifications to one webhook at width 8, all on this machine")
        for isPostgres in [false, true] {
            let world = try await World(), receiver = try Receiver()
            let own = try PostgresFloor.schema(on: server)
            await world.happen(runs: 2_000, notifications: 5)
            let hook = "hook: {type: webhook, url: \"\(receiver.url)\", width: 8}"
            let configuration =
                (isPostgres ? "store: \"\(own.uri)\"\n" : "")
                + world.configuration(destinations: [hook], routes: ["{name: all, when: {kind: notification}, to: [hook]}"])
            let relay = try Child(binary, ["run"], configuration: configuration)
            guard try await receiver.wait(for: 10_000) else { throw BenchError("only \(receiver.count) came: \(relay.log.suffix(2_000))") }
            let name = isPostgres ? "PostgreSQL" : "SQLite"
            report.row("\(name): messages a second", rate(receiver.times), "/s", isPostgres ? .atLeast(1_000) : .none)
            report.row("\(name): CPU of the relay for 1,000 messages", relay.cpu / 10, "s")
            report.row("\(name): RssAnon", relay.megabytes("RssAnon"), "MB")
            relay.end()
            await world.server.stop()
            try own.drop()
        }
    }
}
