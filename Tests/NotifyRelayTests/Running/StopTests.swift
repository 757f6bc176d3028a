import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// Tests how a running relay ends (design §5, SIGTERM).
struct StopTests {
    /// Runs the body beside a relay, with a way to see whether it has ended.
    private func running(_ house: House, _ body: (@escaping @Sendable () -> Bool) async throws -> Void) async throws {
        let relay = house.relay
        let ended = Locked(false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await relay.run()
                ended.withLock { $0 = true }
            }
            defer { group.cancelAll() }
            try await body { ended.withLock { $0 } }
        }
    }

    @Test func `a stop waits for what is in flight, and begins nothing new`() async throws {
        let house = try await House()
        try await house.owe("a", "b")
        let gate = house.channel().hold()
        try await running(house) { hasEnded in
            #expect(await eventually { gate.waiting == 1 })
            await house.relay.stop()
            for _ in 0..<100 { await Task.yield() }
            #expect(!hasEnded())
            gate.open()
            await house.relay.ended()
            #expect(await eventually { hasEnded() })
        }
        #expect(house.channel().names.count == 1)
    }

    @Test func `a stop ends the looks at once, a request that hangs among them`() async throws {
        let house = try await House()
        let gate = Gate()
        house.transport.misbehave(at: "/approvals", .held(gate, .world))
        try await running(house) { hasEnded in
            #expect(await eventually { gate.waiting == 1 })
            await house.relay.stop()
            #expect(await eventually { hasEnded() })
        }
        let asked = house.transport.asks.count
        house.clock.advance(by: .minutes(10))
        #expect(house.transport.asks.count == asked)
        #expect(house.clock.sleeperCount == 0)
        #expect(try await house.said("unreachable") == [])
    }

    @Test func `what is cut off is owed again at once, and the next start delivers it`() async throws {
        let house = try await House()
        try await house.owe("a")
        let gate = house.channel().hold()
        try await running(house) { _ in
            #expect(await eventually { gate.waiting == 1 })
            await house.relay.stop()
        }
        #expect(house.channel().delivered.isEmpty)
        gate.open()
        try await house.restart()
        await house.deliver()
        #expect(house.channel().names == ["a"])
        #expect(Set(house.channel().attempts.map(\.message.idempotencyKey)).count == 1)
    }

    @Test func `from a look to a message, running as the daemon does`() async throws {
        let house = try await House()
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        let approval = await house.world.requestApproval(run: run, action: "Refund")
        try await house.running {
            #expect(await eventually { house.channel().ids == ["live/approval/\(approval)/v1"] })
            await house.world.decide(approval, approved: true)
            #expect(await house.eventuallyInTime { house.channel().ids.contains("live/approval/\(approval)/v2") })
        }
    }
}
