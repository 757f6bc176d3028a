import Foundation
import RelayCore
import RelaySupport
import Sandbox

/// Compares receivers that are slow or rate-limited with receivers that are neither.
struct ReceiversBench {
    let binary: String

    func run(_ report: inout Report) async throws {
        report.heading("receivers")
        let alone = try await webhookRate(besideMail: false), beside = try await webhookRate(besideMail: true)
        report.row("webhook alone: messages a second", alone, "/s")
        report.row("webhook beside mail at 500 ms each: share of that", beside / alone, "×", .atLeast(0.9))
        try await limited(&report)
    }

    /// The rate of 6,000 messages to a webhook, in messages per second.
    /// With `besideMail`, 60 of them are also sent as mails that take half a second each.
    private func webhookRate(besideMail: Bool) async throws -> Double {
        let world = try await World(), receiver = try Receiver()
        await world.happen(runs: 1_200, notifications: 5, urgentEach: 100)
        await world.inbox.arrange { $0.mailDelay = .milliseconds(500) }
        let hook = "hook: {type: webhook, url: \"\(receiver.url)\", width: 8}"
        let mail = "mail: {type: email, server: \"\(world.addresses.smtp)\", from: relay@example.com, to: [ops@example.com]}"
        let relay = try Child(
            binary, ["run"],
            configuration: world.configuration(
                destinations: besideMail ? [hook, mail] : [hook],
                routes: ["{name: all, when: {kind: notification}, to: [hook]}"]
                    + (besideMail ? ["{name: urgent, when: {kind: notification, priority: urgent}, to: [mail]}"] : [])))
        guard try await receiver.wait(for: 6_000) else { throw BenchError("only \(receiver.count) came: \(relay.log.suffix(2_000))") }
        let rate = rate(receiver.times)
        relay.end()
        await world.server.stop()
        return rate
    }

    /// The receiver accepts five requests per second; further ones are told to wait one second.
    private func limited(_ report: inout Report) async throws {
        let gate = Locked(Gate())
        let receiver = try Receiver { _, _ in gate.withLock { $0.answer(at: .now) } }
        let world = try await World()
        await world.happen(runs: 12, notifications: 5)
        let relay = try Child(
            binary, ["run"],
            configuration: world.configuration(
                destinations: ["hook: {type: webhook, url: \"\(receiver.url)\"}"],
                routes: ["{name: all, when: {kind: notification}, to: [hook]}"]))
        let end = ContinuousClock.now + .seconds(40)
        while gate.withLock({ $0.taken.count }) < 60, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(10)) }
        let result = gate.withLock { $0 }
        report.row("limited to 5/s: delivered of 60", Double(result.taken.count), "", .atLeast(60))
        report.row("limited to 5/s: attempts", Double(receiver.count), "", .atMost(80))
        report.row("limited to 5/s: asked earlier than told", Double(result.early), "", .atMost(0))
        // The first five of a second are accepted at once, so the last of 60 can arrive after 11 s.
        let took = (result.taken.last ?? .now) - (result.taken.first ?? .now)
        report.row("limited to 5/s: time over the ideal of 11 s", took / .seconds(11), "×", .atMost(1.1))
        relay.end()
        await world.server.stop()
    }

    private struct Gate {
        var taken: [ContinuousClock.Instant] = []
        var early = 0
        private var closedUntil: ContinuousClock.Instant?
        private var second: (begin: ContinuousClock.Instant, count: Int)?

        mutating func answer(at now: ContinuousClock.Instant) -> String {
            if let closedUntil, now < closedUntil { early += 1 }
            var window = second ?? (now, 0)
            if now >= window.begin + .seconds(1) { window = (now, 0) }
            defer { second = window }
            guard window.count < 5 else {
                closedUntil = now + .seconds(1)
                return "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
            }
            window.count += 1
            closedUntil = nil
            taken.append(now)
            return Receiver.fine
        }
    }
}
