import Channels
import Dedup
import RelayCore
import RelayTesting
import Rendering
import Testing

@testable import NotifyRelay

/// The same digest in the shape of each destination, byte by byte.
struct DigestShapeTests {
    private static let now = Timestamp.at("2026-11-25T08:00:00Z")

    private static let destinations = """
        links: {run: "https://app.example/runs/{run_id}", approval: "https://app.example/approvals/{approval_id}"}
        accounts: {live: {api_key: "${KEY}"}}
        destinations:
          slack: {type: slack, url: "https://hooks.slack.com/services/T/B/x"}
          discord: {type: discord, url: "https://discord.com/api/webhooks/1/x"}
          telegram: {type: telegram, token: "1:x", chat: "5"}
          matrix: {type: matrix, server: "https://matrix.example", token: x, room: "!a:b"}
          webhook: {type: webhook, url: "https://a.example/"}
        """

    /// What one looks like that has everything.
    private var digest: Event {
        var event = Samples.event(.digest, priority: nil, now: Self.now)
        guard case .digest(var detail) = event.payload.detail else { return event }
        detail.waiting = [
            DigestDetail.Waiting(
                account: "live", id: "a1", automation: "Refunds", action: "Refund batch 17", createdAt: Self.now - .seconds(7_200))
        ]
        (detail.told, detail.rest, detail.catchUp, detail.zone) = (4, 2, true, "Europe/London")
        detail.still[0].errors = [
            DigestDetail.Reason(text: "409 Conflict: another sync is running", count: 20),
            DigestDetail.Reason(text: "Timeout after # s", count: 3),
        ]
        detail.still[0].otherErrors = 1
        event.payload.detail = .digest(detail)
        return event
    }

    private func blueprint(_ yaml: String) throws -> Blueprint {
        let reading = Reading(yaml)
        let configuration = try #require(reading.configuration, "\(reading.lines)")
        let tools = Tools()
        defer { tools.end() }
        return try #require(Blueprint.make(configuration, tools: tools.channel, problems: ProblemList()))
    }

    @Test(arguments: ["slack", "discord", "telegram", "matrix", "webhook"])
    func `in a chat it says the same as a mail, as far as there is room`(name: String) throws {
        let blueprint = try blueprint(Self.destinations)
        let destination = try #require(blueprint.destinations.first { $0.name == name })
        let claim = Samples.claim(digest, destination: name, recipient: "")
        let message = blueprint.composer.message(claim, for: destination.target, now: Self.now).message
        expectGolden(destination.channel.preview(message) + "\n", "digest.\(name).json")
    }

    @Test func `in a mail it is a text and a page`() throws {
        let mail = "mail: {type: email, server: \"smtps://mail.example\", from: relay@example.com, to: [ops@example.com]}"
        let blueprint = try blueprint(Self.destinations + "\n  " + mail)
        let destination = try #require(blueprint.destinations.first { $0.name == "mail" })
        let claim = Samples.claim(digest, destination: "mail", recipient: "ops@example.com")
        let message = blueprint.composer.message(claim, for: destination.target, now: Self.now).message
        expectGolden(message.title + "\n\n" + message.body + "\n", "digest.txt")
        expectGolden((message.html ?? "") + "\n", "digest.html")
    }
}
