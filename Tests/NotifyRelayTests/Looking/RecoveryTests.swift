import Dedup
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// What becomes of the message of a failure when its automation recovers.
struct RecoveryTests {
    private static func destinations(_ kinds: InboxMessage.Kind...) -> String {
        kinds.map { "\($0.rawValue): {\($0.keys(base: House.service($0)))}" }.joined(separator: ", ")
    }

    /// Ends runs of an automation one after the other, and delivers after each.
    private func play(_ outcomes: [StandInRevKeen.Outcome], _ house: House, _ automation: String) async throws {
        for outcome in outcomes {
            let run = await house.world.startRun(of: automation)
            house.clock.advance(by: .minutes(4))
            await house.world.finishRun(run, outcome: outcome)
            house.clock.advance(by: .minutes(6))
            try await house.look()
            await house.deliver()
        }
    }

    private func scene(_ destinations: String, _ route: String) async throws -> (house: House, automation: String) {
        let house = try await House(House.file(destinations: destinations, routes: route), channels: .real)
        try await house.look()
        return (house, await house.world.addAutomation(name: "Sync"))
    }

    @Test func `the message of the first failure is edited, and those of the next ones are not`() async throws {
        let (house, sync) = try await scene(
            Self.destinations(.discord), "{name: failures, when: {outcome: failed}, to: [discord]}")
        try await play([.succeeded, .failed, .failed, .failed], house, sync)
        #expect(await house.inbox.messages(kind: .discord).map(\.edits) == [0, 0, 0])
        try await play([.succeeded, .succeeded], house, sync)
        let messages = await house.inbox.messages(kind: .discord)
        #expect(messages.map(\.edits) == [1, 0, 0])
        #expect(messages[0].words.contains("Recovered: Sync") && messages[0].words.contains("it had failed 3 x"))
    }

    @Test func `at each destination it is the first failure that was told there`() async throws {
        let (house, sync) = try await scene(
            Self.destinations(.discord, .telegram),
            "{name: all, when: {outcome: failed}, to: [telegram]}, {name: again, when: {streak: 2..}, to: [discord]}")
        try await play([.failed, .failed, .failed, .succeeded], house, sync)
        #expect(await house.inbox.messages(kind: .discord).map(\.edits) == [1, 0])
        #expect(await house.inbox.messages(kind: .telegram).map(\.edits) == [1, 0, 0])
        try await play([.failed, .failed, .succeeded], house, sync)
        #expect(await house.inbox.messages(kind: .discord).map(\.edits) == [1, 0, 1])
    }

    @Test func `a destination that cannot edit is told where the route says so, and not where it is told anyway`() async throws {
        let (house, sync) = try await scene(
            Self.destinations(.slack, .gotify, .teams),
            """
            {name: failures, when: {outcome: failed}, to: [slack, teams], recovered: tell},
            {name: quietly, when: {outcome: failed}, to: [gotify]}, {name: well, when: {recovered: true}, to: [teams]}
            """)
        try await play([.failed, .failed, .succeeded], house, sync)
        #expect(await house.inbox.messages(kind: .slack).count == 3)
        #expect(await house.inbox.messages(kind: .gotify).count == 2)
        #expect(await house.inbox.messages(kind: .teams).count == 3)
        #expect(await house.inbox.messages(kind: .slack).last?.words.contains("Recovered: it failed 2 x") == true)
    }

    @Test func `what waits for its moment is edited at once, and told after quiet hours`() async throws {
        let quiet = "quiet: {from: \"00:00\", to: \"23:59\", days: [tue], floor: urgent}"
        let (house, sync) = try await scene(
            Self.destinations(.discord) + ", ops: {\(InboxMessage.Kind.gotify.keys(base: House.service(.gotify)))}",
            "{name: failures, when: {outcome: failed}, to: [discord, ops], recovered: tell}")
        try await play([.failed], house, sync)
        try await house.restart(
            House.file(
                destinations: "discord: {\(InboxMessage.Kind.discord.keys(base: House.service(.discord))), \(quiet)}, "
                    + "ops: {\(InboxMessage.Kind.gotify.keys(base: House.service(.gotify))), \(quiet)}",
                routes: "{name: failures, when: {outcome: failed}, to: [discord, ops], recovered: tell}"))
        try await play([.succeeded], house, sync)
        #expect(await house.inbox.messages(kind: .discord).map(\.edits) == [1])
        #expect(await house.inbox.messages(kind: .gotify).count == 1)
    }

    @Test func `a failure that could not be told before it was over says so by itself, once`() async throws {
        let (house, sync) = try await scene(
            Self.destinations(.discord), "{name: failures, when: {outcome: failed}, to: [discord]}")
        for outcome in [StandInRevKeen.Outcome.failed, .succeeded] {
            let run = await house.world.startRun(of: sync)
            house.clock.advance(by: .minutes(4))
            await house.world.finishRun(run, outcome: outcome)
            house.clock.advance(by: .minutes(6))
            try await house.look()
        }
        await house.deliver()
        await house.deliver()
        let messages = await house.inbox.messages(kind: .discord)
        #expect(messages.map(\.edits) == [0])
        #expect(messages.first?.words.contains("it had failed 1 x") == true)
    }

    @Test func `a success that is seen while the failure is being sent edits it afterwards`() async throws {
        let house = try await House(
            House.file(
                destinations: "ops: {\(InboxMessage.Kind.discord.keys(base: House.service(.discord)))}",
                routes: "{name: failures, when: {outcome: failed}, to: [ops]}"))
        try await house.look()
        let sync = await house.world.addAutomation(name: "Sync")
        let failed = await house.world.startRun(of: sync)
        await house.world.finishRun(failed, outcome: .failed)
        house.clock.advance(by: .minutes(5))
        try await house.look()
        let claim = try #require(try await house.ledger.claim("ops", limit: 1, lease: .minutes(1)).first)
        let run = await house.world.startRun(of: sync)
        house.clock.advance(by: .seconds(20))
        await house.world.finishRun(run, outcome: .succeeded)
        house.clock.advance(by: .seconds(20))
        try await house.look()
        #expect(claim.recovery == nil)
        #expect(try await house.ledger.settle(claim, as: .delivered(Receipt(["id": "1"])), attempt: nil))
        let again = try #require(try await house.ledger.claim("ops", limit: 1, lease: .minutes(1)).first)
        #expect(again.delivery == claim.delivery && again.options.refreshes && again.recovery?.failures == 1)
        #expect(try await house.ledger.settle(again, as: .delivered(Receipt(["id": "1"])), attempt: nil))
        #expect(try await house.ledger.claim("ops", limit: 1, lease: .minutes(1)).isEmpty)
    }

    @Test func `a recovery ends the incident of its failure`() async throws {
        let (house, sync) = try await scene(
            Self.destinations(.pagerduty), "{name: failures, when: {streak: 1}, to: [pagerduty]}")
        try await play([.failed, .succeeded], house, sync)
        let actions = await house.inbox.messages(kind: .pagerduty).map { $0.json?["event_action"]?.string }
        #expect(actions.last == "resolve")
    }
}
