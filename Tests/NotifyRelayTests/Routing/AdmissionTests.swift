import Dedup
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// What happens to an event between the look and the ledger.
struct AdmissionTests {
    /// A relay that looked at an empty account.
    private func house(routes: String = "{name: all, to: [ops]}", rest: String = "") async throws -> (House, run: String) {
        let house = try await House(
            House.file(destinations: "ops: {type: console}, mail: {type: console}", routes: routes, rest: rest))
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Invoices"))
        try await house.look()
        house.clock.advance(by: .minutes(1))
        return (house, run)
    }

    @Test func `an event that no route takes is kept and counts as unrouted`() async throws {
        let (house, run) = try await house(routes: "{name: runs, when: {kind: run}, to: [ops]}")
        let message = await house.world.notify(run: run, message: "hello")
        try await house.look()
        let stored = try #require(try await house.ledger.event("live/notification/\(message)"))
        #expect(stored.unrouted)
        #expect(try await house.ledger.unrouted(amongNewest: 10) == 1)
    }

    @Test func `a rule of priorities changes what is stored, routed and owed`() async throws {
        let (house, run) = try await house(
            routes: "{name: loud, when: {priority: urgent}, to: [ops]}",
            rest: "priorities: [{when: {automation: \"inv*\"}, is: urgent}]")
        let message = await house.world.notify(run: run, priority: "low", message: "hello")
        try await house.look()
        #expect(try await house.event("live/notification/\(message)").priority == .urgent)
        #expect(try await house.ledger.history("live/notification/\(message)").deliveries.map(\.priority) == [.urgent])
    }

    @Test func `a delivery keeps the options of its route, whatever the file says later`() async throws {
        let (house, run) = try await house(routes: "{name: once, to: [ops], at_most_once: true}")
        await house.world.notify(run: run, message: "hello")
        try await house.look()
        try await house.restart(House.file(destinations: "ops: {type: console}, mail: {type: console}", routes: "{name: again, to: [ops]}"))
        let claims = try await house.ledger.claim("ops", limit: 1, lease: .seconds(30))
        #expect(claims.first?.options.atMostOnce == true)
    }

    @Test func `what is known already owes nothing more, whatever the routes say now`() async throws {
        let (house, run) = try await house()
        let message = await house.world.notify(run: run, message: "hello")
        try await house.look()
        try await house.restart(
            House.file(destinations: "ops: {type: console}, mail: {type: console}", routes: "{name: all, to: [ops, mail]}"))
        house.clock.advance(by: .minutes(5))
        try await house.look()
        #expect(try await house.deliveries(of: "live/notification/\(message)") == ["ops owed"])
    }
}
