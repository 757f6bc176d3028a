import Foundation
import RelayCore
import RelaySupport
import Sandbox
import Testing

/// The real binary keeps one message per approval, from the request to the decision, at the doubles of services that can edit.
@Suite(.serialized) struct LivingMessageSuite {
    private static let services: [InboxMessage.Kind] = [
        .discord, .telegram, .slackBot, .matrix, .zulip, .ntfy, .pagerduty,
    ]

    @Test func `a decision edits the request wherever it was sent`() async throws {
        let scene = try await Scene(Self.services)
        let approval = await scene.request()
        try await scene.wait { await $0.messages().count == Self.services.count }
        await scene.decide(approval)
        try await scene.wait { await $0.messages().allSatisfy { $0.edits == 1 } }
        for message in await scene.inbox.messages() { #expect(message.words.contains("Approval approved")) }
        try await scene.end()
        #expect(await scene.inbox.count == Self.services.count)
    }

    @Test func `a message that was deleted by hand is posted once more, and never again after that`() async throws {
        let scene = try await Scene([.discord])
        let approval = await scene.request()
        try await scene.wait { await $0.count == 1 }
        await scene.inbox.delete(1)
        await scene.change(approval)
        try await scene.wait { await $0.count == 2 }
        await scene.inbox.delete(2)
        await scene.decide(approval)
        try await scene.wait { await $0.refused == 2 }
        try await scene.end()
        #expect(await scene.inbox.count == 2)
    }

    @Test func `an approval that is decided while its request is owed is told as decided, once`() async throws {
        let scene = try await Scene([.discord])
        await scene.inbox.arrange { $0.next = [InboxFaults.Refusal(500)] }
        let approval = await scene.request()
        try await scene.wait { await $0.refused >= 1 }
        await scene.decide(approval)
        try await scene.wait { await $0.count == 1 }
        try await scene.end()
        let only = try #require(await scene.inbox.messages().first)
        #expect(only.words.contains("Approval approved"))
        #expect(only.edits == 0)
    }
}

/// A stand-in RevKeen with one automation, an inbox of doubles, and the relay between them.
private actor Scene {
    nonisolated let inbox = Inbox()
    private let world = StandInRevKeen(clock: SystemClock(), seed: 3)
    private let server: SandboxServer
    private let place: Workplace
    private let relay: RelayProcess
    private let automation: String

    init(_ services: [InboxMessage.Kind]) async throws {
        server = SandboxServer(world: world, inbox: inbox)
        let addresses = try await server.start()
        automation = await world.addAutomation(name: "Refunds")
        place = try Workplace()
        let names = services.map { "to-\($0.rawValue)" }
        let entries = services.map { "  to-\($0.rawValue): {\($0.keys(at: addresses)), pace: {burst: 50, every: 1s}}" }.joined(
            separator: "\n")
        try place.write(
            """
            accounts:
              a: {api_key: "rk_sandbox_test", base_url: "\(addresses.api)", first_look: 1h, poll: {approvals: 1s, runs: 1s..2s, automations: 1s, budget: none}}
            destinations:
            \(entries)
            routes:
              - {name: all, when: {kind: approval}, to: [\(names.joined(separator: ", "))]}
            """, to: "relay.yaml")
        relay = try RelayProcess(["run", "--config", "relay.yaml"], in: place.folder)
    }

    func request() async -> String {
        await world.requestApproval(run: await world.startRun(of: automation), action: "Refund 12 EUR?")
    }

    func change(_ approval: String) async { await world.changeApproval(approval, action: "Refund 13 EUR?", actions: .null) }

    func decide(_ approval: String) async { await world.decide(approval, approved: true, by: "user-1") }

    func wait(until isSo: (Inbox) async -> Bool) async throws {
        let isTrue = await comesTrue(within: .seconds(30)) { await isSo(inbox) }
        #expect(isTrue, "\(relay.errorText)")
    }

    /// Ends the relay by SIGTERM, so that what is under way still arrives.
    func end() async throws {
        #expect(relay.terminate() == 0, "\(relay.errorText)")
        await server.stop()
    }
}
