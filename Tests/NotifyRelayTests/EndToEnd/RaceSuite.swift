import Foundation
import RelayCore
import RelaySupport
import Sandbox
import Testing
import Transport

/// Fifty people decide one approval at once, both ways, while the relay is killed. One answer takes effect, and audit and message agree
/// with it.
///
/// `RACES` is the number of rounds; `NOTIFY_RELAY_BINARY` names a shipped binary. The seed of the random moments is printed.
@Suite(.serialized) struct RaceSuite {
    private static let people = 50

    @Test func `of fifty answers at once one takes effect, whenever the relay is killed`() async throws {
        let rounds = ProcessInfo.processInfo.environment["RACES"].flatMap(Int.init) ?? 3
        let seed = UInt64.random(in: 0..<UInt64.max)
        var chance = Chance(seed), kills = 0
        let scene = try await Scene()
        for round in 0..<rounds {
            let approval = try await scene.ask()
            let killsNow = round % 2 == 0
            kills += killsNow ? 1 : 0
            try await scene.decideAtOnce(
                people: Self.people, killAfter: killsNow ? .milliseconds(Int.random(in: 0...120, using: &chance)) : nil)
            let choice = try #require(await scene.settled(approval), "round \(round), seed \(seed)")
            #expect(await scene.told(approval, choice), "round \(round), seed \(seed)")
        }
        try await scene.expectAuditAgrees(seed: seed)
        print("race suite: seed \(seed), \(rounds) rounds of \(Self.people) answers, \(kills) kills, one effective call each")
        await scene.stop()
    }
}

private actor Scene {
    private let place: Workplace
    private let inbox = Inbox()
    private let world = StandInRevKeen(clock: SystemClock(), seed: 31)
    private let server: SandboxServer
    private let client = HTTPClient()
    private var relay: RelayProcess
    private let automation: String
    private var link = ""
    private var form: (cookie: String, body: String) = ("", "")
    private var asked: [String] = []

    init() async throws {
        place = try Workplace()
        server = SandboxServer(world: world, inbox: inbox)
        let addresses = try await server.start()
        automation = await world.addAutomation(name: "Refunds")
        let port = try Web.freePort()
        try place.write(
            """
            accounts:
              a: {api_key: "rk_sandbox_test", base_url: "\(addresses.api)", first_look: 1h, poll: {approvals: 1s, runs: 1s..2s, automations: 1s, budget: none}}
            destinations:
              hook: {type: webhook, url: "\(addresses.webhook)", width: 4}
            routes:
              - {name: all, when: {kind: [approval, decision]}, to: [hook]}
            server: {public_listen: "127.0.0.1:\(port)", public_url: "http://127.0.0.1:\(port)"}
            """, to: "relay.yaml")
        relay = try RelayProcess(["run", "--config", "relay.yaml"], in: place.folder)
    }

    /// Requests an approval, and opens its page for all people.
    func ask() async throws -> String {
        let approval = await world.requestApproval(run: await world.startRun(of: automation), action: "Refund 12 EUR?")
        asked.append(approval)
        _ = await comesTrue { await self.findLink(approval) }
        try #require(link.contains("/a/"), "no link came: \(relay.errorText.suffix(2_000))")
        let page = try await client.send(HTTPRequest("GET", Secret(link)))
        let html = String(decoding: page.body, as: UTF8.self)
        let cookie = page.header("set-cookie").map { String($0.prefix { $0 != ";" }) }
        let seen = try #require(html.hidden("seen")), csrf = try #require(html.hidden("csrf"))
        form = (try #require(cookie), "seen=\(seen)&csrf=\(csrf)&reason=&verdict=")
        return approval
    }

    private func findLink(_ approval: String) async -> Bool {
        for message in await inbox.messages(kind: .webhook) {
            guard let data = message.json?["data"], data["id"]?.string?.contains(approval) == true,
                let found = data["approval"]?["decide_link"]?.string
            else { continue }
            link = found
            return true
        }
        return false
    }

    func decideAtOnce(people: Int, killAfter: Duration?) async throws {
        let link = link, form = form, client = client, relay = relay
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<people {
                group.addTask { await Self.say(number % 2 == 0 ? "approve" : "reject", link, form, client) }
            }
            if let killAfter {
                group.addTask {
                    try? await Task.sleep(for: killAfter)
                    relay.kill()
                }
            }
        }
        guard killAfter != nil else { return }
        self.relay = try RelayProcess(["run", "--config", "relay.yaml"], in: place.folder)
    }

    private static func say(_ verdict: String, _ link: String, _ form: (cookie: String, body: String), _ client: HTTPClient) async {
        let headers = [("Cookie", Secret(form.cookie)), ("Content-Type", Secret("application/x-www-form-urlencoded"))]
        _ = try? await client.send(
            HTTPRequest("POST", Secret(link), headers: headers.map { (name: $0.0, value: $0.1) }, body: Array((form.body + verdict).utf8)))
    }

    /// The choice that took effect. If everybody was cut off before an answer was recorded, one more person decides.
    func settled(_ approval: String) async -> Choice? {
        for _ in 0..<3 {
            if await comesTrue(within: .seconds(4), { await !self.effective(approval).isEmpty }) { break }
            await Self.say("approve", link, form, client)
        }
        try? await Task.sleep(for: .milliseconds(300))
        let effective = await effective(approval)
        #expect(effective.count == 1, "\(effective)")
        return effective.first?.choice
    }

    private func effective(_ approval: String) async -> [EffectiveDecision] { await world.decisions.filter { $0.approval == approval } }

    /// Whether a message about the decision shows the same choice.
    func told(_ approval: String, _ choice: Choice) async -> Bool {
        let state = choice == .approve ? "approved" : "rejected"
        return await comesTrue {
            await self.inbox.messages(kind: .webhook).contains { message in
                let data = message.json?["data"]
                return data?["id"]?.string?.contains(approval) == true && data?["decision"]?["state"]?.string == state
            }
        }
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
