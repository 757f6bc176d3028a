import Foundation
import Sandbox

/// Measures the cost of a message at each kind of destination, compared with the generic webhook.
/// The cost covers rendering, payload, request, response and settling, but no polling. All deliveries are owed to a failing receiver, which
/// then recovers.
struct DestinationsBench {
    let binary: String
    private static let messages = 2_000
    /// The number of messages to wait for.
    /// The few that met the failing receiver may wait minutes for their next attempt.
    private static let counted = 1_900

    /// One kind of destination: its keys, and the service's response to a message that it accepts.
    private struct Kind {
        var name: String
        var keys: String
        var answer: String
        var most = 1.5
    }

    func run(_ report: inout Report) async throws {
        report.heading("destinations: CPU of a message, beside the generic webhook's")
        let webhook = try await cost { Kind(name: "webhook", keys: #"type: webhook, url: "\#($0)""#, answer: Receiver.fine) }
        report.row("webhook: CPU for 1,000 messages", webhook, "s")
        for make in Self.kinds {
            let kind = make("")
            report.row(kind.name, try await cost(make) / webhook, "×", .atMost(kind.most))
        }
        report.row("email", try await mailCost() / webhook, "×", .atMost(4))
    }

    private func cost(_ make: (_ base: String) -> Kind) async throws -> Double {
        let receiver = try Receiver { _, _ in Receiver.unwell }
        let kind = make("http://127.0.0.1:\(receiver.port)")
        return try await cost(of: kind.keys) { _ in
            receiver.answer { _, _ in kind.answer }
            receiver.forget()
        } whenAll: { _ in
            try await receiver.wait(for: Self.counted)
        }
    }

    private func mailCost() async throws -> Double {
        try await cost(of: "type: email, server: SMTP, from: relay@example.com, to: [ops@example.com]") { world in
            await world.inbox.arrange { $0.mailRefusal = nil }
        } whenAll: { world in
            let end = ContinuousClock.now + .seconds(120)
            while await world.inbox.count(kind: .mail) < Self.counted, ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(2))
            }
            return await world.inbox.count(kind: .mail) >= Self.counted
        }
    }

    /// Measures one destination.
    ///
    /// - Returns: the CPU seconds for 1,000 messages.
    private func cost(
        of keys: String, whenWell: (World) async -> Void, whenAll: (World) async throws -> Bool
    ) async throws -> Double {
        let world = try await World()
        await world.inbox.arrange { $0.mailRefusal = "451 4.3.0 not now" }
        await world.happen(runs: Self.messages / 5, notifications: 5)
        let keys = keys.replacing("SMTP", with: "\"\(world.addresses.smtp)\"")
        let relay = try Child(
            binary, ["run"],
            configuration: world.configuration(
                destinations: ["out: {\(keys), width: 2, pace: {burst: 10000, every: 1s}}"],
                routes: ["{name: all, when: {kind: notification}, to: [out]}"]))
        let end = ContinuousClock.now + .seconds(60)
        while try relay.owed(binary) < Self.messages {
            guard ContinuousClock.now < end else { throw BenchError("\(keys) is not owed everything: \(relay.log.suffix(2_000))") }
            try await Task.sleep(for: .milliseconds(200))
        }
        await whenWell(world)
        let cpu = relay.cpu
        _ = try Child(binary, ["lanes", "open", "out"], folder: relay.folder).outputAtEnd()
        guard try await whenAll(world) else { throw BenchError("\(keys) did not get everything: \(relay.log.suffix(2_000))") }
        let cost = (relay.cpu - cpu) * 1_000 / Double(Self.counted)
        relay.end()
        await world.server.stop()
        return cost
    }

    private static func json(_ body: String, status: String = "200 OK") -> String {
        "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private static let kinds: [@Sendable (_ base: String) -> Kind] = [
        {
            Kind(
                name: "webhook, CloudEvents", keys: #"type: webhook, format: cloudevents, url: "\#($0)/in""#, answer: Receiver.fine)
        },
        { Kind(name: "slack", keys: #"type: slack, url: "\#($0)/services/T/B/x""#, answer: Receiver.fine) },
        {
            Kind(
                name: "slack, bot", keys: #"type: slack, token: xoxb-1-2, channel: C0123456789, api_url: "\#($0)/api""#,
                answer: json(#"{"ok":true,"channel":"C0123456789","ts":"1700000000.000100"}"#))
        },
        { Kind(name: "discord", keys: #"type: discord, url: "\#($0)/1/secret""#, answer: json(#"{"id":"11","channel_id":"12"}"#)) },
        {
            Kind(
                name: "telegram", keys: #"type: telegram, token: "1:secret", chat: "-100", api_url: "\#($0)""#,
                answer: json(#"{"ok":true,"result":{"message_id":5,"chat":{"id":-100}}}"#))
        },
        {
            Kind(
                name: "teams", keys: #"type: teams, url: "\#($0)/workflows/1/triggers/manual/paths/invoke?api-version=1&sig=secret""#,
                answer: "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
        },
        {
            Kind(
                name: "google_chat", keys: #"type: google_chat, url: "\#($0)/v1/spaces/A/messages?key=k&token=secret""#,
                answer: json(#"{"name":"spaces/A/messages/B","thread":{"name":"spaces/A/threads/C"}}"#))
        },
        { Kind(name: "mattermost", keys: #"type: mattermost, url: "\#($0)/hooks/secret""#, answer: Receiver.fine) },
        { Kind(name: "rocketchat", keys: #"type: rocketchat, url: "\#($0)/hooks/1/secret""#, answer: json(#"{"success":true}"#)) },
        {
            Kind(
                name: "matrix", keys: #"type: matrix, server: "\#($0)", token: secret, room: "!a:matrix.example""#,
                answer: json(#"{"event_id":"$one"}"#))
        },
        {
            Kind(
                name: "zulip", keys: #"type: zulip, server: "\#($0)", email: a@zulip.example, api_key: k, stream: s, topic: t"#,
                answer: json(#"{"result":"success","msg":"","id":42}"#))
        },
        { Kind(name: "ntfy", keys: #"type: ntfy, server: "\#($0)", topic: alerts"#, answer: json(#"{"id":"a","event":"message"}"#)) },
        { Kind(name: "gotify", keys: #"type: gotify, server: "\#($0)", token: secret"#, answer: json(#"{"id":42}"#)) },
        {
            Kind(
                name: "pushover", keys: #"type: pushover, token: \#(pushoverKey("a")), user: \#(pushoverKey("u")), api_url: "\#($0)""#,
                answer: json(#"{"status":1,"request":"a"}"#))
        },
        {
            Kind(
                name: "pagerduty", keys: #"type: pagerduty, routing_key: \#(String(repeating: "r", count: 32)), api_url: "\#($0)""#,
                answer: json(#"{"status":"success","message":"Event processed","dedup_key":"k"}"#, status: "202 Accepted"))
        },
    ]

    private static func pushoverKey(_ first: Character) -> String { String(repeating: first, count: 30) }
}
