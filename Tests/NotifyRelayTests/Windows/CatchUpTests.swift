import Dedup
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// After an outage, events that are older than `catch_up` are sent together in one late bundle (design §4).
struct CatchUpTests {
    private static let file = House.file(
        account: "catch_up: 1h", destinations: "ops: {type: console}, mail: {type: console}",
        routes: "{name: all, when: {kind: [notification, approval]}, to: [ops]}, {name: loud, when: {priority: high..}, to: [mail]}")

    /// A relay that looked and was then down while `count` notifications were made.
    private func house(_ count: Int, priority: String = "normal", away: Duration = .hours(2)) async throws -> (House, run: String) {
        let house = try await House(Self.file)
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Invoices"))
        try await house.look()
        for number in 0..<count {
            house.clock.advance(by: .seconds(1))
            await house.world.notify(run: run, priority: priority, message: "number \(number)")
        }
        house.clock.advance(by: away)
        return (house, run)
    }

    private func close(_ house: House, looksGoOn: Bool = false) async throws {
        try await house.relay.closer.closeDue(unless: { looksGoOn })
    }

    private func bundles(_ house: House) async throws -> [DigestDetail] {
        try await house.events(.digest).compactMap { if case .digest(let detail) = $0.payload.detail { detail } else { nil } }
    }

    @Test func `what an outage left becomes one bundle for a destination`() async throws {
        let (house, run) = try await house(3)
        let fresh = await house.world.notify(run: run, message: "now")
        try await house.look()
        #expect(try await house.told(.notification) == ["live/notification/\(fresh)"])
        house.clock.advance(by: .minutes(1))
        try await close(house)
        #expect(try await house.told(.digest).count == 1)
        let bundle = try #require(try await bundles(house).first)
        #expect(bundle.events.map(\.message) == ["number 0", "number 1", "number 2"])
        #expect(bundle.catchUp)
    }

    @Test func `each destination gets a bundle of its own`() async throws {
        let (house, _) = try await house(3, priority: "high")
        try await house.look()
        house.clock.advance(by: .minutes(1))
        try await close(house)
        let ids = try await house.told(.digest)
        #expect(
            ids.map { $0.split(separator: "/").prefix(3).joined(separator: "/") }.sorted() == [
                "bundle/catch-up/mail", "bundle/catch-up/ops",
            ])
        for id in ids { #expect(try await house.deliveries(of: id).count == 1) }
    }

    @Test func `an approval is told singly, however old it is`() async throws {
        let (house, run) = try await house(1)
        let approval = await house.world.requestApproval(run: run, action: "Send")
        house.clock.advance(by: .days(2))
        try await house.look()
        #expect(try await house.deliveries(of: "live/approval/\(approval)/v1").sorted() == ["mail owed", "ops owed"])
    }

    @Test func `what is younger than catch_up is told singly`() async throws {
        let (house, _) = try await house(3, away: .minutes(59))
        try await house.look()
        #expect(try await house.told(.notification).count == 3)
        #expect(try await house.ledger.openWindows(.catchUp).isEmpty)
    }

    @Test func `a bundle stays open for a minute at least`() async throws {
        let (house, _) = try await house(1)
        try await house.look()
        try await close(house)
        #expect(try await house.told(.digest) == [])
        house.clock.advance(by: .seconds(60))
        try await close(house)
        #expect(try await house.told(.digest).count == 1)
    }

    @Test func `a bundle waits for the looks to end, and for ten minutes at most`() async throws {
        let (house, _) = try await house(1)
        try await house.look()
        house.clock.advance(by: .minutes(9))
        try await close(house, looksGoOn: true)
        #expect(try await house.told(.digest) == [])
        house.clock.advance(by: .minutes(1))
        try await close(house, looksGoOn: true)
        #expect(try await house.told(.digest).count == 1)
    }

    @Test func `a bundle that is closed says the same for ever, and what comes later is another`() async throws {
        let (house, run) = try await house(1)
        try await house.look()
        house.clock.advance(by: .minutes(1))
        try await close(house)
        await house.world.notify(run: run, message: "later")
        house.clock.advance(by: .hours(3))
        try await house.look()
        house.clock.advance(by: .minutes(1))
        try await close(house)
        #expect(try await bundles(house).map { $0.events.map(\.message) } == [["number 0"], ["later"]])
    }

    @Test func `a bundle lists a hundred and counts the rest`() async throws {
        let (house, _) = try await house(103)
        try await house.look()
        house.clock.advance(by: .minutes(1))
        try await close(house)
        let bundle = try #require(try await bundles(house).first)
        #expect(bundle.events.count == 100)
        #expect(bundle.rest == 3)
        #expect(bundle.headline == "103 events from before, told late")
    }

    @Test func `run once closes what it gathered, since nobody comes back to it`() async throws {
        let (house, _) = try await house(2)
        #expect(try await house.runOnce())
        #expect(house.channel().ids.count == 1)
        #expect(house.channel().ids.first?.hasPrefix("bundle/catch-up/ops/") == true)
    }

    @Test func `an account that has not been read yet is still catching up`() async throws {
        let (house, _) = try await house(1)
        try await house.restart(Self.file)
        #expect(try await house.poller().isCatchingUp())
        try await house.look()
        #expect(try await !house.poller().isCatchingUp())
        house.transport.misbehave(at: "/approvals", .unreachable)
        try await house.look()
        #expect(try await house.poller().isCatchingUp())
    }
}
