import Dedup
import Policy
import RelayCore
import RelaySupport
import RelayTesting
import RevKeen
import Sandbox
import Testing

@testable import NotifyRelay

/// An absence is told once, and closed once.
struct AbsenceTests {
    /// A relay whose rules name every automation that begins with `Nightly`. The clock begins at 09:00 UTC.
    private static func house(_ rule: String, destinations: String = "ops: {type: console}", channels: House.Channels = .scripted)
        async throws
        -> House
    {
        try await House(
            House.file(
                destinations: destinations, routes: "{name: late, when: {kind: absence}, to: [ops]}",
                rest: "expect: [{automation: \"Nightly*\", \(rule)}]"), channels: channels)
    }

    /// Lets time pass in steps with a look at the end of each.
    private func pass(_ house: House, _ duration: Duration, step: Duration = .minutes(5)) async throws {
        let end = house.clock.now + duration
        while house.clock.now < end {
            house.clock.advance(by: min(step, house.clock.now.duration(to: end)))
            try await house.look()
            await house.deliver()
        }
    }

    private func titles(_ house: House) -> [String] { house.channel().delivered.map(\.message.title) }

    private func run(_ house: House, _ automation: String, _ outcome: StandInRevKeen.Outcome = .succeeded) async {
        let run = await house.world.startRun(of: automation)
        await house.world.finishRun(run, outcome: outcome)
    }

    @Test func `a run that does not start is told once when its time is over, and closed when it starts`() async throws {
        let house = try await Self.house("start_within: 10m")
        let nightly = await house.world.addAutomation(name: "Nightly payout", cron: "0 10 * * *")
        try await house.look()
        try await pass(house, .minutes(69))
        #expect(titles(house).isEmpty, "10:09")
        try await pass(house, .minutes(1))
        #expect(titles(house) == ["Late: Nightly payout has not started"])
        let body = try #require(house.channel().delivered.first).message.body
        #expect(body.hasPrefix("Its run of 2026-11-24 10:00 UTC has not started. It was due by 2026-11-24 10:10 UTC."))
        try await pass(house, .minutes(4))
        await run(house, nightly)
        try await pass(house, .minutes(20))
        #expect(titles(house) == ["Late: Nightly payout has not started", "No longer late: Nightly payout started"])
        let told = try #require(house.channel().delivered.last).message
        #expect(told.body.hasPrefix("It started at 2026-11-24 10:14 UTC, 14 min late."))
        #expect(
            try await house.events(.absence).map(\.id).sorted() == [
                "live/absence/\(nightly)/start/2026-11-24T10:10:00Z", "live/absence/\(nightly)/start/2026-11-24T10:10:00Z/closed",
            ])
    }

    @Test func `a run in time is told to nobody, nor is one that is started by hand in its place`() async throws {
        let house = try await Self.house("start_within: 10m")
        let nightly = await house.world.addAutomation(name: "Nightly payout", cron: "0 10,12 * * *")
        try await house.look()
        try await pass(house, .minutes(60))
        await run(house, nightly)
        try await pass(house, .minutes(122))
        let byHand = await house.world.startRun(of: nightly, trigger: "manual")
        await house.world.finishRun(byHand, outcome: .failed)
        try await pass(house, .hours(3))
        #expect(titles(house).isEmpty)
    }

    @Test func `the next one that does not start replaces it, and says how many there were`() async throws {
        let house = try await Self.house("start_within: 10m")
        let nightly = await house.world.addAutomation(name: "Nightly payout", cron: "0 * * * *")
        try await house.look()
        try await pass(house, .minutes(190))
        #expect(titles(house).count == 3)
        #expect(house.channel().delivered.last?.message.body.contains("It is number 3 in a row.") == true)
        let live = try await house.ledger.expectations(account: "live")
        #expect(live.map(\.state) == [.open, .waiting])
        #expect(try await house.ledger.expectations(account: "live", of: nightly, most: 10).count { $0.state == .replaced } == 2)
        await run(house, nightly)
        try await pass(house, .minutes(5))
        #expect(titles(house).last == "No longer late: Nightly payout started")
        #expect(titles(house).count == 4)
    }

    @Test func `a run a little before its moment counts for it, and the next one is still expected`() async throws {
        let house = try await Self.house("start_within: 10m")
        let nightly = await house.world.addAutomation(name: "Nightly payout", cron: "0 * * * *")
        try await house.look()
        house.clock.advance(by: .minutes(59) + .seconds(57))
        await run(house, nightly)
        try await house.look()
        #expect(try await house.ledger.expectations(account: "live").map(\.countedFrom.description) == ["2026-11-24T11:00:00Z"])
        try await pass(house, .minutes(69))
        #expect(titles(house).isEmpty, "11:08:57")
        try await pass(house, .minutes(5))
        #expect(titles(house) == ["Late: Nightly payout has not started"])
    }

    @Test func `a run that goes on for too long is told, and closed when it ends`() async throws {
        let house = try await Self.house("finish_within: 2h")
        let nightly = await house.world.addAutomation(name: "Nightly payout")
        try await house.look()
        let run = await house.world.startRun(of: nightly)
        try await pass(house, .minutes(119))
        #expect(titles(house).isEmpty)
        try await pass(house, .minutes(2))
        #expect(titles(house) == ["Late: Nightly payout has not ended"])
        try await pass(house, .minutes(30))
        await house.world.finishRun(run, outcome: .failed)
        try await pass(house, .minutes(30))
        #expect(titles(house) == ["Late: Nightly payout has not ended", "No longer late: Nightly payout ended"])
        #expect(try await house.ledger.expectations(account: "live").isEmpty)
    }

    @Test func `without a success in time it is told, whatever failed meanwhile, and closed by the next success`() async throws {
        let house = try await Self.house("succeed_every: 1d")
        let nightly = await house.world.addAutomation(name: "Nightly payout")
        try await house.look()
        await run(house, nightly)
        try await pass(house, .hours(12), step: .minutes(30))
        await run(house, nightly, .failed)
        try await pass(house, .hours(11), step: .minutes(30))
        #expect(titles(house).isEmpty)
        try await pass(house, .hours(2), step: .minutes(30))
        #expect(titles(house) == ["Late: Nightly payout has not succeeded"])
        await run(house, nightly)
        try await pass(house, .hours(1))
        #expect(titles(house) == ["Late: Nightly payout has not succeeded", "No longer late: Nightly payout succeeded"])
        #expect(try await house.ledger.expectations(account: "live").map(\.state) == [.waiting])
    }

    @Test func `where a message can be edited, its end is told by an edit`() async throws {
        let house = try await Self.house(
            "start_within: 10m", destinations: "ops: {\(InboxMessage.Kind.discord.keys(base: House.service(.discord)))}", channels: .real)
        let nightly = await house.world.addAutomation(name: "Nightly payout", cron: "0 10 * * *")
        try await house.look()
        try await pass(house, .minutes(75))
        await run(house, nightly)
        try await pass(house, .minutes(10))
        let message = try #require(await house.inbox.messages(kind: .discord).first)
        #expect(await house.inbox.messages(kind: .discord).count == 1)
        #expect(message.edits == 1 && message.words.contains("No longer late: Nightly payout started"))
    }

    /// A relay that reminds of what is late, with a console for each name.
    private func reminding(_ ladder: String) async throws -> House {
        let house = try await House(
            House.file(
                destinations: "ops: {type: console}, boss: {type: console}",
                routes: "{name: late, when: {kind: absence}, to: [ops], \(ladder)}",
                rest: "expect: [{automation: \"Nightly*\", start_within: 10m}]"))
        _ = await house.world.addAutomation(name: "Nightly payout", cron: "0 10 * * *")
        try await house.look()
        return house
    }

    private func passReminding(_ house: House, _ duration: Duration) async throws {
        let end = house.clock.now + duration
        while house.clock.now < end {
            try await pass(house, .minutes(5))
            try await house.relay.housekeeping.remind()
            await house.deliver()
        }
    }

    @Test func `people are reminded of what stays late, and others are called`() async throws {
        let house = try await reminding("remind: [30m, 1h], overdue: 2h, escalate: {after: 90m, to: [boss]}")
        try await passReminding(house, .hours(7))
        #expect(
            titles(house) == ["Late: Nightly payout has not started"]
                + Array(repeating: "Still late: Nightly payout has not started", count: 3))
        let bodies = house.channel().delivered.map(\.message.body)
        #expect(bodies[1].contains("Late for 40 min") && bodies[2].contains("Late for 70 min"))
        #expect(bodies[3].contains("(overdue)"))
        // Whoever is called is told of the absence itself first, and has a ladder from then on.
        #expect(house.channel("boss").delivered.map(\.message.title).prefix(2) == titles(house).prefix(2))
        let called = house.channel("boss").delivered.count
        let nightly = try #require(try await house.events(.absence).first?.payload.origin.automationID)
        await run(house, nightly)
        try await passReminding(house, .hours(3))
        for name in ["ops", "boss"] {
            #expect(house.channel(name).delivered.last?.message.title == "No longer late: Nightly payout started")
        }
        #expect(house.channel().delivered.count == 5 && house.channel("boss").delivered.count == called + 1)
    }

    @Test func `a reminder that is owed while it happens is not told any more`() async throws {
        let house = try await reminding("remind: [30m]")
        try await pass(house, .minutes(105))
        try await house.relay.housekeeping.remind()
        let nightly = try #require(try await house.events(.absence).first?.payload.origin.automationID)
        await run(house, nightly)
        house.clock.advance(by: .minutes(1))
        try await house.look()
        await house.deliver()
        #expect(titles(house) == ["Late: Nightly payout has not started", "No longer late: Nightly payout started"])
    }

    enum Silence: CaseIterable { case paused, gone, otherSchedule, notNamed, noSchedule, unreachable }

    @Test(arguments: Silence.allCases) func `nothing is told of what is not expected or not known`(why: Silence) async throws {
        let house = try await Self.house("start_within: 10m, finish_within: 2h, succeed_every: 2d")
        let name = why == .notNamed ? "Daily payout" : "Nightly payout"
        let nightly = await house.world.addAutomation(name: name, cron: why == .noSchedule ? nil : "0 10 * * *")
        try await house.look()
        try await pass(house, .minutes(50))
        switch why {
        case .paused: await house.world.changeAutomation(nightly, status: "paused")
        case .gone: await house.world.removeAutomation(nightly)
        case .otherSchedule: await house.world.changeAutomation(nightly, cron: "0 22 * * *")
        case .notNamed, .noSchedule: break
        case .unreachable: await house.world.arrange { $0.unavailable = 503 }
        }
        for _ in 0..<8 {
            house.clock.advance(by: .minutes(5))
            _ = try? await house.look()
            await house.deliver()
        }
        #expect(titles(house).isEmpty)
    }

    @Test func `a restart neither tells it again nor forgets it, and what passed meanwhile is told once`() async throws {
        let yaml = House.file(
            routes: "{name: late, when: {kind: absence}, to: [ops]}", rest: "expect: [{automation: \"*\", start_within: 10m}]")
        let house = try await House(yaml)
        _ = await house.world.addAutomation(name: "Nightly payout", cron: "0 * * * *")
        try await house.look()
        try await pass(house, .minutes(75))
        #expect(titles(house).count == 1)
        try await house.crash(yaml)
        try await pass(house, .minutes(30))
        #expect(titles(house).count == 1)
        house.clock.advance(by: .hours(4))
        try await house.crash(yaml)
        try await pass(house, .minutes(1))
        #expect(titles(house).count == 2)
        #expect(house.channel().delivered.last?.message.body.contains("It is number 5 in a row.") == true)
    }

    @Test func `a digest lists what is late when it closes, and not what is over`() async throws {
        let yaml = House.file(
            routes: "{name: late, when: {kind: absence}, digest: [noon]}",
            rest: "expect: [{automation: \"*\", start_within: 10m}]\ndigests: {noon: {at: \"12:00\", to: [ops]}}")
        let house = try await House(yaml)
        let late = await house.world.addAutomation(name: "Nightly payout", cron: "0 10 * * *")
        let over = await house.world.addAutomation(name: "Morning sync", cron: "30 9 * * *")
        try await house.look()
        try await pass(house, .minutes(75))
        await run(house, over)
        try await pass(house, .minutes(60))
        try await house.relay.closer.closeDue(unless: { false })
        house.clock.advance(by: .hours(1))
        try await house.relay.closer.closeDue(unless: { false })
        await house.deliver()
        let digest = try #require(house.channel().delivered.last).message
        #expect(digest.title == "1 automation late")
        #expect(digest.body.contains("Late: Nightly payout has not started, due 2026-11-24 10:10"))
        #expect(!digest.body.contains("Morning sync"))
        #expect(house.channel().delivered.count == 1, "\(late)")
    }
}

/// What commands say of rules beside the automations of an account.
struct ExpectedRulesTests {
    private func automation(_ name: String, cron: String? = nil) -> Automation {
        var automation = Automation(id: name)
        (automation.name, automation.cronExpression, automation.timezone) = (name, cron, "Europe/London")
        return automation
    }

    @Test func `a rule that names nothing, and a start without a schedule, are said`() {
        let rules = [
            ExpectationRule(automations: [Glob(pattern: "Nightly*")], startWithin: .seconds(600)),
            ExpectationRule(automations: [Glob(pattern: "Weekly*")], finishWithin: .seconds(600)),
            ExpectationRule(accounts: ["other"], automations: [Glob(pattern: "Yearly*")], startWithin: .seconds(600)),
        ]
        let automations = [automation("Nightly a", cron: "0 2 * * *"), automation("Nightly b"), automation("Nightly c", cron: "soon")]
        #expect(
            ExpectedRules.remarks(rules, account: "live", automations) == [
                "expect: Nightly b has no schedule that can be read, so start_within expects nothing of it",
                "expect: Nightly c has no schedule that can be read, so start_within expects nothing of it",
                "expect: Weekly* names no automation that is visible",
            ])
    }

    @Test func `the rule that fits is a line that the configuration takes`() throws {
        let line = try #require(
            ExpectedRules.line(
                for: automation("Nightly \"payout\"", cron: "0 2 * * *"), longest: .seconds(240), now: .at("2026-11-24T09:00:00Z")))
        #expect(
            line
                == "- {automation: \"Nightly \\\"payout\\\"\", start_within: 10m, finish_within: 17m}   # 0 2 * * * Europe/London, takes up to 4 min"
        )
        let reading = Reading("accounts: {live: {api_key: \"${KEY}\"}}\nexpect:\n  \(line)")
        #expect(reading.configuration?.expect.first?.startWithin == .seconds(600), "\(reading.lines)")
        #expect(ExpectedRules.line(for: automation("Refunds"), longest: .seconds(1), now: .at("2026-11-24T09:00:00Z")) == nil)
        let often = ExpectedRules.line(for: automation("Often", cron: "*/5 * * * *"), longest: nil, now: .at("2026-11-24T09:00:00Z"))
        #expect(often?.contains("start_within: 150s") == true, "no longer than half of the time between two starts")
    }
}
