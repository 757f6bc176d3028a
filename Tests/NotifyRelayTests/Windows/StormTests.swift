import Dedup
import Policy
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// Many similar events are sent as the first one and a count.
struct CollapseTests {
    private static let route = "{name: failures, when: {kind: run}, to: [ops], collapse: {by: [automation, error], within: 30m}}"

    @Test func `the first is told at once, what is alike is counted at the end`() async throws {
        let house = try await House(House.file(routes: Self.route))
        for number in 1...42 { try await house.run("Stock", error: "Timeout after \(number) s", id: "r\(number)") }
        await house.deliver()
        #expect(house.channel().delivered.map(\.message.event.payload.origin.runID) == ["r1"])
        try await house.close(at: house.clock.now + .minutes(30) - .seconds(1))
        #expect(try await house.gathered().isEmpty)
        try await house.close(at: house.clock.now + .seconds(1))
        let bundle = try await house.lastGathered()
        #expect(bundle.headline == "41 more like the one already told")
        #expect(bundle.events.map(\.message) == ["41 more like it, the last: failed: Timeout after 42 s"])
    }

    @Test func `another automation or another error is not alike, and all counts come as one`() async throws {
        let house = try await House(House.file(routes: Self.route))
        for number in 1...3 {
            try await house.run("Stock", id: "a\(number)")
            try await house.run("Mail", id: "b\(number)")
            try await house.run("Mail", error: "no route to host", id: "c\(number)")
        }
        #expect(try await house.told(.run).count == 3)
        try await house.close(at: house.clock.now + .minutes(30))
        #expect(try await house.gathered().map(\.headline) == ["6 more like those already told"])
    }

    @Test func `one alone makes no second message, and after the window the next is a first again`() async throws {
        let house = try await House(House.file(routes: Self.route))
        try await house.run("Stock", id: "r1")
        try await house.close(at: house.clock.now + .minutes(30))
        #expect(try await house.gathered().isEmpty)
        try await house.run("Stock", id: "r2")
        #expect(try await house.told(.run).count == 2)
    }

    @Test func `what comes when the window is over and not closed yet is a first`() async throws {
        let house = try await House(House.file(routes: Self.route))
        try await house.run("Stock", id: "r1")
        house.clock.advance(by: .minutes(31))
        try await house.run("Stock", id: "r2")
        #expect(try await house.told(.run).count == 2)
    }

    @Test func `where a message can be changed the count stands in the first, and none follows`() async throws {
        let house = try await House(
            House.file(destinations: "ops: {\(InboxMessage.Kind.discord.keys(base: House.service(.discord)))}", routes: Self.route),
            channels: .real)
        try await house.run("Stock", id: "r1")
        await house.deliver()
        for number in 2...300 { try await house.run("Stock", id: "r\(number)") }
        let start = await house.inbox.count
        await house.deliver()
        #expect(await house.inbox.count == start, "a storm of events is no storm of edits")
        house.clock.advance(by: .seconds(30))
        await house.deliver()
        let shown = try #require(await house.inbox.messages().last)
        #expect(String(decoding: shown.raw, as: UTF8.self).contains("299 more like it"), "\(String(decoding: shown.raw, as: UTF8.self))")
        for number in 301...310 { try await house.run("Stock", id: "r\(number)") }
        try await house.close(at: house.clock.now + .minutes(30))
        await house.deliver()
        #expect(try await house.gathered().isEmpty)
        let last = try #require(await house.inbox.messages().last)
        #expect(String(decoding: last.raw, as: UTF8.self).contains("309 more like it"), "\(String(decoding: last.raw, as: UTF8.self))")
    }

    @Test func `approvals are never collapsed`() async throws {
        let house = try await House(
            House.file(routes: "{name: all, to: [ops], collapse: {by: [automation], within: 30m}}"))
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        for number in 1...3 { await house.world.requestApproval(run: run, action: "Refund \(number)") }
        try await house.look()
        #expect(try await house.told(.approval).count == 3)
    }
}

/// A ceiling: at most `most` events within a time are sent, and the others join a window.
struct CeilingTests {
    private static let file = House.file(destinations: "ops: {type: console, ceiling: {most: 5, within: 5m}}")

    @Test func `what is too much is held, and told as one when it is quieter`() async throws {
        let house = try await House(Self.file)
        for number in 1...20 { try await house.notify("number \(number)") }
        #expect(try await house.told(.notification).count == 5)
        try await house.close(at: house.clock.now + .minutes(5))
        let bundle = try await house.lastGathered()
        #expect(bundle.headline == "15 events more than the ceiling of ops lets through")
        #expect(bundle.events.map(\.message) == ["number 20 (15 times)"])
        try await house.notify("later")
        #expect(try await house.told(.notification).count == 6)
    }

    @Test func `a digest for the same people tells what was held, and counts what was told`() async throws {
        let house = try await House(
            House.file(
                destinations: "ops: {type: console, ceiling: {most: 5, within: 5m}}", routes: "{name: all, to: [ops], digest: [morning]}",
                rest: "digests: {morning: {at: \"08:00\", to: [ops]}}"))
        for number in 1...20 { try await house.run("Stock", id: "r\(number)") }
        try await house.close(at: .at("2026-11-25T08:00:00Z"))
        let digest = try #require(try await house.gathered().first { $0.name == "morning" })
        #expect(digest.new.map(\.count) == [15] && digest.told == 5)
    }

    @Test func `while it goes on the summary waits, but not for ever`() async throws {
        let house = try await House(Self.file)
        let start = house.clock.now
        var first: Timestamp?
        for turn in 1...80 {
            for number in 1...6 { try await house.notify("number \(turn).\(number)") }
            house.clock.advance(by: .seconds(30))
            try await house.close()
            if first == nil, try await !house.gathered().isEmpty { first = house.clock.now }
        }
        #expect(start.duration(to: try #require(first)) == .minutes(30))
        #expect(try await house.told(.notification).count == 5)
        #expect(try await house.gathered().count == 1)
        try await house.close(at: house.clock.now + .minutes(6))
        #expect(try await house.gathered().map(\.headline).map { $0.prefix { $0 != " " } } == ["355", "120"])
    }

    @Test func `approvals count, and are never held`() async throws {
        let house = try await House(Self.file)
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        for number in 1...7 { await house.world.requestApproval(run: run, action: "Refund \(number)") }
        try await house.look()
        #expect(try await house.told(.approval).count == 7)
        try await house.notify("one")
        #expect(try await house.told(.notification).isEmpty)
    }

    @Test func `a restart forgets neither what came nor what is held`() async throws {
        let house = try await House(Self.file)
        for number in 1...7 { try await house.notify("number \(number)") }
        try await house.restart(Self.file)
        try await house.notify("number 8")
        #expect(try await house.told(.notification).count == 5)
        try await house.close(at: house.clock.now + .minutes(5))
        #expect(try await house.lastGathered().headline.hasPrefix("3 events"))
    }

    @Test func `what is known already counts once`() async throws {
        let house = try await House(Self.file)
        let event = try await house.notify("one")
        for _ in 1...9 { try await house.relay.admitter.admit([Sighting(event)]) }
        try await house.notify("two")
        #expect(try await house.told(.notification).count == 2)
    }
}
