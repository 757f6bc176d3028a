import Foundation
import RelayCore
import Sandbox
import Testing

/// Many messages through every destination that has a double, while every tenth request is refused, fails or is cut off.
///
/// `STORM` says how many notifications there are.
@Suite(.serialized) struct StormSuite {
    @Test func `every message comes to every destination once, whatever is refused on the way`() async throws {
        let count = ProcessInfo.processInfo.environment["STORM"].flatMap(Int.init) ?? 40
        let place = try Workplace()
        let world = StandInRevKeen(clock: SystemClock(), seed: 23)
        let inbox = Inbox()
        let server = SandboxServer(world: world, inbox: inbox)
        let addresses = try await server.start()
        let destinations = Self.destinations(addresses)
        try place.write(Self.yaml(addresses, destinations), to: "relay.yaml")
        await happen(count, in: world)
        await inbox.arrange { $0.every = 10 }
        let relay = try RelayProcess(["run", "--config", "relay.yaml"], in: place.folder)
        let began = ContinuousClock.now
        _ = await comesTrue(within: .seconds(60 + count / 2)) { await self.arrived(destinations, in: inbox, count) }
        #expect(relay.terminate() == 0, "\(relay.errorText)")
        for (kind, _) in destinations {
            // Zulip's is a form; the words of all others stand in the body as they are.
            let texts = await inbox.messages(kind: kind).map {
                kind == .zulip ? $0.json?["content"]?.string ?? "" : String(decoding: $0.raw, as: UTF8.self)
            }
            let numbers = texts.compactMap { $0.firstMatch(of: /storm number (\d+)\./).map { String($0.1) } }
            #expect(Set(numbers).count == count, "\(kind.rawValue) got \(Set(numbers).count) of \(count)")
            #expect(numbers.count == Set(numbers).count, "\(kind.rawValue) got \(numbers.count - Set(numbers).count) twice")
        }
        print(
            "storm: \(count) messages to \(destinations.count) destinations in \(ContinuousClock.now - began), \(await inbox.refused) refused"
        )
        await server.stop()
    }

    private func arrived(_ destinations: [(InboxMessage.Kind, String)], in inbox: Inbox, _ count: Int) async -> Bool {
        for (kind, _) in destinations where await inbox.count(kind: kind) < count { return false }
        return true
    }

    private func happen(_ count: Int, in world: StandInRevKeen) async {
        var run = ""
        let automation = await world.addAutomation(name: "Storm")
        for number in 0..<count {
            if number % 20 == 0 { run = await world.startRun(of: automation) }
            _ = await world.notify(run: run, priority: "normal", type: "note", message: "storm number \(number).")
        }
    }

    private static func yaml(_ addresses: SandboxAddresses, _ destinations: [(kind: InboxMessage.Kind, keys: String)]) -> String {
        let entries = destinations.map { "  to-\($0.kind.rawValue): {\($0.keys), pace: {burst: 1000, every: 1s}, give_up: 1h}" }
        let names = destinations.map { "to-\($0.kind.rawValue)" }.joined(separator: ", ")
        return """
            accounts:
              a: {api_key: "rk_sandbox_test", base_url: "\(addresses.api)", first_look: 1h, poll: {approvals: 1s, runs: 1s..2s, automations: 1s, budget: none}}
            destinations:
            \(entries.joined(separator: "\n"))
            routes:
              - {name: all, when: {kind: notification}, to: [\(names)]}
            """
    }

    private static func destinations(_ addresses: SandboxAddresses) -> [(kind: InboxMessage.Kind, keys: String)] {
        [
            (.discord, #"type: discord, url: "\#(addresses.service(.discord))/1/secret""#),
            (.telegram, #"type: telegram, token: "1:secret", chat: "-100", api_url: "\#(addresses.service(.telegram))""#),
            (.slackBot, #"type: slack, token: xoxb-1-2, channel: C0123456789, api_url: "\#(addresses.service(.slackBot))/api""#),
            (.mattermost, #"type: mattermost, url: "\#(addresses.service(.mattermost))/secret""#),
            (
                .teams,
                #"type: teams, url: "\#(addresses.service(.teams))/workflows/1/triggers/manual/paths/invoke?api-version=1&sig=secret""#
            ),
            (.googleChat, #"type: google_chat, url: "\#(addresses.service(.googleChat))/v1/spaces/A/messages?key=k&token=secret""#),
            (.rocketchat, #"type: rocketchat, url: "\#(addresses.service(.rocketchat))/hooks/1/secret""#),
            (.matrix, #"type: matrix, server: "\#(addresses.service(.matrix))", token: secret, room: "!a:matrix.example""#),
            (.zulip, #"type: zulip, server: "\#(addresses.service(.zulip))", email: a@zulip.example, api_key: k, stream: s, topic: t"#),
            (.ntfy, #"type: ntfy, server: "\#(addresses.service(.ntfy))", topic: alerts"#),
            (.gotify, #"type: gotify, server: "\#(addresses.service(.gotify))", token: secret"#),
        ]
    }
}
