import Channels
import Dedup
import Foundation
import RelayCore
import RelaySupport
import Rendering
import Testing
import Transport

@testable import NotifyRelay

/// Renders an event full of hostile texts to the bytes that would be sent: nothing in them mentions anybody or opens a tag.
struct HostileMessageTests {
    private static let hostile =
        "<!channel> <!here> <@U123> <https://evil.example|click> @everyone </p><script>alert(1)</script> \u{1B}[31m \r\nBcc: x@evil.example"
    private static let types = ["slack", "webhook", "email", "console", "file"]
    private static let cases = types.flatMap { type in Event.Kind.allCases.map { (type, $0) } }

    private func preview(_ type: String, _ kind: Event.Kind) throws -> String {
        let entry = [
            "slack": "{type: slack, url: \"https://hooks.slack.com/services/T/B/x\"}",
            "webhook": "{type: webhook, url: \"https://a.example/\"}",
            "email": "{type: email, server: \"smtps://mail.example\", from: relay@example.com, to: [ops@example.com]}",
            "console": "{type: console}",
            "file": "{type: file, folder: /tmp, format: eml}",
        ][type]
        let reading = Reading("accounts: {live: {api_key: \"${KEY}\"}}\ndestinations: {ops: \(entry ?? "")}")
        let configuration = try #require(reading.configuration, "\(reading.lines)")
        let tools = Tools()
        defer { tools.end() }
        let generation = try #require(Generation.make(configuration, tools: tools.channel, problems: ProblemList()))
        let target = try #require(generation.destinations.first)
        let now = Timestamp(seconds: 1_795_510_890)
        var event = Samples.event(kind, priority: .urgent, now: now)
        let text = Self.hostile.repaired()
        event.payload = Payload(
            origin: Origin(automation: text, automationID: text, risk: text, trigger: text, runID: text, runStatus: text),
            detail: detail(kind, text, now))
        let claim = Samples.claim(event, destination: "ops", recipient: target.recipients.first ?? "")
        return target.channel.preview(generation.composer.message(claim, for: target.target, now: now).message)
    }

    private func detail(_ kind: Event.Kind, _ text: String, _ now: Timestamp) -> Detail {
        switch kind {
        case .notification: .notification(NotificationDetail(type: text, message: text, payload: [text: .string(text)]))
        case .run: .run(RunDetail(outcome: .failed, summary: text, error: text, failedStep: text))
        case .approval, .decision, .reminder:
            .approval(
                ApprovalDetail(
                    id: "1", action: text, actions: [text: .string(text)], createdAt: now, actor: text, decidedAt: now, reason: text))
        case .digest:
            .digest(digest(text, now))
        case .absence: .absence(AbsenceDetail(expected: .start, due: now, countedFrom: now))
        case .relay: .relay(RelayDetail(topic: text, about: text, detail: text))
        }
    }

    private func digest(_ text: String, _ now: Timestamp) -> DigestDetail {
        var digest = DigestDetail(name: text, from: now, until: now, headline: text)
        var failure = DigestDetail.Failure(automation: text, count: 2, first: now, last: now, streak: 3, error: text, runID: text)
        failure.errors = [DigestDetail.Reason(text: text, count: 1), DigestDetail.Reason(text: text, count: 1)]
        (failure.automationID, failure.account, failure.runs) = (text, text, [text])
        (digest.new, digest.still, digest.recovered, digest.resolved) = ([failure], [failure], [failure], text)
        digest.waiting = [DigestDetail.Waiting(account: text, id: text, automation: text, action: text, createdAt: now)]
        digest.days = [DigestDetail.Day(date: text, failed: 3)]
        digest.events = [
            DigestDetail.Item(id: text, kind: .run, priority: .high, automation: text, message: text, occurredAt: now, runID: text)
        ]
        return digest
    }

    @Test(arguments: Event.Kind.allCases) func `in Slack no mention and no link is made of it`(kind: Event.Kind) throws {
        let payload = try preview("slack", kind)
        let json = try JSONValue(parsing: Array(payload.utf8))
        for alarm in ["<!channel>", "<!here>", "<@U123>", "<https://evil.example|"] {
            for text in texts(of: json) where text.isMarked { #expect(!text.words.contains(alarm)) }
        }
        #expect(json["parse"] == "none")
    }

    @Test(arguments: Event.Kind.allCases) func `in a mail it opens no tag and no header`(kind: Event.Kind) throws {
        for type in ["email", "file"] {
            let mail = try preview(type, kind)
            let head = mail.components(separatedBy: "\r\n\r\n").first ?? mail
            #expect(!head.lowercased().contains("\nbcc:"), "\(head)")
            let html = try #require(mail.components(separatedBy: "text/html").last)
            #expect(!html.contains("<script"), "\(html)")
        }
    }

    @Test(arguments: cases) func `no control character leaves`(type: String, kind: Event.Kind) throws {
        let scalars = try preview(type, kind).unicodeScalars
        #expect(!scalars.contains { $0.value < 0x20 && !["\n", "\r", "\t"].contains($0) || (0x7F...0x9F).contains($0.value) })
    }

    /// The texts of a Slack payload. Those of blocks are markup unless their type is `plain_text`; the text beside the blocks is markup.
    private func texts(of value: JSONValue) -> [(words: String, isMarked: Bool)] {
        var found: [(String, Bool)] = []
        func walk(_ value: JSONValue) {
            if let words = value["text"]?.string { found.append((words, value["type"] != "plain_text")) }
            for member in (value.object.map { Array($0.values) } ?? value.array ?? []) { walk(member) }
        }
        walk(value)
        return found
    }
}
