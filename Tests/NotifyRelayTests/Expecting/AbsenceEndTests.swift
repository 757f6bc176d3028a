import Dedup
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay
@testable import Policy

/// How an absence ends where nothing happened, and what is said of it while it is held back.
struct AbsenceEndTests {
    private static func file(
        _ rule: String = "start_within: 10m", destinations: String = "ops: {type: console}, boss: {type: console}",
        route: String = "to: [ops]", rest: String = ""
    ) -> String {
        House.file(
            destinations: destinations, routes: "{name: late, when: {kind: absence}, \(route)}",
            rest: "expect: [{automation: \"*\", \(rule)}]\n\(rest)")
    }

    private static let services = InboxMessage.Kind.allCases

    private func pass(_ house: House, _ duration: Duration, step: Duration = .minutes(5)) async throws {
        let end = house.clock.now + duration
        while house.clock.now < end {
            house.clock.advance(by: min(step, house.clock.now.duration(to: end)))
            try await house.look()
            await house.deliver()
        }
    }

    private func titles(_ house: House, _ name: String = "ops") -> [String] { house.channel(name).delivered.map(\.message.title) }

    enum Ending: CaseIterable { case paused, gone, otherSchedule, noRule }

    @Test(arguments: Ending.allCases)
    func `what is no longer expected is told to who was told of it, by its name`(ending: Ending) async throws {
        let destinations = [("room", InboxMessage.Kind.slack), ("hook", .webhook), ("chat", .discord)]
            .map {
                "\($0.0): {\($0.1 == .webhook ? "type: webhook, url: \"https://inbox.example/hooks/web/ops\"" : $0.1.keys(base: House.service($0.1)))}"
            }
            .joined(separator: ", ")
        let yaml = Self.file(destinations: destinations, route: "to: [room, hook, chat]")
        let house = try await House(yaml, channels: .real)
        let nightly = await house.world.addAutomation(name: "Nightly payout", cron: "0 10 * * *")
        try await house.look()
        try await pass(house, .minutes(75))
        #expect(await house.inbox.messages(kind: .webhook).count == 1)
        switch ending {
        case .paused: await house.world.changeAutomation(nightly, status: "paused")
        case .gone: await house.world.removeAutomation(nightly)
        case .otherSchedule: await house.world.changeAutomation(nightly, cron: "0 22 * * *")
        case .noRule: try await house.restart(yaml.replacing("automation: \"*\"", with: "automation: \"Other*\""))
        }
        try await pass(house, .minutes(20))
        #expect(await house.inbox.messages(kind: .discord).map(\.edits) == [1])
        for kind in [InboxMessage.Kind.slack, .webhook, .discord] {
            let last = try #require(await house.inbox.messages(kind: kind).last)
            #expect(
                last.words.contains("No longer expected: Nightly payout")
                    || last.json?.text.contains("No longer expected: Nightly payout") == true, "\(kind)")
        }
        #expect(await house.inbox.messages(kind: .webhook).last?.json?["data"]?["absence"]?["ending"]?.string == "forgotten")
        #expect(try await house.ledger.expectations(account: "live").allSatisfy { $0.state != .open })
    }

    @Test func `a program is told that a start was missed for good, and people are told of the next one`() async throws {
        let house = try await House(
            Self.file(
                destinations: "ops: {type: console}, hook: {type: webhook, url: \"https://hook.example\"}", route: "to: [ops, hook]"))
        _ = await house.world.addAutomation(name: "Hourly", cron: "0 * * * *")
        try await house.look()
        try await pass(house, .minutes(140))
        #expect(titles(house) == ["Late: Hourly has not started", "Late: Hourly has not started"])
        #expect(Set(titles(house, "hook")) == ["Late: Hourly has not started", "Missed: Hourly has not started"])
    }

    @Test func `an automation that was not listed yet is not gone`() {
        let judge = ExpectationJudge(
            account: "live", now: .at("2026-11-24T09:00:00Z"), since: .distantPast,
            rules: [ExpectationRule(automations: [Glob(pattern: "*")], startWithin: .seconds(600))], ruleSince: [:], automations: [],
            readUpTo: [:], automationsReadAt: nil, isWell: true)
        var round = ExpectationJudge.Round()
        let open = Expectation(
            account: "live", automation: "a", expected: .finish, run: "r", countedFrom: .at("2026-11-24T08:00:00Z"),
            dueAt: .at("2026-11-24T08:30:00Z"), state: .open)
        _ = judge.isStillExpected(open, &round)
        #expect(round.expectations.isEmpty && round.sightings.isEmpty)
    }

    @Test func `nobody is reminded while RevKeen cannot be read`() async throws {
        let house = try await House(Self.file(route: "to: [ops], remind: [30m]"))
        let nightly = await house.world.addAutomation(name: "Nightly payout", cron: "0 10 * * *")
        try await house.look()
        try await pass(house, .minutes(75))
        await house.world.arrange { $0.unavailable = 503 }
        let run = await house.world.startRun(of: nightly)
        for _ in 0..<10 {
            house.clock.advance(by: .minutes(5))
            _ = try? await house.look()
            try await house.relay.housekeeping.remind()
            await house.deliver()
        }
        #expect(titles(house) == ["Late: Nightly payout has not started"])
        await house.world.arrange { $0.unavailable = nil }
        await house.world.finishRun(run, outcome: .succeeded)
        try await pass(house, .minutes(10))
        #expect(titles(house) == ["Late: Nightly payout has not started", "No longer late: Nightly payout started"])
    }

    @Test func `who is called is not called again at once`() async throws {
        let house = try await House(Self.file(route: "to: [ops], escalate: {after: 30m, to: [boss]}"))
        _ = await house.world.addAutomation(name: "Nightly payout", cron: "0 10 * * *")
        try await house.look()
        for _ in 0..<60 {
            house.clock.advance(by: .minutes(5))
            try await house.look()
            try await house.relay.housekeeping.remind()
            await house.deliver()
        }
        #expect(titles(house, "boss") == ["Late: Nightly payout has not started"])
    }

    @Test func `a run from the future is not what was expected`() async throws {
        let house = try await House(Self.file())
        let nightly = await house.world.addAutomation(name: "Nightly payout", cron: "0 10 * * *")
        try await house.look()
        var watch = RunWatch(account: "live", run: "r", automation: nightly, shown: "x", dueAt: .distantFuture)
        watch.startedAt = house.clock.now + .hours(5)
        try await house.ledger.save([watch])
        try await pass(house, .minutes(75))
        #expect(titles(house) == ["Late: Nightly payout has not started"])
    }

    @Test func `what is over by the end of quiet hours or a mute is not told as late`() async throws {
        let quiet = "ops: {type: console, quiet: {from: \"09:00\", to: \"12:00\", floor: urgent}}, boss: {type: console}"
        let house = try await House(Self.file(destinations: quiet))
        let nightly = await house.world.addAutomation(name: "Nightly payout", cron: "0 10 * * *")
        try await house.look()
        try await pass(house, .minutes(75))
        let run = await house.world.startRun(of: nightly)
        await house.world.finishRun(run, outcome: .succeeded)
        try await pass(house, .minutes(20))
        house.clock.advance(by: .hours(2))
        try await house.relay.closer.closeDue(unless: { false })
        await house.deliver()
        let body = try #require(house.channel().delivered.last).message.body
        #expect(body.contains("1 event resolved meanwhile: Nightly payout") && !body.contains("has not started"), "\(body)")
    }

    @Test func `collapse holds no absence`() async throws {
        let house = try await House(
            Self.file(
                destinations: "ops: {\(InboxMessage.Kind.discord.keys(base: House.service(.discord)))}",
                route: "to: [ops], collapse: {by: [automation], within: 5h}"), channels: .real)
        let hourly = await house.world.addAutomation(name: "Hourly", cron: "0 * * * *")
        try await house.look()
        for _ in 0..<2 {
            try await pass(house, .minutes(75))
            let run = await house.world.startRun(of: hourly)
            await house.world.finishRun(run, outcome: .succeeded)
            try await pass(house, .minutes(15))
        }
        let words = await house.inbox.messages(kind: .discord).map(\.words)
        #expect(words.count == 2 && words.allSatisfy { $0.contains("No longer late") })
    }

    @Test func `a digest says what is still late since an earlier one, and is not sent for what is over`() async throws {
        let yaml = Self.file(route: "digest: [hourly]", rest: "digests: {hourly: {every: 1h, to: [ops]}}")
        let house = try await House(yaml)
        let nightly = await house.world.addAutomation(name: "Nightly payout", cron: "0 10 * * *")
        try await house.look()
        for _ in 0..<3 {
            try await pass(house, .minutes(61))
            try await house.relay.closer.closeDue(unless: { false })
            await house.deliver()
        }
        #expect(titles(house) == ["1 automation late", "1 automation late"])
        let run = await house.world.startRun(of: nightly)
        await house.world.finishRun(run, outcome: .succeeded)
        try await pass(house, .minutes(121))
        try await house.relay.closer.closeDue(unless: { false })
        await house.deliver()
        #expect(titles(house).count == 2)
    }

    @Test func `a rule without a route that tells is a warning, and so is what can never fit`() throws {
        let rest = "expect: [{automation: \"*\", start_within: 10m}]"
        let silent = Reading(House.file(routes: "{name: failures, when: {outcome: failed}, to: [ops]}", rest: rest))
        #expect(silent.configuration?.lackOfAbsenceRoute?.description.contains("nobody is told of it") == true)
        #expect(Reading(House.file(rest: rest)).configuration?.lackOfAbsenceRoute == nil)
        let never = Reading(House.file(routes: "{name: a, when: {kind: absence, streak: 1}, to: [ops]}"))
        #expect(
            never.lines.joined().contains("routes[0].when.streak is about events of the kind run, which routes[0].when.kind leaves out")
                == true)
        #expect(Reading(House.file(rest: "expect: [{automation: a, start_within: 0s}]")).configuration == nil)
    }
}
