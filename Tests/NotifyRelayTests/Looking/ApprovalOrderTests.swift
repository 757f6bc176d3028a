import RelayCore
import RelaySupport
import RelayTesting
import RevKeen
import Sandbox
import Testing

@testable import NotifyRelay

/// Lists and details that are read at the same time, or whose responses arrive in another order than the requests were made.
struct ApprovalOrderTests {
    /// An approval as a look may show it.
    private func approval(_ action: String, automation: String? = nil) -> Approval {
        var approval = Approval(id: "a1")
        approval.actionSummary = action
        approval.automationID = automation
        return approval
    }

    private func told(_ house: House) async throws -> [String] {
        try await house.events(.approval).map { event in
            guard case .approval(let detail) = event.payload.detail else { return "" }
            return "\(event.id.suffix(2)) \(detail.action ?? "")"
        }
    }

    @Test func `a list and a detail at once make one version each change, and lose none`() async throws {
        let house = try await House()
        let poller = try await house.poller()
        let gate = Gate()
        house.transport.misbehave(at: "/automations/auto", .held(gate, .status(404, "{}")))
        // The list waits for its automation. Meanwhile the detail, which was requested later, arrives first.
        async let list = poller.approvalBook.see([approval("one", automation: "auto")], ApprovalLook(asked: .seconds(1), isFirst: false))
        #expect(await eventually { gate.waiting == 1 })
        async let detail = poller.approvalBook.see(
            [approval("two")], ApprovalLook(asked: .seconds(2), isFirst: false, runIsFinished: false))
        for _ in 0..<50 { await Task.yield() }
        gate.open()
        _ = try await (list, detail)
        #expect(try await told(house) == ["v1 one", "v2 two"])
    }

    @Test func `the same from a list and a detail at once is one version`() async throws {
        let house = try await House()
        let poller = try await house.poller()
        let look = ApprovalLook(asked: .zero, isFirst: false)
        async let list = poller.approvalBook.see([approval("one")], look)
        async let detail = poller.approvalBook.see([approval("one")], look)
        let new = try await [list, detail]
        #expect(new.sorted() == [0, 1])
        #expect(try await told(house) == ["v1 one"])
    }

    @Test func `an answer that was asked for earlier never overrules a later one`() async throws {
        let house = try await House()
        let poller = try await house.poller()
        try await poller.approvalBook.see([approval("new")], ApprovalLook(asked: .seconds(9), isFirst: false))
        try await poller.approvalBook.see([approval("old")], ApprovalLook(asked: .seconds(8), isFirst: false))
        #expect(try await told(house) == ["v1 new"])
    }

    @Test func `a slow list does not bring back what a detail showed decided meanwhile`() async throws {
        let house = try await House()
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        let approval = await house.world.requestApproval(run: run, action: "Refund")
        try await house.look()
        let poller = try await house.poller()
        house.clock.advance(by: .minutes(1))
        // The slow list is from before the decision.
        let stale = await house.world.answer(
            WebRequest("GET", "/automations/approvals?limit=100", headers: [("X-API-Key", "rk_live_test")]))
        let gate = Gate()
        house.transport.misbehave(at: "/approvals", .held(gate, .status(200, String(decoding: stale.body, as: UTF8.self))))
        async let slow = poller.approvals.look()
        #expect(await eventually { gate.waiting == 1 })
        house.clock.advance(by: .seconds(20))
        await house.world.decide(approval, approved: true)
        _ = try await poller.details.lookAtAll(dueBefore: house.clock.now)
        gate.open()
        _ = await slow
        #expect(try await house.events(.approval, .decision).map { "\($0.id.suffix(2)) \($0.kind)" } == ["v1 approval", "v2 decision"])
    }
}
