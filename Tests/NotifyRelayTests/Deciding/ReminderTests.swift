import Dedup
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// Reminders of open approvals. Each step is sent once, counted from when the request was sent, in the destination's own time.
struct ReminderTests {
    private struct Scene {
        let house: House
        let approval: String

        /// - Parameter route: the keys of the reminder ladder.
        init(
            _ route: String, destinations: String = "ops: {type: console}, boss: {type: console}", channels: House.Channels = .scripted,
            at start: Timestamp? = nil
        ) async throws {
            let clock = start.map { ManualClock($0) } ?? ManualClock()
            house = try await House(
                House.file(destinations: destinations, routes: "{name: ask, when: {kind: approval}, to: [ops], \(route)}"),
                channels: channels, clock: clock)
            let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
            approval = await house.world.requestApproval(run: run, action: "Refund 12 EUR?")
            try await house.look()
            await house.deliver()
        }

        /// Lets time pass, and runs the reminder turn every few minutes; the relay runs it more often.
        func pass(_ duration: Duration, each step: Duration = .minutes(5)) async throws {
            let end = house.clock.now + duration
            while house.clock.now < end {
                house.clock.advance(by: min(step, house.clock.now.duration(to: end)))
                try await house.relay.housekeeping.remind()
                await house.deliver()
            }
        }

        func decide() async throws {
            await house.world.decide(approval, approved: true)
            try await house.look()
            await house.deliver()
        }

        /// The steps that were sent to a destination, each with the minutes since the start.
        func told(_ destination: String = "ops", since start: Timestamp) -> [String] {
            house.channel(destination).delivered.filter { $0.message.event.kind == .reminder }.map { attempt in
                "\(attempt.id.split(separator: "/").last ?? "") at \(start.duration(to: attempt.at).milliseconds / 60_000)"
            }
        }
    }

    @Test func `each step is told once, counted from when it was told`() async throws {
        let scene = try await Scene("remind: [30m, 2h, 8h]"), start = scene.house.clock.now
        try await scene.pass(.days(2))
        #expect(scene.told(since: start) == ["1 at 30", "2 at 120", "3 at 480"])
    }

    @Test func `nobody is reminded of what was decided`() async throws {
        let scene = try await Scene("remind: [30m, 2h]"), start = scene.house.clock.now
        try await scene.pass(.minutes(60))
        try await scene.decide()
        try await scene.pass(.days(1))
        #expect(scene.told(since: start) == ["1 at 30"])
    }

    @Test func `a reminder that is owed while it is decided is not told any more`() async throws {
        let scene = try await Scene("remind: [30m]")
        scene.house.clock.advance(by: .minutes(31))
        try await scene.house.relay.housekeeping.remind()
        await scene.house.world.decide(scene.approval, approved: true)
        // The clock must stand still here: if it moved, the look would time out before it is made.
        try await scene.house.lane().drain()
        #expect(scene.house.channel().ids.filter { $0.contains("remind") }.isEmpty)
        #expect(try await scene.house.deliveries(of: "live/approval/\(scene.approval)/remind/1") == ["ops dropped"])
    }

    @Test func `after a downtime the last step that has passed is told, and not those before it`() async throws {
        let scene = try await Scene("remind: [30m, 2h, 8h]"), start = scene.house.clock.now
        scene.house.clock.advance(by: .hours(3))
        try await scene.house.restart(
            House.file(
                destinations: "ops: {type: console}", routes: "{name: ask, when: {kind: approval}, to: [ops], remind: [30m, 2h, 8h]}"))
        try await scene.pass(.hours(1))
        #expect(scene.told(since: start) == ["2 at 185"])
    }

    @Test func `after our own deadline it is overdue, and says so`() async throws {
        let scene = try await Scene("remind: [30m], overdue: 4h"), start = scene.house.clock.now
        try await scene.pass(.hours(5))
        #expect(scene.told(since: start) == ["1 at 30", "2 at 240"])
        let titles = scene.house.channel().delivered.filter { $0.message.event.kind == .reminder }.map(\.message.title)
        #expect(titles.map { String($0.prefix(7)) } == ["Still w", "Overdue"])
    }

    @Test func `an escalation asks somebody more, who gets the request itself and what becomes of it`() async throws {
        let scene = try await Scene("remind: [30m], escalate: {after: 2h, to: [boss], mention: \"@boss\"}"), start = scene.house.clock.now
        try await scene.pass(.hours(3))
        let boss = scene.house.channel("boss").delivered
        #expect(boss.map(\.message.event.kind) == [.approval, .reminder] && boss.first?.message.mention == "@boss")
        #expect(start.duration(to: boss[0].at).milliseconds / 60_000 == 120)
        #expect(scene.told(since: start) == ["1 at 30"])
        try await scene.decide()
        #expect(scene.house.channel("boss").delivered.map(\.message.event.kind) == [.approval, .reminder, .decision])
    }

    @Test func `an escalation to where it was asked calls somebody more there`() async throws {
        let scene = try await Scene("mention: \"@ann\", escalate: {after: 2h, to: [ops], mention: \"@team\"}")
        try await scene.pass(.hours(3))
        #expect(scene.house.channel().delivered.map(\.message.mention) == ["@ann", "@team"])
    }

    @Test func `what may be sent once at most is reminded of and escalated so`() async throws {
        let scene = try await Scene("at_most_once: true, remind: [30m], escalate: {after: 2h, to: [boss]}")
        scene.house.channel().always(.uncertain)
        scene.house.channel("boss").always(.uncertain)
        try await scene.pass(.hours(3))
        #expect(try await scene.house.deliveries(of: "live/approval/\(scene.approval)/remind/1") == ["ops unknown", "boss unknown"])
        #expect(try await scene.house.deliveries(of: "live/approval/\(scene.approval)/v1") == ["ops delivered", "boss unknown"])
    }

    @Test func `a reminder goes under the message, which says that it was reminded of`() async throws {
        let scene = try await Scene(
            "remind: [30m], overdue: 1h",
            destinations: "ops: {\(InboxMessage.Kind.slackBot.keys(base: House.service(.slackBot)))}, boss: {type: console}",
            channels: .real)
        try await scene.pass(.hours(2))
        let messages = await scene.house.inbox.messages(kind: .slackBot)
        #expect(messages.count == 3)
        #expect(messages.first?.edits == 2 && messages.first?.words.contains("Overdue: approval needed") == true)
        #expect(messages.dropFirst().allSatisfy { $0.json?["thread_ts"]?.string != nil })
        try await scene.decide()
        #expect(await scene.house.inbox.messages(kind: .slackBot).map(\.edits) == [3, 0, 0])
    }

    @Test func `a working clock stands still at night and at weekends, in the destination's zone, across a change of the clock`()
        async throws
    {
        // It is Friday, 2026-10-23, 16:30 in London. Half an hour of work is left, and on Sunday the clocks go back.
        let friday = Timestamp(seconds: 1_792_769_400)
        let hours = "working: {from: \"09:00\", to: \"17:00\", days: [mon, tue, wed, thu, fri]}"
        let scene = try await Scene(
            "remind_clock: working, remind: [1h, 8h]",
            destinations: "ops: {type: console, time_zone: Europe/London, \(hours)}, boss: {type: console}", at: friday)
        try await scene.pass(.days(7))
        let moments = scene.house.channel().delivered.filter { $0.message.event.kind == .reminder }.map {
            String($0.at.description.prefix(16))
        }
        // Half an hour of Friday counts, and then Monday's hours, in winter time.
        #expect(moments == ["2026-10-26T09:30", "2026-10-26T16:30"])
    }

    @Test func `two destinations of one route keep their own hours`() async throws {
        // It is Monday, 2026-10-26, 08:00 UTC: 08:00 in London, 13:45 in Kathmandu.
        let monday = Timestamp(seconds: 1_793_001_600)
        let hours = "working: {from: \"09:00\", to: \"17:00\", days: [mon, tue, wed, thu, fri]}"
        let house = try await House(
            House.file(
                destinations:
                    "ops: {type: console, time_zone: Europe/London, \(hours)}, boss: {type: console, time_zone: Asia/Kathmandu, \(hours)}",
                routes: "{name: ask, when: {kind: approval}, to: [ops, boss], remind_clock: working, remind: [2h]}"),
            clock: ManualClock(monday))
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        _ = await house.world.requestApproval(run: run, action: "Refund?")
        try await house.look()
        await house.deliver()
        for _ in 0..<(24 * 12) {
            house.clock.advance(by: .minutes(5))
            try await house.relay.housekeeping.remind()
            await house.deliver()
        }
        func reminders(_ name: String) -> [String] {
            house.channel(name).delivered.filter { $0.message.event.kind == .reminder }.map { String($0.at.description.prefix(16)) }
        }
        #expect(reminders("ops") == ["2026-10-26T11:00"])
        #expect(reminders("boss") == ["2026-10-26T10:00"])
    }
}

/// Tests refreshes: a message is edited when what it shows changes, and no further message is sent.
struct RefreshTests {
    @Test func `the run's going on after a decision is shown in the same message`() async throws {
        let house = try await House(
            House.file(
                destinations: "ops: {\(InboxMessage.Kind.discord.keys(base: House.service(.discord)))}",
                routes: "{name: ask, when: {kind: approval}, to: [ops]}"), channels: .real)
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        let approval = await house.world.requestApproval(run: run, action: "Refund?")
        try await house.look()
        await house.deliver()
        await house.world.decide(approval, approved: true)
        try await house.look()
        await house.deliver()
        await house.world.finishRun(run, outcome: .failed)
        house.clock.advance(by: .minutes(1))
        try await house.look()
        await house.deliver()
        let message = try #require(await house.inbox.messages(kind: .discord).first)
        #expect(message.edits == 2 && message.words.contains("failed"))
        #expect(await house.inbox.count == 1)
        #expect(try await house.told(.decision).count == 1)
        house.clock.advance(by: .minutes(1))
        try await house.look()
        await house.deliver()
        #expect(await house.inbox.messages(kind: .discord).first?.edits == 2)
    }

    @Test func `a request that is sent late is looked at first, and tells what is true`() async throws {
        let house = try await House(House.file(routes: "{name: ask, when: {kind: approval}, to: [ops]}"))
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        let approval = await house.world.requestApproval(run: run, action: "Refund?")
        try await house.look()
        // The lane could not send for a while, and there was no look since.
        await house.world.decide(approval, approved: true, by: "ann")
        house.clock.advance(by: .minutes(3))
        // The clock must stand still here: if it moved, the look would time out before it is made.
        try await house.lane().drain()
        #expect(house.channel().delivered.map(\.message.title) == ["Approval approved: Refunds"])
    }
}
