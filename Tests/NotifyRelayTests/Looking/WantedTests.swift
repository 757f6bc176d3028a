import Dedup
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// Which automations are polled: those of `only` and `also`, and those that only an approval names.
struct WantedTests {
    private func asked(_ house: House, _ end: String) -> Bool { !house.transport.asks { $0.path.hasSuffix(end) }.isEmpty }

    @Test func `what only does not name is not polled, and its approvals are not told`() async throws {
        let house = try await House(House.file(account: "automations: {only: [\"invoice*\"]}"))
        let wanted = await house.world.addAutomation(name: "Invoices")
        let other = await house.world.addAutomation(name: "Refunds")
        let told = await house.world.requestApproval(run: house.world.startRun(of: wanted), action: "Send")
        _ = await house.world.requestApproval(run: house.world.startRun(of: other), action: "Refund")
        try await house.look()
        #expect(asked(house, "\(wanted)/runs"))
        #expect(!asked(house, "\(other)/runs"))
        #expect(try await house.events(.approval).map(\.id) == ["live/approval/\(told)/v1"])
    }

    @Test func `an approval whose list leaves its automation's name out is told if only wants it`() async throws {
        let house = try await House(House.file(account: "automations: {only: [\"invoice*\"]}"))
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Invoices"))
        _ = await house.world.requestApproval(run: run, action: "Send")
        house.transport.misbehave { ask in
            switch ask.path {
            case "/automations": .unreachable
            case "/automations/approvals": .changed { $0.rewriting(["automation_name": .null]) }
            default: .world
            }
        }
        try await house.look()
        #expect(try await house.events(.approval).map(\.payload.origin.automation) == ["Invoices"])
    }

    @Test func `what also names is polled, though only does not fit it and the list lacks it`() async throws {
        let clock = ManualClock()
        let probe = try await House(clock: clock)
        // The same seed makes the same id.
        let id = await probe.world.addAutomation(name: "Refunds")
        let house = try await House(House.file(account: "automations: {only: [\"invoice*\"], also: [\"\(id)\"]}"), clock: clock)
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        house.transport.misbehave { $0.path == "/automations" ? .changed { $0.keeping { _ in false } } : .world }
        try await house.look()
        house.clock.advance(by: .minutes(1))
        let message = await house.world.notify(run: run, message: "hello")
        try await house.look()
        #expect(try await house.told(.notification) == ["live/notification/\(message)"])
    }

    /// An automation that no list shows, with an open approval.
    private func hidden() async throws -> (House, automation: String, run: String) {
        let house = try await House()
        let automation = await house.world.addAutomation(name: "Refunds", risk: "high")
        let run = await house.world.startRun(of: automation)
        _ = await house.world.requestApproval(run: run, action: "Refund")
        house.transport.misbehave { $0.path == "/automations" ? .changed { $0.keeping { _ in false } } : .world }
        return (house, automation, run)
    }

    @Test func `what only an approval names is looked up and polled like the rest`() async throws {
        let (house, automation, run) = try await hidden()
        try await house.look()
        #expect(asked(house, "/automations/\(automation)"))
        house.clock.advance(by: .minutes(1))
        let other = await house.world.startRun(of: automation)
        let message = await house.world.notify(run: other, message: "hello")
        try await house.look()
        #expect(try await house.told(.notification) == ["live/notification/\(message)"])
        #expect(run != other)
    }

    @Test func `as long as its approval is open, though its run is settled, it is polled after a restart`() async throws {
        let (house, automation, run) = try await hidden()
        try await house.look()
        var watch = try #require(try await house.ledger.watch(account: "live", run: run))
        watch.settled = true
        try await house.ledger.save([watch])
        try await house.restart()
        house.clock.advance(by: .minutes(1))
        let message = await house.world.notify(run: house.world.startRun(of: automation), message: "hello")
        try await house.look()
        #expect(try await house.told(.notification) == ["live/notification/\(message)"])
    }

    @Test func `and so it is after a restart`() async throws {
        let (house, automation, _) = try await hidden()
        try await house.look()
        try await house.restart()
        house.clock.advance(by: .minutes(1))
        let message = await house.world.notify(run: house.world.startRun(of: automation), message: "hello")
        try await house.look()
        #expect(try await house.told(.notification) == ["live/notification/\(message)"])
    }
}
