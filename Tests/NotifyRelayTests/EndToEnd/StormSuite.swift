import Foundation
import RelayCore
import RelaySupport
import Sandbox
import Testing

/// Many messages go through every destination that has a double, while every tenth request is refused, fails or is cut off.
///
/// `STORM` is the number of notifications.
@Suite(.serialized) struct StormSuite {
    @Test func `every message comes to every destination once, whatever is refused on the way`() async throws {
        let count = ProcessInfo.processInfo.environment["STORM"].flatMap(Int.init) ?? 40
        let place = try Workplace()
        let world = StandInRevKeen(clock: SystemClock(), seed: 23)
        let inbox = Inbox()
        let server = SandboxServer(world: world, inbox: inbox)
        let addresses = try await server.start()
        try place.write(Self.yaml(addresses), to: "relay.yaml")
        await happen(count, in: world)
        await inbox.arrange { $0.every = 10 }
        let relay = try RelayProcess(["run", "--config", "relay.yaml"], in: place.folder)
        let began = ContinuousClock.now
        _ = await comesTrue(within: .seconds(60 + count / 2)) { await self.arrived(inbox, count) }
        #expect(relay.terminate() == 0, "\(relay.errorText)")
        for kind in Self.kinds {
            let texts = await inbox.messages(kind: kind).map(\.words)
            let numbers = texts.compactMap { $0.firstMatch(of: /storm number (\d+)\./).map { String($0.1) } }
            #expect(Set(numbers).count == count, "\(kind.rawValue) got \(Set(numbers).count) of \(count)")
            #expect(numbers.count == Set(numbers).count, "\(kind.rawValue) got \(numbers.count - Set(numbers).count) twice")
        }
        print(
            "storm: \(count) messages to \(Self.kinds.count) destinations in \(ContinuousClock.now - began), \(await inbox.refused) refused"
        )
        await server.stop()
    }

    private func arrived(_ inbox: Inbox, _ count: Int) async -> Bool {
        for kind in Self.kinds where await inbox.count(kind: kind) < count { return false }
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

    private static func yaml(_ addresses: SandboxAddresses) -> String {
        let entries = kinds.map { "  to-\($0.rawValue): {\($0.keys(at: addresses)), pace: {burst: 1000, every: 1s}, give_up: 1h}" }
        let names = kinds.map { "to-\($0.rawValue)" }.joined(separator: ", ")
        return """
            accounts:
              a: {api_key: "rk_sandbox_test", base_url: "\(addresses.api)", first_look: 1h, poll: {approvals: 1s, runs: 1s..2s, automations: 1s, budget: none}}
            destinations:
            \(entries.joined(separator: "\n"))
            routes:
              - {name: all, when: {kind: notification}, to: [\(names)]}
            """
    }

    /// All kinds but PagerDuty, which needs a clock of its own.
    private static let kinds: [InboxMessage.Kind] = [
        .discord, .telegram, .slackBot, .mattermost, .teams, .googleChat, .rocketchat, .matrix, .zulip, .ntfy, .gotify, .pushover,
    ]
}
