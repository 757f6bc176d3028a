import Dedup
import RelayCore
import RelaySupport
import RelayTesting
import RevKeen
import Sandbox
import Testing

@testable import NotifyRelay

/// Which changes make a new version of an approval, and which do not (design §4, table of event ids).
struct ApprovalVersionTests {
    /// A world with one open approval that was looked at.
    private func house() async throws -> (House, approval: String) {
        let house = try await House()
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds", risk: "high"))
        let approval = await house.world.requestApproval(run: run, action: "Refund 1", actions: ["amount": 1])
        try await house.look()
        house.clock.advance(by: .minutes(1))
        return (house, approval)
    }

    private func versions(_ house: House) async throws -> [String] {
        try await house.events(.approval, .decision).map { "\($0.id.suffix(2)) \($0.kind.rawValue)" }
    }

    private func shown(_ house: House, _ approval: String) async throws -> (ApprovalRow, ApprovalDetail) {
        let row = try #require(try await house.ledger.approval(account: "live", id: approval))
        guard case .approval(let detail) = row.payload.detail else { throw CancellationError() }
        return (row, detail)
    }

    @Test func `each change while it is open is an update, and the end is a decision`() async throws {
        let (house, approval) = try await house()
        await house.world.changeApproval(approval, action: "Refund 2", actions: ["amount": 2])
        try await house.look()
        await house.world.decide(approval, approved: true, by: "ann")
        try await house.look()
        #expect(try await versions(house) == ["v1 approval", "v2 approval", "v3 decision"])
    }

    @Test func `looking again at what did not change admits nothing`() async throws {
        let (house, _) = try await house()
        try await house.look()
        try await house.restart()
        try await house.look()
        #expect(try await versions(house) == ["v1 approval"])
    }

    @Test(arguments: [
        ("risk_profile", JSONValue.string("low")), ("automation_name", "Renamed"), ("run_status", "running"), ("trigger_source", "manual"),
        ("updated_at", "2026-12-01T00:00:00Z"), ("name", "Renamed"),
    ])
    func `what does not change the question makes no version`(member: String, value: JSONValue) async throws {
        let (house, _) = try await house()
        house.transport.misbehave { _ in .changed { $0.rewriting([member: value]) } }
        try await house.look()
        #expect(try await versions(house) == ["v1 approval"])
    }

    @Test func `the run's status is remembered for the message all the same`() async throws {
        let (house, approval) = try await house()
        house.transport.misbehave { _ in .changed { $0.rewriting(["run_status": "paused", "status": "paused"]) } }
        try await house.look()
        #expect(try await shown(house, approval).0.payload.origin.runStatus == "paused")
    }

    @Test(arguments: [
        ("action_summary", JSONValue.string("Refund 9")), ("actions_json", JSONValue.object(["amount": 9])), ("approved_by_user_id", "ann"),
        ("approved_at", "2026-11-24T09:00:30Z"), ("rejection_reason", "no"),
    ])
    func `what changes the question or its answer makes a version`(member: String, value: JSONValue) async throws {
        let (house, _) = try await house()
        house.transport.misbehave(at: "/automations", .changed { $0.rewriting([member: value]) })
        try await house.look()
        #expect(try await versions(house).count == 2)
    }

    @Test func `the order of an object's members is no change`() async throws {
        let (house, _) = try await house()
        house.transport.misbehave(at: "/automations", .changed { $0.rewriting(["actions_json": "{\"amount\" :1}"]) })
        try await house.look()
        #expect(try await versions(house) == ["v1 approval"])
    }

    @Test func `after the decision nothing more is told, but the row says the present`() async throws {
        let (house, approval) = try await house()
        await house.world.decide(approval, approved: false, reason: "too much")
        try await house.look()
        house.transport.misbehave(at: "/automations", .changed { $0.rewriting(["rejection_reason": "far too much"]) })
        try await house.look()
        #expect(try await versions(house) == ["v1 approval", "v2 decision"])
        let (_, detail) = try await shown(house, approval)
        #expect(detail.reason == "far too much")
        #expect(detail.version == 2)
    }

    @Test func `one that was never seen open is not told, neither now nor later`() async throws {
        let (house, _) = try await house()
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Payouts"))
        let quick = await house.world.requestApproval(run: run, action: "Pay")
        await house.world.decide(quick, approved: true)
        try await house.look()
        house.transport.misbehave { _ in .changed { $0.rewriting(["approved_by_user_id": "bob"]) } }
        try await house.look()
        #expect(try await house.events(.decision).contains { $0.id == "live/approval/\(quick)/v1" })
        #expect(try await house.deliveries(of: "live/approval/\(quick)/v1") == [])
    }

    @Test func `one that was first seen closed and is open later is told`() async throws {
        let (house, _) = try await house()
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Payouts"))
        let late = await house.world.requestApproval(run: run, action: "Pay")
        house.transport.misbehave { _ in .changed { $0.rewriting(["status": "expired"]) } }
        try await house.look()
        house.transport.misbehave(nil)
        try await house.look()
        #expect(try await house.event("live/approval/\(late)/v2").kind == .approval)
        #expect(try await house.deliveries(of: "live/approval/\(late)/v2") == ["ops owed"])
    }
}
