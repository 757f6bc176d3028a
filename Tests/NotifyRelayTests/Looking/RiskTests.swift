import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// An approval waits for its automation's risk, but not for long (design §4).
struct RiskTests {
    /// One open approval whose automation is not known yet.
    private func house() async throws -> (House, automation: String) {
        let house = try await House()
        let automation = await house.world.addAutomation(name: "Refunds", risk: "high")
        _ = await house.world.requestApproval(run: house.world.startRun(of: automation), action: "Refund")
        return (house, automation)
    }

    private func risks(_ house: House) async throws -> [String?] { try await house.events(.approval).map(\.payload.origin.risk) }

    @Test func `the risk of an automation that nothing is known of is looked up at once`() async throws {
        let (house, _) = try await house()
        try await house.poller().approvals.look()
        #expect(try await risks(house) == ["high"])
    }

    @Test func `no approval waits for its risk longer than five seconds`() async throws {
        let (house, automation) = try await house()
        let gate = Gate()
        house.transport.misbehave(at: automation, .held(gate, .world))
        let poller = try await house.poller()
        async let look = poller.approvals.look()
        #expect(await eventually { gate.waiting == 1 && house.clock.sleeperCount == 1 })
        house.clock.advance(by: .milliseconds(4_999))
        for _ in 0..<50 { await Task.yield() }
        #expect(try await risks(house) == [])
        house.clock.advance(by: .milliseconds(1))
        let isTold = try await eventually { try await !risks(house).isEmpty }
        #expect(isTold)
        gate.open()
        _ = await look
        #expect(try await risks(house) == [nil])
    }

    @Test func `one that is not found is not asked for again before the next list of automations`() async throws {
        let (house, automation) = try await house()
        house.transport.misbehave { $0.path == "/automations/\(automation)" ? .status(404, "{}") : .world }
        let poller = try await house.poller()
        func asked() -> Int { house.transport.asks { $0.path == "/automations/\(automation)" }.count }
        await poller.approvals.look()
        let run = await house.world.startRun(of: automation)
        for _ in 0..<3 {
            _ = await house.world.requestApproval(run: run, action: "Another")
            house.clock.advance(by: .seconds(10))
            await poller.approvals.look()
        }
        #expect(asked() == 1)
        _ = await house.world.requestApproval(run: run, action: "Much later")
        house.clock.advance(by: .minutes(5))
        await poller.approvals.look()
        #expect(asked() == 2)
        #expect(try await house.told(.approval).count == 5)
    }
}
