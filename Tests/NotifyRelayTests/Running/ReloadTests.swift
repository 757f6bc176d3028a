import Dedup
import Policy
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// A reload of the configuration while the relay runs (design §9, SIGHUP).
struct ReloadTests {
    /// A file whose route has this name, so that a test sees which file is in force.
    private func file(_ name: String, ops: String = "", more: String = "", to: String = "ops") -> String {
        let ops = ops == "-" ? "" : "ops: {type: console\(ops)}" + (more.isEmpty ? "" : ", ")
        return House.file(destinations: ops + more, routes: "{name: \(name), to: [\(to)]}")
    }

    /// Reloads with a file. The file is in force when this returns.
    private func adopt(_ yaml: String, _ house: House) async throws {
        let before = await house.relay.pollers[0]
        try await house.relay.adopt(try house.generation(yaml))
        #expect(await house.relay.pollers[0] !== before)
    }

    @Test func `what is in flight ends as it began, and is not sent twice`() async throws {
        let house = try await House(file("before"))
        try await house.owe("a")
        let gate = house.channel().hold()
        try await house.running {
            #expect(await eventually { gate.waiting == 1 })
            try await adopt(file("after"), house)
            gate.open()
            let arrives = try await eventually { try await house.delivery("a").state == .delivered }
            #expect(arrives)
        }
        #expect(house.channel().attempts.count == 1)
    }

    @Test func `what is in flight to a destination that leaves ends as well`() async throws {
        let house = try await House(file("before", more: "mail: {type: console}"))
        try await house.owe("a")
        let gate = house.channel().hold()
        try await house.running {
            #expect(await eventually { gate.waiting == 1 })
            try await adopt(file("after", ops: "-", more: "mail: {type: console}", to: "mail"), house)
            gate.open()
            let arrives = try await eventually { try await house.delivery("a").state == .delivered }
            #expect(arrives)
        }
        #expect(house.channel().attempts.count == 1)
    }

    @Test(arguments: [("", 1), (", width: 2", 2)])
    func `a closed lane stays closed, unless its entry has changed`(change: String, attempts: Int) async throws {
        let house = try await House(file("before"))
        try await house.owe("a")
        house.channel().next(.gone)
        try await house.lane().drain()
        try await house.running {
            try await adopt(file("after", ops: change), house)
            let isOpen = try await house.lane().health.isOpen
            #expect(isOpen == (attempts == 2))
            if isOpen { #expect(await eventually { house.channel().delivered.count == 1 }) }
        }
        #expect(house.channel().attempts.count == attempts)
    }

    @Test func `the new routes hold for what comes from now on`() async throws {
        let house = try await House(file("before", more: "mail: {type: console}"))
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Invoices"))
        try await house.look()
        house.clock.advance(by: .minutes(1))
        try await house.running {
            try await adopt(file("after", more: "mail: {type: console}", to: "mail"), house)
            let message = await house.world.notify(run: run, message: "hello")
            #expect(await house.eventuallyInTime { house.channel("mail").ids == ["live/notification/\(message)"] })
        }
        #expect(house.channel().attempts.isEmpty)
    }

    @Test func `what a destination that left still owes is kept and named, and delivered when it returns`() async throws {
        let house = try await House(file("before", more: "mail: {type: console}"))
        try await house.owe("a", to: "mail", due: .minutes(1))
        try await house.owe("b", due: .minutes(2))
        try await house.running {
            try await adopt(file("without"), house)
            #expect(await eventually { await house.relay.orphans == ["mail"] })
            // The other lane goes on, and time passes for both.
            #expect(await house.eventuallyInTime { house.channel().names == ["b"] })
            let delivery = try await house.delivery("a")
            #expect(delivery.state == .owed)
            #expect(house.channel("mail").attempts.isEmpty)
            try await adopt(file("again", more: "mail: {type: console}"), house)
            #expect(await eventually { house.channel("mail").names == ["a"] })
            #expect(await eventually { await house.relay.orphans == [] })
        }
        #expect(
            house.book.lines.contains { $0.hasPrefix("warning: destination mail is not in the configuration and is owed 1 delivery") })
    }

    @Test func `what a destination owes goes to the entry that says was`() async throws {
        let house = try await House(file("before", more: "mail: {type: console}"))
        try await house.owe("a", to: "mail", due: .days(1))
        try await house.running {
            try await adopt(file("after", more: "post: {type: console, was: mail}"), house)
            let delivery = try await house.delivery("a")
            #expect(delivery.destination == "post")
            #expect(await eventually { await house.relay.orphans == [] })
        }
    }

    @Test func `an account that says was tells nothing twice`() async throws {
        func file(_ name: String, _ was: String = "") -> String {
            """
            accounts: {\(name): {api_key: rk_live_test, base_url: "https://revkeen.example/v2"\(was)}}
            destinations: {ops: {type: console}}
            routes: [{name: \(name), to: [ops]}]
            """
        }
        let house = try await House(file("live"))
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        let approval = await house.world.requestApproval(run: run, action: "Refund")
        try await house.look()
        await house.deliver()
        try await house.running {
            try await adopt(file("main", ", was: live"), house)
            house.clock.advance(by: .minutes(1))
            try await house.look("main")
        }
        #expect(try await house.told(.approval) == ["main/approval/\(approval)/v1"])
        #expect(house.channel().delivered.count == 1)
    }

    @Test func `an account that left is no longer in metrics, readiness or troubles`() async throws {
        func file(_ name: String, _ other: String) -> String {
            """
            accounts: {live: {api_key: rk_live_test, base_url: "https://one.example/v2"}\(other)}
            destinations: {ops: {type: console}}
            routes: [{name: \(name), to: [ops]}]
            """
        }
        let house = try await House(file("two", ", other: {api_key: rk_live_other, base_url: \"https://two.example/v2\"}"))
        house.transport.misbehave { _ in .unreachable }
        try await house.look("other")
        house.transport.misbehave(nil)
        house.clock.advance(by: .minutes(2))
        try await house.look("live")
        #expect(await house.relay.status.readiness().wrong["approvals"]?.contains("other") == true)
        try await house.running {
            try await adopt(file("one", ""), house)
            #expect(await house.relay.status.readiness().isReady)
            #expect(await !house.relay.status.metricsText().contains("other"))
            #expect(await house.relay.reports.troubles.isEmpty)
        }
    }

    @Test func `where the store refuses, the old configuration stays and goes on`() async throws {
        let house = try await House(file("before", more: "mail: {type: console}"))
        try await house.owe("a", to: "mail", due: .days(1))
        try await house.breakRenaming()
        try await house.running {
            let generation = try house.generation(file("after", more: "post: {type: console, was: mail}"))
            #expect(await eventually { !house.transport.asks.isEmpty })
            await #expect(throws: LedgerError.self) { try await house.relay.adopt(generation) }
            #expect(await house.relay.generation.configuration.routes[0].name == "before")
            let asks = house.transport.asks.count
            #expect(await house.eventuallyInTime { house.transport.asks.count > asks })
            try await house.owe("b")
            await house.relay.laneRegistry.wakeAll()
            #expect(await eventually { house.channel().names == ["b"] })
        }
    }
}
