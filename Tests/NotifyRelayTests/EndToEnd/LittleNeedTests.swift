import Foundation
import RelayCore
import RelaySupport
import Sandbox
import Testing

@testable import NotifyRelay

/// Commands that read the store need the store alone: no secret, and no file without errors.
struct LittleNeedTests {
    /// A stage whose secrets are in the environment of its one run alone. Its store holds an event, an approval and a digest's window.
    private func prepared(_ body: (Stage, _ event: String) async throws -> Void) async throws {
        let yaml: (SandboxAddresses) -> String = { addresses in
            Stage.standard(
                addresses,
                routes: [
                    "{name: all, when: {kind: [notification, approval]}, to: [hook]}",
                    "{name: failures, when: {kind: run, outcome: failed}, digest: [daily]}",
                ], more: "digests: {daily: {every: 24h, to: [hook]}}\nserver: {link_key: \"${RELAY_TEST_LINKS}\"}"
            )
            .replacingOccurrences(of: "\"\(Stage.key)\"", with: "\"${RELAY_TEST_KEY}\"")
            .replacingOccurrences(of: "\"\(addresses.webhook)\"", with: "\"${RELAY_TEST_HOOK}\"")
        }
        try await Stage.with(yaml: yaml) { stage in
            let event = await stage.notify()
            await stage.ask("Refund batch 17")
            _ = try await stage.fail()
            let secrets = [
                "RELAY_TEST_KEY": Stage.key, "RELAY_TEST_HOOK": stage.addresses.webhook,
                "RELAY_TEST_LINKS": String(repeating: "k", count: 40),
            ]
            let run = try await stage.relay("run", "--once", environment: secrets)
            #expect(run.status == 0, "\(run.all)")
            try await body(stage, event)
        }
    }

    private static func commands(_ event: String) -> [(words: [String], says: String)] {
        [
            (["status"], "hook"), (["status", "--json"], "\"name\": \"hook\""), (["why", event], "delivered"),
            (["approvals", "list"], "Refund batch 17"), (["approvals", "log"], "VERDICT"),
            (["digest", "daily", "--preview"], "1 automation newly failing"), (["digest", "daily"], "1 event so far"),
            (["mute"], "nothing is muted"), (["lanes", "open", "hook"], "hook is open"), (["backup", "copy.db"], "wrote copy.db"),
        ]
    }

    @Test func `they work without any secret, and say so once`() async throws {
        try await prepared { stage, event in
            for (words, says) in Self.commands(event) {
                let command = try await stage.relay(words)
                #expect(command.status == 0 && command.out.contains(says), "\(words): \(command.all)")
                #expect(command.err.hasPrefix("warning: relay.yaml:2:16: the environment variable RELAY_TEST_KEY is not set"), "\(words)")
                #expect(command.err.contains("(and 2 more)") && command.err.count { $0 == "\n" } == 1, "\(words): \(command.err)")
            }
            let retry = try await stage.relay("retry", "--all")
            #expect(retry.status == 0 && retry.out == "nothing is dead\n", "\(retry.all)")
        }
    }

    @Test func `errors elsewhere in the file are one warning`() async throws {
        try await prepared { stage, event in
            try stage.configure(
                """
                accounts: {a: {api_key: x}}
                destinations: {hook: {type: webhok}, other: {type: console, widht: 2}}
                routes: [{name: all, to: [hok]}, {name: all}]
                digests: {daily: {every: 24h, to: [hook]}}
                """)
            for (words, says) in Self.commands(event) where words[0] != "backup" {
                let command = try await stage.relay(words)
                #expect(command.status == 0 && command.out.contains(says), "\(words): \(command.all)")
                #expect(command.err.hasPrefix("warning: relay.yaml:1:") && command.err.count { $0 == "\n" } == 1, "\(command.err)")
            }
            let shown = try await stage.relay("digest", "daily", "--preview", "--for", "hook")
            #expect(shown.status == 78 && shown.err.contains("hook cannot be used"), "\(shown.all)")
        }
    }

    @Test func `a file that is half edited still has its store, named or the usual one, and else nothing is guessed`() async throws {
        try await prepared { stage, event in
            let half = "accounts:\n  a: {api_key: \"x\nroutes: ["
            for whole in ["store: ./notify-relay.db\n" + half, half] {
                try stage.configure(whole)
                for (words, says) in Self.commands(event) where !["digest", "lanes", "backup"].contains(words[0]) {
                    let command = try await stage.relay(words)
                    // The destinations of the file are not known, so `status` shows only those that are owed something.
                    let shows = words[0] == "status" ? "owed" : says
                    #expect(command.status == 0 && command.out.contains(shows), "\(words): \(command.all)")
                    #expect(command.err.contains("not YAML") && command.err.count { $0 == "\n" } == 1, "\(command.err)")
                }
            }
            #expect(try await !stage.relay("status").out.contains("not in the configuration"))
            #expect(try await stage.relay("digest", "daily", "--preview").status == 78)
            // A line that begins a store may mean another one than the usual.
            try stage.configure(half.replacing("routes: [", with: "store: \"/var"))
            for (words, _) in Self.commands(event) {
                let command = try await stage.relay(words)
                #expect(command.status == 78 && command.out.isEmpty, "\(words): \(command.all)")
                #expect(command.err.contains("not YAML"), "\(command.err)")
            }
        }
    }
}
