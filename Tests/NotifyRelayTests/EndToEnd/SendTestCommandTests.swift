import Foundation
import RelayCore
import RelaySupport
import Sandbox
import Testing

@testable import NotifyRelay

/// `send-test`, to the stand-in inbox.
struct SendTestCommandTests {
    @Test func `one labelled sample arrives, and that is 0`() async throws {
        try await Stage.with { stage in
            let sent = try await stage.relay("send-test", "hook")
            #expect(sent.status == 0)
            #expect(sent.out == "sent  hook\n")
            let messages = await stage.inbox.messages()
            #expect(messages.count == 1)
            #expect(messages.first.map { String(decoding: $0.raw, as: UTF8.self).contains("Sample sent by hand") } == true)
            #expect(!stage.place.has("notify-relay.db"), "only `run` makes a store")
        }
    }

    @Test(arguments: Event.Kind.allCases) func `a sample of every kind is taken by every type`(kind: Event.Kind) async throws {
        try await Stage.with(yaml: everyType) { stage in
            let sent = try await stage.relay("send-test", "--all", "--kind", kind.rawValue, "--priority", "urgent")
            #expect(sent.status == 0, "\(sent.all)")
            #expect(sent.lines.filter { $0.hasPrefix("sent  ") }.count == 6, "\(sent.out)")
            let messages = await stage.inbox.messages()
            #expect(messages.map(\.kind).sorted { $0.rawValue < $1.rawValue } == [.mail, .mail, .slack, .webhook])
            for message in messages {
                for text in [message.mail?.text, message.mail?.html].compactMap(\.self) + [String(decoding: message.raw, as: UTF8.self)] {
                    #expect(text.contains("Sample sent by hand"), "\(text)")
                }
                if let subject = message.mail?.subject { #expect(subject.hasPrefix("[sample] "), "\(subject)") }
            }
            #expect(sent.out.contains("Sample sent by hand"), "the console's sample bears no label")
        }
    }

    @Test func `a name that is none is 66, and what was meant is said`() async throws {
        try await Stage.with { stage in
            let sent = try await stage.relay("send-test", "hok")
            #expect(sent.status == 66)
            #expect(sent.err.contains("did you mean 'hook'?"), "\(sent.err)")
        }
    }

    @Test func `one that refuses makes it 69, and the others get theirs`() async throws {
        try await Stage.with(yaml: everyType) { stage in
            await stage.inbox.arrange { $0.recipients = ["ann@example.com": "550 5.1.1 no such mailbox"] }
            let sent = try await stage.relay("send-test", "--all")
            #expect(sent.status == 69)
            #expect(sent.lines.contains { $0.hasPrefix("failed  mail <ann@example.com>: ") }, "\(sent.out)")
            #expect(sent.lines.contains("sent  mail <ops@example.com>"))
            #expect(await stage.inbox.count == 3)
        }
    }

    @Test(arguments: [
        ["send-test"], ["send-test", "hook", "--all"], ["send-test", "hook", "--kind", "letter"],
        ["send-test", "hook", "--priority", "p1"],
    ])
    func `words that make no sense are 64`(words: [String]) async throws {
        try await Stage.with { stage in
            let sent = try RelayProcess(words, in: stage.place.folder)
            #expect(await sent.ended() == 64)
            #expect(await stage.inbox.count == 0)
        }
    }

    private func everyType(_ addresses: SandboxAddresses) -> String {
        Stage.standard(
            addresses,
            destinations: [
                "chat: {type: slack, url: \"\(addresses.slackHook)\"}",
                "mail: {type: email, server: \"\(addresses.smtp)\", from: relay@example.com, to: [ann@example.com, ops@example.com]}",
                "screen: {type: console}", "files: {type: file, folder: ./mails, format: eml}",
            ])
    }
}
