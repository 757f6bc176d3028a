import Foundation
import Glibc
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// Sends SIGHUP to one running relay, with one file after another.
enum Reload {
    struct Findings: Sendable {
        /// The log after each of the files.
        var wrong = "", template = "", right = ""
        /// The places of the notifications: before the first SIGHUP, after the wrong files, and after the right file.
        var places: [String] = []
        var hasOtherStore = false
        var exit: Int32?
    }

    static let isRead = "the configuration was read again"
    static let isKept = "the configuration is wrong; the old one stays"

    static func play() async throws -> Findings {
        try await Stage.with { stage in
            var findings = Findings()
            await stage.notify("the first")
            let relay = try stage.start("run")
            _ = await stage.inbox.waitForCount(1)

            let side = "side: {type: webhook, url: \"\(stage.addresses.webhook("side"))\"}"
            try stage.configure(
                Stage.standard(stage.addresses, destinations: [side], routes: ["{name: all, to: [syde]}", "{name: two, to: [hok]}"]))
            findings.wrong = await relay.reload(until: isKept)
            try stage.write("{{mesage}}", toTemplate: "high.mustache")
            try stage.configure(Stage.standard(stage.addresses, more: "templates: words"))
            findings.template = await relay.reload(until: isKept)
            await stage.notify("the second")
            _ = await stage.inbox.waitForCount(2)

            try stage.configure(
                Stage.standard(
                    stage.addresses, destinations: [side], routes: ["{name: all, when: {kind: notification}, to: [side]}"],
                    more: "store: ./other.db\nserver: {listen: \"127.0.0.1:1\"}"))
            findings.right = await relay.reload(until: isRead)
            await stage.notify("the third")
            _ = await stage.inbox.waitForCount(3)
            findings.places = await stage.inbox.messages().map(\.place)
            findings.hasOtherStore = stage.place.has("other.db")
            findings.exit = await relay.stopped()
            return findings
        }
    }
}

extension RelayProcess {
    /// Sends SIGHUP and waits until the log contains the words. Returns what was logged after the signal.
    fileprivate func reload(until words: String) async -> String {
        let before = errorText.count
        send(SIGHUP)
        _ = await comesTrue { self.errorText.dropFirst(before).contains(words) }
        return String(errorText.dropFirst(before))
    }
}

extension Stage {
    fileprivate func write(_ text: String, toTemplate name: String) throws {
        try FileManager.default.createDirectory(at: place.folder.appendingPathComponent("words"), withIntermediateDirectories: true)
        try place.write(text, to: "words/\(name)")
    }
}

struct WholeReloadTests {
    @Test func `of a wrong file each problem is named with its place, and the old one stays`() async throws {
        let seen = try await SlowScenes.reload.value
        #expect(seen.wrong.contains("relay.yaml:7:22: no destination is called 'syde'"), "\(seen.wrong)")
        #expect(seen.wrong.contains("relay.yaml:8:22: no destination is called 'hok'"))
        #expect(seen.wrong.contains(Reload.isKept))
    }

    @Test func `a wrong template is named with its own file and place`() async throws {
        let seen = try await SlowScenes.reload.value
        #expect(seen.template.contains("/words/high.mustache:1:1: "), "\(seen.template)")
        #expect(seen.template.contains(Reload.isKept))
    }

    @Test func `what happens goes where the last right file says`() async throws {
        let seen = try await SlowScenes.reload.value
        #expect(seen.right.contains(Reload.isRead), "\(seen.right)")
        #expect(seen.places == ["relay", "relay", "side"])
        #expect(seen.exit == 0)
    }

    @Test func `store and server stay as they are until a restart`() async throws {
        #expect(try await SlowScenes.reload.value.hasOtherStore == false)
    }

    /// The second of two notifications is claimed ahead, and not begun while the first is under way.
    @Test func `a template that was mended speaks from then on, and what is under way is told once`() async throws {
        let clock = ManualClock()
        try await Stage.with(inboxClock: clock, yaml: { Stage.standard($0, more: "templates: words") }) { stage in
            try stage.write("OLD {{message}}", toTemplate: "normal.mustache")
            await stage.inbox.arrange { $0.hookDelay = .seconds(3_600) }
            let run = await stage.run()
            for message in ["one", "two"] { await stage.world.notify(run: run, message: message) }
            let relay = try stage.start("run")
            #expect(await comesTrue { clock.sleeperCount == 1 }, "\(relay.errorText)")
            try stage.write("NEW {{message}}", toTemplate: "normal.mustache")
            #expect(await relay.reload(until: Reload.isRead).contains(Reload.isRead))
            await stage.inbox.arrange { $0.hookDelay = .zero }
            clock.advance(by: .seconds(3_600))
            #expect(await stage.inbox.waitForCount(2))
            #expect(await comesTrue { await stage.statusOf("hook")?["owed"] == 0 })
            let titles = await stage.inbox.messages().compactMap { $0.json?["data"]?["title"]?.string }
            #expect(titles == ["[staging] OLD one", "[staging] NEW two"])
            #expect(await stage.inbox.identities.values.allSatisfy { $0 == 1 })
            #expect(await relay.stopped() == 0)
        }
    }

    @Test func `a destination that left with debts is named, kept, and inherited by who says was`() async throws {
        try await Stage.with { stage in
            await stage.inbox.arrange { $0.always = InboxFaults.Refusal(410) }
            let event = await stage.notify()
            let relay = try stage.start("run")
            #expect(await comesTrue { await stage.lane("hook") == "closed" })
            await stage.inbox.arrange { $0.always = nil }

            let addresses = stage.addresses
            func only(_ entry: String) -> String {
                Stage.standard(addresses, routes: ["{name: all, to: [side]}"])
                    .replacingOccurrences(of: "hook: {type: webhook, url: \"\(addresses.webhook)\"}", with: entry)
            }
            try stage.configure(only("side: {type: webhook, url: \"\(addresses.webhook("side"))\"}"))
            let log = await relay.reload(until: Reload.isRead)
            #expect(log.contains("destination hook is not in the configuration and is owed 1 delivery"), "\(log)")
            #expect(try await stage.relay("check").out.contains("destination hook left the file and is still owed 1 delivery"))
            #expect(try await stage.relay("status").out.contains("not in the configuration: its debts are kept"))
            #expect(await stage.statusOf("hook")?["owed"] == 1)

            try stage.configure(only("side: {was: hook, type: webhook, url: \"\(addresses.webhook("side"))\"}"))
            _ = await relay.reload(until: Reload.isRead)
            #expect(await comesTrue { await stage.told.contains(event) }, "\(relay.errorText)")
            #expect(await stage.inbox.messages().first?.place == "side")
            #expect(await relay.stopped() == 0)
        }
    }
}
