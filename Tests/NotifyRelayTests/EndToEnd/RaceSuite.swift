import Foundation
import RelayCore
import RelaySupport
import Sandbox
import Testing
import Transport

/// Fifty people decide one approval at once, both ways, by the link, at the desk (one, or one of several), by buttons in a chat and on the
/// command line, while the relay is killed. One answer takes effect, and audit and messages agree with it.
///
/// `RACES` is the number of rounds; `NOTIFY_RELAY_BINARY` names a shipped binary. The seed of the random moments is printed.
@Suite(.serialized) struct RaceSuite {
    @Test func `of fifty answers at once one takes effect, whenever the relay is killed`() async throws {
        let rounds = ProcessInfo.processInfo.environment["RACES"].flatMap(Int.init) ?? 3
        let seed = UInt64.random(in: 0..<UInt64.max)
        var chance = Chance(seed), kills = 0
        let scene = try await Scene()
        for round in 0..<rounds {
            let approval = try await scene.ask()
            let killsNow = round % 2 == 0
            kills += killsNow ? 1 : 0
            let last = Int.random(in: 0...300, using: &chance)
            try await scene.decideAtOnce(
                moments: (0..<RaceWays.people).map { _ in .milliseconds(Int.random(in: 0...last, using: &chance)) },
                killAfter: killsNow ? .milliseconds(Int.random(in: 0...last + 120, using: &chance)) : nil)
            let choice = try #require(await scene.settled(approval), "round \(round), seed \(seed)")
            #expect(await scene.told(approval, choice), "round \(round), seed \(seed)")
        }
        try await scene.expectAuditAgrees(seed: seed)
        let winners = try await scene.winners()
        print(
            "race suite: seed \(seed), \(rounds) rounds of \(RaceWays.people) answers, \(kills) kills, one effective call each; won by \(winners)"
        )
        await scene.stop()
    }
}

private actor Scene {
    private let place: Workplace
    private let inbox = Inbox()
    private let world = StandInRevKeen(clock: SystemClock(), seed: 31)
    private let server: SandboxServer
    private let store: SceneStore
    private let client = HTTPClient()
    private var relay: RelayProcess
    private let automation: String
    private let address: String
    private let stays: String
    private var ways = RaceWays()
    private var asked: [String] = []

    init() async throws {
        place = try Workplace()
        store = try SceneStore()
        server = SandboxServer(world: world, inbox: inbox)
        let addresses = try await server.start()
        automation = await world.addAutomation(name: "Refunds")
        address = "http://127.0.0.1:\(try Web.freePort())"
        try place.write(
            """
            \(store.line)
            accounts:
              a: {api_key: "rk_sandbox_test", base_url: "\(addresses.api)", first_look: 1h, poll: {approvals: 1s, runs: 1s..2s, automations: 1s, budget: none}}
            people: {\(RaceWays.configuration)}
            destinations:
              hook: {type: webhook, url: "\(addresses.webhook)", width: 4}
              chat: {\(InboxMessage.Kind.telegram.keys(at: addresses)), pace: {burst: 100, every: 1s}}
            routes:
              - {name: all, when: {kind: [approval, decision]}, to: [hook, chat]}
            server:
              \(store.keyLine)
              public_listen: "\(address.dropFirst(7))"
              public_url: "\(address)"
              sign_in: {header: {name: X-Who, from: ["127.0.0.1"]}}
            """, to: "relay.yaml")
        relay = try RelayProcess(["run", "--config", "relay.yaml"], in: place.folder)
        // It waits all the time, because several can only be ticked where there are several.
        stays = await world.requestApproval(run: await world.startRun(of: automation), action: "Pay 99 EUR?")
    }

    /// Requests an approval, and opens its pages for all people.
    func ask() async throws -> String {
        let approval = await world.requestApproval(run: await world.startRun(of: automation), action: "Refund 12 EUR?")
        asked.append(approval)
        var link: String?, button: String?
        _ = await comesTrue {
            link = await self.link(to: approval)
            button = await self.inbox.button("a", to: "Refund 12 EUR?", at: .telegram, unlike: self.ways.button)
            let isReady = await self.link(to: self.stays) != nil
            return isReady && link != nil && button != nil
        }
        let found = try #require(link, "no link came: \(relay.errorText.suffix(2_000))")
        ways = try await RaceWays(approval, address: address, link: found, button: #require(button), client: client)
        return approval
    }

    private func link(to approval: String) async -> String? {
        await inbox.messages(kind: .webhook).lazy.compactMap { $0.json?["data"] }
            .first { $0["id"]?.string?.contains(approval) == true && $0["approval"]?["decide_link"] != nil }?["approval"]?["decide_link"]?
            .string
    }

    /// - Parameter moments: when each of the people acts.
    func decideAtOnce(moments: [Duration], killAfter: Duration?) async throws {
        let relay = relay, folder = place.folder, commands = Locked<[RelayProcess]>([])
        try await withThrowingTaskGroup(of: Void.self) { [ways, client, inbox] group in
            for (act, moment) in zip(ways.acts, moments) {
                group.addTask {
                    try await Task.sleep(for: moment)
                    try await act.take(client, inbox, folder, begun: commands)
                }
            }
            if let killAfter {
                group.addTask {
                    try await Task.sleep(for: killAfter)
                    relay.kill()
                }
            }
            try await group.waitForAll()
        }
        for command in commands.withLock({ $0 }) { _ = command.wait() }
        guard killAfter != nil else { return }
        self.relay = try RelayProcess(["run", "--config", "relay.yaml"], in: place.folder)
    }

    /// The choice that took effect. If everybody was cut off before an answer was recorded, one more person decides.
    func settled(_ approval: String) async -> Choice? {
        for _ in 0..<3 {
            if await comesTrue(within: .seconds(4), { await !self.effective(approval).isEmpty }) { break }
            await ways.ballots[0].post(client)
        }
        try? await Task.sleep(for: .milliseconds(300))
        let effective = await effective(approval)
        #expect(effective.count == 1, "\(effective)")
        return effective.first?.choice
    }

    private func effective(_ approval: String) async -> [EffectiveDecision] { await world.decisions.filter { $0.approval == approval } }

    /// Whether a message about the decision shows the same choice, and the chat's message became it.
    func told(_ approval: String, _ choice: Choice) async -> Bool {
        let state = choice == .approve ? "approved" : "rejected"
        return await comesTrue {
            let isTold = await self.inbox.messages(kind: .webhook).contains { message in
                let data = message.json?["data"]
                return data?["id"]?.string?.contains(approval) == true && data?["decision"]?["state"]?.string == state
            }
            let shown = await self.inbox.messages(kind: .telegram).last { $0.words.contains("Refund 12 EUR?") }?.words ?? ""
            return isTold && shown.contains("Approval \(state)")
        }
    }

    /// How often each way in won.
    func winners() throws -> String {
        // "desk (hook) from 127.0.0.1" is the link in a message of `hook`; the address says nothing here.
        let command = try RelayProcess(["approvals", "log", "--json", "--config", "relay.yaml"], in: place.folder)
        _ = command.wait()
        let taken = try (JSONValue(parsing: Array(command.outputText.utf8)).array ?? []).filter { $0["state"]?.string == "taken" }
        return Dictionary(grouping: taken) { $0["via"]?.string?.split(separator: " from").first ?? "?" }.map {
            "\($0.key) \($0.value.count)"
        }.sorted()
            .joined(
                separator: ", ")
    }

    func expectAuditAgrees(seed: UInt64) async throws {
        let command = try RelayProcess(["approvals", "log", "--json", "--config", "relay.yaml"], in: place.folder)
        #expect(command.wait() == 0)
        let entries = try JSONValue(parsing: Array(command.outputText.utf8)).array ?? []
        for approval in asked {
            let taken = entries.filter { $0["approval"]?.string == approval && $0["state"]?.string == "taken" }
            let effective = await effective(approval)
            #expect(taken.compactMap { $0["verdict"]?.string } == effective.map(\.choice.rawValue), "\(approval), seed \(seed)")
        }
        #expect(entries.allSatisfy { $0["state"]?.string != "asked" }, "nothing stays on its way, seed \(seed)")
    }

    func stop() async {
        #expect(relay.terminate() == 0, "\(relay.errorText.suffix(2_000))")
        client.shutdown()
        await server.stop()
    }
}
