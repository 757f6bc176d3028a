import Dedup
import Policy
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// A name in the configuration never collides with a word that the relay uses internally.
struct NamesTests {
    private static let words = ["update", "fallback", "health_to", "catch-up", "quiet", "storm", "mute", "ceiling", "digest"]
    private static let night = Timestamp.at("2026-11-24T23:00:00Z")

    /// A relay with a route of the given name for finished runs, which has quiet hours at night, and with other routes.
    private func house(
        _ route: String, account: String = "", ops: String = "", routes: String = "{name: all, when: {kind: notification}, to: [ops]}",
        rest: String = ""
    ) async throws -> House {
        let house = try await House(
            House.file(
                account: account, destinations: "ops: {type: console\(ops)}, mail: {type: console}",
                routes: "\(routes), {name: \(route), when: {kind: run}, to: [ops], quiet: {from: \"20:00\", to: \"07:00\"}}", rest: rest))
        house.clock.advance(by: house.clock.now.duration(to: Self.night))
        return house
    }

    private func report(_ house: House) -> Event {
        let id = EventID.relay("down", about: "ops", beganAt: house.clock.now)
        return Event(
            id: id, account: nil, kind: .relay, subject: id, priority: .high, occurredAt: house.clock.now, seenAt: house.clock.now,
            payload: Payload(detail: .relay(RelayDetail(topic: "down", about: "ops", detail: "it is down"))))
    }

    @Test(arguments: words)
    func `a digest closes by its own schedule and arrives, whatever its name`(name: String) async throws {
        let house = try await House(
            House.file(
                routes: "{name: failures, when: {kind: run}, digest: [\(name)]}",
                rest: "digests: {\(name): {at: \"08:00\", to: [ops]}}"))
        try await house.run("Stock", id: "r1")
        try await house.close(at: house.clock.now + .hours(2))
        #expect(try await house.gathered().isEmpty)
        #expect(try await house.ledger.openWindows(.digest, named: name).map(\.closesAt) == [.at("2026-11-25T08:00:00Z")])
        try await house.close(at: .at("2026-11-25T08:00:00Z"))
        await house.deliver()
        #expect(house.channel().ids == ["digest/\(name)/2026-11-25T08:00:00Z"])
        #expect(try await house.lastGathered().new.map(\.automation) == ["Stock"])
    }

    @Test(arguments: words)
    func `a route's quiet hours govern its own events, whatever its name`(name: String) async throws {
        let house = try await house(name)
        try await house.run("Stock", id: "r1")
        #expect(try await house.ledger.openWindows(.quiet).map(\.closesAt) == [.at("2026-11-25T07:00:00Z")])
        try await house.notify("one")
        #expect(try await house.told() == [House.id("one")])
    }

    @Test func `a route named update does not hold updates and decisions of approvals`() async throws {
        let house = try await house("update", routes: "{name: requests, when: {kind: approval}, to: [ops]}")
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        let approval = await house.world.requestApproval(run: run, action: "Refund")
        try await house.look()
        await house.deliver()
        house.clock.advance(by: .minutes(1))
        await house.world.decide(approval, approved: true)
        try await house.look()
        let delivery = try #require(
            try await house.ledger.history(EventID.approval(approval, version: 2, account: "live")).deliveries.first)
        #expect(delivery.route == .builtIn(.update) && delivery.heldFor == nil && delivery.dueAt == house.clock.now)
    }

    @Test func `a route named fallback does not hold what a fallback gets`() async throws {
        let house = try await house("fallback")
        let report = report(house)
        try await house.relay.admitter.admit([Sighting(report, also: "mail")])
        #expect(try await house.ledger.history(report.id).deliveries.map(\.route) == [.builtIn(.fallback)])
    }

    @Test func `a route named health_to does not hold reports of the relay`() async throws {
        let house = try await house("health_to", rest: "health_to: [mail]")
        let report = report(house)
        try await house.relay.admitter.admit([Sighting(report)])
        #expect(try await house.ledger.history(report.id).deliveries.map(\.route) == [.builtIn(.healthTo)])
    }

    @Test(arguments: ["quiet", "mute", "storm", "catch-up"])
    func `a route named like a bundle does not hold the bundle`(name: String) async throws {
        let ops = ["quiet": ", quiet: {from: \"22:00\", to: \"23:30\"}", "storm": ", ceiling: {most: 1, within: 5m}"]
        let house = try await house(name, account: "catch_up: 1h", ops: ops[name] ?? "")
        if name == "mute" { try await house.ledger.mute("Invoices", until: Self.night + .minutes(30)) }
        for number in 1...2 { try await house.notify("number \(number)", ago: name == "catch-up" ? .hours(2) : .zero) }
        try await house.close(at: Self.night + .minutes(30))
        let bundle = try #require(try await house.events(.digest).first)
        #expect(bundle.id.hasPrefix("bundle/\(name)/ops/"))
        let delivery = try #require(try await house.ledger.history(bundle.id).deliveries.first)
        #expect(delivery.route.description == name && delivery.heldFor == nil && delivery.dueAt == house.clock.now)
    }

    @Test func `windows are shown with the words that programs know`() async throws {
        let house = try await House()
        let start = house.clock.now
        let joins = WindowKind.allCases.map { kind in
            WindowJoin(kind: kind, name: "x", destination: "ops", opensAt: start, closesAt: start + .minutes(1))
        }
        _ = try await house.ledger.admit([Admission(event: report(house), windows: joins)])
        let shown = try await house.ledger.openWindows().map(\.window.shown)
        #expect(shown.map(\.kind) == ["digest", "quiet", "quiet", "quiet", "storm", "storm"])
        #expect(shown.map(\.name) == ["x", "quiet", "mute/x", "catch-up", "x", "ceiling"])
    }

    @Test(arguments: words)
    func `routes and digests may have any name`(name: String) {
        let reading = Reading(
            Reading.small + "\n  - {name: \(name), to: [ops], digest: [\(name)]}\ndigests: {\(name): {at: \"08:00\", to: [ops]}}")
        #expect(reading.lines.isEmpty)
    }

    @Test(arguments: ["digest", "bundle", "relay"])
    func `an account neither has nor had the first word of the relay's own ids`(name: String) {
        let reserved = "'\(name)' cannot be the name of an account: it means something else; expected another name"
        let now = Reading("accounts: {\(name): {api_key: \"${KEY}\"}}\ndestinations: {s: {type: console}}\nroutes: [{name: all, to: [s]}]")
        #expect(now.lines == ["relay.yaml:1:12: \(reserved)"])
        let before = Reading(
            "accounts:\n  live: {api_key: \"${KEY}\", was: \(name)}\ndestinations: {s: {type: console}}\nroutes: [{name: all, to: [s]}]")
        #expect(before.lines == ["relay.yaml:2:34: \(reserved)"])
    }
}
