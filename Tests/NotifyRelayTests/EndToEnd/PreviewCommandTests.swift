import Foundation
import RelayCore
import RelaySupport
import Sandbox
import Testing

@testable import NotifyRelay

/// `preview` shows a message as it would be sent, and sends nothing.
struct PreviewCommandTests {
    @Test(arguments: Event.Kind.allCases.map { ($0, "mail") } + ["hook", "chat", "screen", "files"].map { (.approval, $0) })
    func `a sample of every kind and for every type is shown, and not sent`(kind: Event.Kind, destination: String) async throws {
        try await Stage.with(yaml: everyType) { stage in
            let preview = try await stage.relay("preview", "--sample", kind.rawValue, "--for", destination)
            #expect(preview.status == 0, "\(preview.all)")
            #expect(preview.out.contains(kind.words), "\(preview.out)")
            #expect(await stage.inbox.count == 0)
            #expect(!stage.place.has("mails") && !stage.place.has("notify-relay.db"))
        }
    }

    @Test func `an event of the store is shown as it was sent`() async throws {
        try await Stage.with { stage in
            let event = await stage.notify("Kim & Co <kim@example.com>")
            try await stage.once()
            let sent = try #require(await stage.inbox.messages().first?.json)
            for id in [event, String(event.split(separator: "/")[2])] {
                let preview = try await stage.relay("preview", id, "--for", "hook")
                #expect(preview.status == 0)
                #expect(try preview.json == sent)
            }
        }
    }

    @Test func `an approval is shown as it is now`() async throws {
        try await Stage.with { stage in
            let approval = await stage.ask("Refund batch 17")
            try await stage.once()
            let preview = try await stage.relay("preview", "a/approval/\(approval)/v1", "--for", "hook")
            #expect(try preview.json["data"]?["approval"]?["state"] == "open")
            await stage.world.decide(approval, approved: true)
            try await stage.once()
            let later = try await stage.relay("preview", "a/approval/\(approval)/v1", "--for", "hook")
            #expect(try later.json["data"]?["approval"]?["state"] == "approved", "\(later.out)")
        }
    }

    @Test(arguments: Event.Kind.allCases) func `what a webhook's preview printed is read again from a file`(kind: Event.Kind) async throws {
        try await Stage.with(yaml: everyType) { stage in
            let first = try await stage.relay("preview", "--sample", kind.rawValue, "--for", "hook")
            try stage.place.write(first.out, to: "event.json")
            let second = try await stage.relay("preview", "event.json", "--for", "hook")
            #expect(second.status == 0, "\(second.all)")
            var before = try #require(try first.json.object), after = try #require(try second.json.object)
            // The document does not hold what started the run, so the text may be shorter.
            before["data"] = before["data"]?.without("text")
            after["data"] = after["data"]?.without("text")
            #expect(before == after)
            #expect(try await stage.relay("preview", "event.json", "--for", "chat").status == 0)
        }
    }

    @Test func `--diff shows what the user's own template changes, and only that`() async throws {
        try await Stage.with(yaml: { Stage.standard($0, destinations: ["screen: {type: console}"], more: "templates: words") }) { stage in
            try FileManager.default.createDirectory(
                at: stage.place.folder.appendingPathComponent("words"), withIntermediateDirectories: true)
            try stage.place.write("OWN {{automation}}\n{{>notification}}", to: "words/high.mustache")
            let own = try await stage.relay("preview", "--sample", "notification", "--priority", "high", "--for", "screen", "--diff")
            #expect(own.status == 0)
            #expect(own.lines.contains { $0.hasPrefix("+") && $0.contains("OWN Nightly invoices") }, "\(own.out)")
            #expect(own.lines.contains { $0.hasPrefix("-") && $0.contains("Important: Nightly invoices") })
            #expect(!own.out.contains("Automation:"), "what is the same on both sides is no difference:\n\(own.out)")
            let same = try await stage.relay("preview", "--sample", "notification", "--priority", "low", "--for", "screen", "--diff")
            #expect(same.out == "the built-in template says the same\n")
        }
    }

    @Test func `a file that holds no event is 66`() async throws {
        try await Stage.with { stage in
            for text in ["", "{", "[]", "{\"type\": \"letter\", \"data\": {}}", "{\"type\": \"notification\"}"] {
                try stage.place.write(text, to: "event.json")
                let preview = try await stage.relay("preview", "event.json", "--for", "hook")
                #expect(preview.status == 66, "\(text): \(preview.all)")
                #expect(preview.err.contains("event.json"))
            }
        }
    }

    @Test func `an unknown destination is 66, and so is an ID without a store`() async throws {
        try await Stage.with { stage in
            #expect(try await stage.relay("preview", "--sample", "run", "--for", "nowhere").status == 66)
            let preview = try await stage.relay("preview", "a/run/1", "--for", "hook")
            #expect(preview.status == 66)
            #expect(preview.err.contains("there is no store"), "\(preview.err)")
        }
    }

    private func everyType(_ addresses: SandboxAddresses) -> String {
        Stage.standard(
            addresses,
            destinations: [
                "chat: {type: slack, url: \"\(addresses.slackHook)\"}",
                "mail: {type: email, server: \"\(addresses.smtp)\", from: relay@example.com, to: [ops@example.com]}",
                "screen: {type: console}", "files: {type: file, folder: ./mails, format: eml}",
            ])
    }
}

extension JSONValue {
    fileprivate func without(_ key: String) -> JSONValue {
        guard var members = object else { return self }
        members[key] = nil
        return .object(members)
    }
}

extension Event.Kind {
    /// Words that a sample of this kind contains.
    fileprivate var words: String {
        switch self {
        case .notification: "212 invoices sent"
        case .approval, .reminder: "Refund batch 17"
        case .decision: "The amount is wrong"
        case .run: "Timeout while reading the ledger"
        case .digest: "1 automation newly failing, 1 still failing, 1 recovered"
        case .absence: "has not started"
        case .relay: "approvals cannot be read"
        }
    }
}
