import Foundation
import RelayCore
import RelaySupport
import Sandbox
import Testing

@testable import Dedup
@testable import NotifyRelay

/// `approvals`: decides from the command line, against the stand-in RevKeen.
struct ApprovalsCommandTests {
    private let me = LocalUser()

    /// Runs the body with a store that holds one open approval.
    private func prepared(_ body: (Stage, String) async throws -> Void) async throws {
        try await Stage.with { stage in
            let approval = await stage.ask("Refund batch 17")
            try await stage.once()
            try await body(stage, approval)
        }
    }

    @Test func `list shows what waits, in the promised shape`() async throws {
        try await prepared { stage, approval in
            let list = try await stage.relay("approvals", "list", "--json")
            #expect(list.status == 0)
            let rows = try #require(try list.json.array)
            #expect(rows.count == 1)
            #expect(rows[0].keys == ["account", "id", "event", "state", "action", "automation", "run_id", "created_at", "version"])
            #expect(rows[0]["account"] == "a" && rows[0]["state"] == "open" && rows[0]["version"] == 1)
            #expect(rows[0]["id"]?.string == approval && rows[0]["event"]?.string == "a/approval/\(approval)/v1")
            #expect(rows[0]["action"] == "Refund batch 17" && rows[0]["automation"] == "Nightly invoices")
            let text = try await stage.relay("approvals", "list")
            #expect(text.lines.contains { $0.hasPrefix(approval) && $0.hasSuffix("Refund batch 17") }, "\(text.out)")
        }
    }

    @Test func `approve decides it once, under a key, and tells the audit who it was`() async throws {
        try await prepared { stage, approval in
            let approve = try await stage.relay("approvals", "approve", approval)
            #expect(approve.status == 0 && approve.out == "approved by \(me.name)\n", "\(approve.all)")
            let decisions = await stage.world.decisions
            #expect(decisions.count == 1)
            #expect(decisions.first?.approval == approval && decisions.first?.choice == .approve && decisions.first?.key?.isEmpty == false)
            let log = try #require(try await stage.relay("approvals", "log", "--json").json.array)
            #expect(log.count == 1)
            #expect(log[0].keys == ["at", "account", "approval", "round", "verdict", "actor", "via", "reason", "state", "status"])
            #expect(log[0]["verdict"] == "approve" && log[0]["actor"]?.string == me.name)
            #expect(log[0]["via"]?.string == "command line from uid \(me.uid)")
            #expect(log[0]["state"] == "taken" && log[0]["status"] == 200 && log[0]["reason"] == nil && log[0]["round"] == 1)
        }
    }

    @Test func `reject carries its reason to RevKeen`() async throws {
        try await prepared { stage, approval in
            let reject = try await stage.relay("approvals", "reject", "a/approval/\(approval)/v1", "--reason", "The amount is wrong")
            #expect(reject.status == 0, "\(reject.all)")
            #expect(await stage.world.decisions.first?.reason == "The amount is wrong")
            #expect(try await stage.relay("approvals", "log").out.contains("The amount is wrong"))
        }
    }

    @Test func `said twice it is so already, and RevKeen is not asked again`() async throws {
        try await prepared { stage, approval in
            let first = try await stage.relay("approvals", "approve", approval)
            let second = try await stage.relay("approvals", "approve", approval)
            #expect(first.status == 0 && second.status == 0)
            #expect(await stage.world.requestLog.counts["automations_approve"] == 1)
        }
    }

    @Test func `the contrary of what was said first is 1, and names who was first`() async throws {
        try await prepared { stage, approval in
            #expect(try await stage.relay("approvals", "approve", approval).status == 0)
            let reject = try await stage.relay("approvals", "reject", approval)
            #expect(reject.status == 1 && reject.out == "approved by \(me.name); your rejection does not count\n", "\(reject.all)")
            #expect(await stage.world.decisions.count == 1)
        }
    }

    @Test(arguments: [(true, 0), (false, 1)]) func `decided in the dashboard meanwhile, it says what is true`(asWanted: Bool, status: Int32)
        async throws
    {
        try await prepared { stage, approval in
            await stage.world.decide(approval, approved: asWanted)
            let approve = try await stage.relay("approvals", "approve", approval)
            #expect(approve.status == status)
            #expect(approve.out.contains(asWanted ? "it is approved" : "it is rejected"), "\(approve.all)")
            #expect(await stage.world.decisions.isEmpty)
            #expect(try await stage.relay("approvals", "log", "--json").json.array?.first?["state"] == "lost")
        }
    }

    @Test func `a key that may only read is 77, and leaves the approval free`() async throws {
        try await prepared { stage, approval in
            await stage.world.arrange { $0.keyScope = .readOnly }
            let approve = try await stage.relay("approvals", "approve", approval)
            #expect(approve.status == 77)
            #expect(approve.out.contains("automations:write"), "\(approve.all)")
            await stage.world.arrange { $0.keyScope = .full }
            #expect(try await stage.relay("approvals", "approve", approval).status == 0)
            let log = try #require(try await stage.relay("approvals", "log", "--json").json.array)
            #expect(Set(log.compactMap { $0["state"]?.string }) == ["refused", "taken"])
            #expect(Set(log.compactMap { $0["round"]?.int }) == [1, 2])
        }
    }

    @Test func `an approval that nobody knows is 66`() async throws {
        try await prepared { stage, approval in
            let event = await stage.notify()
            try await stage.once()
            for id in ["0", "a/approval/0/v1", event] {
                #expect(try await stage.relay("approvals", "approve", id).status == 66, "\(id)")
            }
            #expect(await stage.world.decisions.isEmpty)
        }
    }

    @Test func `a decision that RevKeen took and the store cannot record is 74, says so, and is kept`() async throws {
        try await prepared { stage, approval in
            let ledger = try Ledger.open(.file(stage.store), as: .beside, clock: SystemClock())
            try await ledger.writes.write("test") { db in
                _ = try db.run(
                    """
                    CREATE TRIGGER refused BEFORE UPDATE OF state ON answer WHEN NEW.state = 'taken'
                    BEGIN SELECT RAISE(ABORT, 'no room'); END
                    """)
            }
            let approve = try await stage.relay("approvals", "approve", approval)
            #expect(approve.status == 74, "\(approve.all)")
            #expect(
                approve.out.hasPrefix("RevKeen took it (approved by \(me.name)); this relay could not write that down yet"),
                "\(approve.all)")
            #expect(approve.err.contains("no room") && !approve.all.contains("try again"))
            #expect(try await stage.relay("approvals", "log", "--json").json.array?.first?["state"] == "asked")
            #expect(await stage.world.decisions.map(\.approval) == [approval])
            try ledger.close()
        }
    }

    @Test func `what was decided no longer waits`() async throws {
        try await prepared { stage, approval in
            #expect(try await stage.relay("approvals", "approve", approval).status == 0)
            try await stage.once()
            #expect(try await stage.relay("approvals", "list", "--json").json == [])
            #expect(try await stage.relay("approvals", "list").out == "nothing waits\n")
        }
    }
}
