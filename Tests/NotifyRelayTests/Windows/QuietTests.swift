import Dedup
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// Quiet hours hold events and never drop them. Each test begins at 9 o'clock in the morning of a Tuesday in London.
struct QuietTests {
    private static func file(_ quiet: String = "{from: \"22:00\", to: \"07:00\", time_zone: Europe/London}", route: String = "") -> String {
        House.file(
            destinations: "ops: {type: console, quiet: \(quiet)}",
            routes: "{name: all, when: {kind: [run, notification, approval, decision]}, to: [ops]\(route)}")
    }

    private func night(_ yaml: String = file()) async throws -> House {
        let house = try await House(yaml)
        house.clock.advance(by: house.clock.now.duration(to: .at("2026-11-24T23:00:00Z")))
        return house
    }

    @Test func `what comes in the night is one message in the morning`() async throws {
        let house = try await night()
        try await house.notify("one")
        try await house.notify("two", .high)
        try await house.close(at: .at("2026-11-25T06:59:59Z"))
        #expect(try await house.told().isEmpty)
        try await house.close(at: .at("2026-11-25T07:00:00Z"))
        let bundle = try await house.lastGathered()
        #expect(bundle.headline == "2 events held in quiet hours" && bundle.events.map(\.message) == ["one", "two"])
        #expect(try await house.events(.digest).map(\.id) == ["bundle/quiet/ops/2026-11-25T07:00:00Z"])
        #expect(try await house.events(.digest).map(\.priority) == [.high])
    }

    @Test func `what is as loud as the floor is told at once`() async throws {
        let house = try await night()
        try await house.notify("alarm", .urgent)
        #expect(try await house.told() == [House.id("alarm")])
        let lower = try await night(Self.file("{from: \"22:00\", to: \"07:00\", floor: high}"))
        try await lower.notify("loud", .high)
        try await lower.notify("soft", .normal)
        #expect(try await lower.told() == [House.id("loud")])
    }

    @Test func `by day all is told at once, and on days that are not named`() async throws {
        let house = try await House(Self.file())
        try await house.notify("by day")
        #expect(try await house.told() == [House.id("by day")])
        // It is a Tuesday night, and only Fridays are quiet.
        let other = try await night(Self.file("{from: \"22:00\", to: \"07:00\", days: [fri]}"))
        try await other.notify("by night")
        #expect(try await other.told() == [House.id("by night")])
    }

    @Test(arguments: [("2026-03-28T23:00:00Z", "2026-03-29T06:00:00Z"), ("2026-10-24T22:00:00Z", "2026-10-25T07:00:00Z")])
    func `the clocks' own change does not shift its end`(moment: String, end: String) async throws {
        let house = try await House(Self.file(), clock: ManualClock(.at(moment)))
        try await house.notify("one")
        #expect(try await house.ledger.openWindows().map(\.window.closesAt) == [.at(end)])
    }

    @Test func `what was resolved meanwhile is one line`() async throws {
        let house = try await night()
        try await house.run("Stock", id: "r1")
        try await house.run("Mail", id: "r2")
        house.clock.advance(by: .minutes(1))
        try await house.run("Stock", .succeeded, id: "r3")
        try await house.close(at: .at("2026-11-25T07:00:00Z"))
        let bundle = try await house.lastGathered()
        #expect(bundle.resolved == "1 event resolved meanwhile: Stock")
        #expect(bundle.events.map(\.automation) == ["Mail", "Stock"] && bundle.events.last?.message.hasPrefix("succeeded") == true)
    }

    @Test func `what is alike is one line with its number`() async throws {
        let house = try await night()
        for number in 1...30 { try await house.run("Stock", error: "Timeout after \(number) s", id: "r\(number)") }
        try await house.close(at: .at("2026-11-25T07:00:00Z"))
        #expect(try await house.lastGathered().events.map(\.message) == ["failed: Timeout after 30 s (30 times)"])
    }

    @Test func `a request is due when the night is over, by itself, and shows the present`() async throws {
        let house = try await night()
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        let approval = await house.world.requestApproval(run: run, action: "Refund batch 1")
        try await house.look()
        let id = EventID.approval(approval, version: 1, account: "live")
        let delivery = try #require(try await house.ledger.history(id).deliveries.first)
        #expect(delivery.state == .owed && delivery.heldFor == .quiet && delivery.dueAt == .at("2026-11-25T07:00:00Z"))
        await house.deliver()
        #expect(house.channel().ids.isEmpty)
        house.clock.advance(by: house.clock.now.duration(to: delivery.dueAt))
        await house.deliver()
        #expect(house.channel().ids == [id])
    }

    @Test func `a decision waits with its request where nothing can be changed, and changes the message where it can`() async throws {
        for (type, hold) in [
            ("console", DeferReason.quiet as DeferReason?), (InboxMessage.Kind.discord.keys(base: House.service(.discord)), nil),
        ] {
            let entry = type == "console" ? "type: console" : type
            let house = try await House(
                House.file(
                    destinations: "ops: {\(entry), quiet: {from: \"22:00\", to: \"07:00\"}}",
                    routes: "{name: all, when: {kind: [approval, decision]}, to: [ops]}"), channels: .real)
            let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
            let approval = await house.world.requestApproval(run: run, action: "Refund")
            try await house.look()
            await house.deliver()
            house.clock.advance(by: house.clock.now.duration(to: .at("2026-11-24T23:00:00Z")))
            await house.world.decide(approval, approved: true)
            try await house.look()
            let id = EventID.approval(approval, version: 2, account: "live")
            #expect(try await house.ledger.history(id).deliveries.map(\.heldFor) == [hold], "\(type)")
        }
    }

    @Test func `nobody is reminded in the night`() async throws {
        let house = try await House(
            House.file(
                destinations:
                    "ops: {type: console, quiet: {from: \"22:00\", to: \"07:00\"}}, boss: {type: console, quiet: {from: \"20:00\", to: \"09:00\"}}",
                routes: "{name: all, when: {kind: approval}, to: [ops], remind: [8h], escalate: {after: 14h, to: [boss]}}"))
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        let approval = await house.world.requestApproval(run: run, action: "Refund")
        house.clock.advance(by: .hours(6))
        try await house.look()
        await house.deliver()
        house.clock.advance(by: .hours(8))
        try await house.relay.housekeeping.remind()
        let reminder = EventID.reminder(of: EventID.approvalSubject(approval, account: "live"), step: 1)
        #expect(try await house.ledger.history(reminder).deliveries.map(\.dueAt) == [.at("2026-11-25T07:00:00Z")])
        house.clock.advance(by: .hours(6))
        try await house.relay.housekeeping.remind()
        let asked = try await house.ledger.history(EventID.approval(approval, version: 1, account: "live")).deliveries
        #expect(asked.filter { $0.destination == "boss" }.map(\.dueAt) == [.at("2026-11-25T09:00:00Z")])
    }

    @Test func `a digest for the night is told when it is over`() async throws {
        let house = try await House(
            House.file(
                destinations: "ops: {type: console, quiet: {from: \"22:00\", to: \"07:00\"}}",
                routes: "{name: failures, when: {kind: run}, digest: [nightly]}",
                rest: "digests: {nightly: {at: \"23:30\", to: [ops]}}"))
        try await house.run("Stock", id: "r1")
        try await house.close(at: .at("2026-11-24T23:30:00Z"))
        let delivery = try #require(try await house.ledger.history("digest/nightly/2026-11-24T23:30:00Z").deliveries.first)
        #expect(delivery.heldFor == .quiet && delivery.dueAt == .at("2026-11-25T07:00:00Z"))
    }

    @Test func `a route's own hours go before the destination's`() async throws {
        let house = try await night(Self.file("{from: \"01:00\", to: \"02:00\"}", route: ", quiet: {from: \"22:00\", to: \"06:00\"}"))
        try await house.notify("one")
        #expect(try await house.ledger.openWindows().map(\.window.closesAt) == [.at("2026-11-25T06:00:00Z")])
    }

    @Test func `after a night without a relay the bundle is told all the same`() async throws {
        let house = try await night()
        try await house.notify("one")
        house.clock.advance(by: .days(2))
        try await house.restart(House.file(destinations: "ops: {type: console}"))
        try await house.close()
        #expect(try await house.lastGathered().events.map(\.message) == ["one"])
    }
}

/// A mute holds the events of one automation for a while.
struct MuteTests {
    private static let file = House.file(routes: "{name: all, when: {kind: [run, notification, approval]}, to: [ops]}")

    @Test func `what a muted automation says is one message when the mute ends`() async throws {
        let house = try await House(Self.file)
        let end = house.clock.now + .hours(2)
        try await house.asCommand().mute("Inv*", until: end)
        try await house.notify("held")
        try await house.notify("told", automation: "Stock")
        try await house.notify("alarm", .urgent)
        #expect(try await house.told() == [House.id("told"), House.id("alarm")])
        try await house.close(at: end)
        let bundle = try await house.lastGathered()
        #expect(bundle.headline == "1 event held while muted: Inv*" && bundle.events.map(\.message) == ["held"])
        try await house.notify("after")
        #expect(try await house.told().contains(House.id("after")))
    }

    @Test func `it ends sooner or later by hand, with all it holds`() async throws {
        let house = try await House(Self.file)
        try await house.ledger.mute("Invoices", until: house.clock.now + .hours(2))
        try await house.notify("held")
        try await house.ledger.mute("Invoices", until: house.clock.now + .hours(5))
        house.clock.advance(by: .hours(3))
        try await house.close()
        #expect(try await house.gathered().isEmpty)
        try await house.ledger.mute("Invoices", until: house.clock.now)
        try await house.close()
        #expect(try await house.lastGathered().events.map(\.message) == ["held"])
        #expect(try await house.ledger.mutes().isEmpty)
    }

    @Test func `an approval is asked for when it ends, and sooner if it is shortened`() async throws {
        let house = try await House(Self.file)
        let end = house.clock.now + .hours(2)
        try await house.ledger.mute("Refunds", until: end)
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        let id = EventID.approval(await house.world.requestApproval(run: run, action: "Refund"), version: 1, account: "live")
        try await house.look()
        #expect(try await house.ledger.history(id).deliveries.map(\.dueAt) == [end])
        try await house.ledger.mute("Refunds", until: house.clock.now + .hours(1))
        #expect(try await house.ledger.history(id).deliveries.map(\.dueAt) == [house.clock.now + .hours(1)])
    }

    @Test func `digests count on`() async throws {
        let house = try await House(
            House.file(
                routes: "{name: all, when: {kind: run}, digest: [hourly]}", rest: "digests: {hourly: {every: 1h, to: [ops]}}"))
        try await house.ledger.mute("Stock", until: house.clock.now + .hours(9))
        try await house.run("Stock", id: "r1")
        try await house.close(at: .at("2026-11-24T10:00:00Z"))
        #expect(try await house.lastGathered().new.map(\.automation) == ["Stock"])
    }
}
