import Channels
import Dedup
import RelayCore
import RelaySupport
import Testing

@testable import NotifyRelay

/// What does not fit into a title is told in the body.
struct LongTitleTests {
    @Test(arguments: [
        "type: slack, url: \"https://hooks.slack.com/services/T/B/x\"", "type: console", "type: telegram, token: \"1:x\", chat: \"7\"",
        "type: email, server: \"smtps://mail.example\", from: relay@example.com, to: [ops@example.com]",
    ])
    func `a title that is cut stands whole on top of the body`(keys: String) throws {
        let reading = Reading("accounts: {live: {api_key: \"${KEY}\"}}\ndestinations: {ops: {\(keys)}}")
        let configuration = try #require(reading.configuration, "\(reading.lines)")
        let tools = Tools()
        defer { tools.end() }
        let generation = try #require(Generation.make(configuration, tools: tools.channel, problems: ProblemList()))
        let target = try #require(generation.destinations.first), now = Timestamp(seconds: 1_795_510_890)
        func message(automation: String) -> Message {
            var event = Samples.event(.notification, priority: .urgent, now: now)
            event.payload = Payload(
                origin: Origin(automation: automation),
                detail: .notification(NotificationDetail(type: "t", message: "It stopped for good.\nAsk Ann.")))
            let claim = Samples.claim(event, destination: "ops", recipient: target.recipients.first ?? "")
            return generation.composer.message(claim, for: target.target, now: now).message
        }
        let short = message(automation: "Card guard"), long = message(automation: String(repeating: "Card guard ", count: 60))
        #expect(short.title.contains("It stopped for good") && !short.body.contains("It stopped"))
        #expect(!long.title.contains("It stopped"))
        #expect(long.body.hasPrefix("URGENT: Card guard Card guard"))
        #expect(long.body.contains("It stopped for good") && long.body.contains("Ask Ann"))
    }
}
