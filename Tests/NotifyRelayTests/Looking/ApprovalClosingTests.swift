import RelayCore
import RelaySupport
import RelayTesting
import RevKeen
import Sandbox
import Testing

@testable import Dedup
@testable import NotifyRelay

/// How an approval ends without a decision (design §4 and §6, *closed*).
struct ApprovalClosingTests {
    private struct Scene {
        var house: House
        var run: String
        var approval: String
        var subject: String { "live/approval/\(approval)" }

        func versions() async throws -> [String] {
            try await house.events(.approval, .decision).map { "\($0.id.suffix(2)) \($0.kind.rawValue)" }
        }

        func state() async throws -> ApprovalDetail.State? {
            guard case .approval(let detail) = try await house.ledger.approval(account: "live", id: approval)?.payload.detail else {
                return nil
            }
            return detail.state
        }

        /// Removes the approval from the list from now on. A run's detail replies as given.
        func unlist(_ inDetail: WorldTransport.Reply = .world) {
            let run = run
            house.transport.misbehave { ask in
                if ask.path.hasSuffix("/approvals") { return .changed { $0.keeping { _ in false } } }
                return ask.path.hasSuffix(run) ? inDetail : .world
            }
        }

        func looks(_ count: Int = 3) async throws {
            for _ in 0..<count {
                house.clock.advance(by: .minutes(1))
                try await house.look()
            }
        }
    }

    /// A scene with one open approval whose request was admitted.
    private func scene() async throws -> Scene {
        let house = try await House()
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        let scene = Scene(house: house, run: run, approval: await house.world.requestApproval(run: run, action: "Refund"))
        try await house.look()
        return scene
    }

    @Test func `pending while its run is over: closed once, and list and detail do not take turns`() async throws {
        let scene = try await scene()
        await scene.house.world.finishRun(scene.run, outcome: .failed)
        try await scene.looks(5)
        #expect(try await scene.versions() == ["v1 approval", "v2 decision"])
        #expect(try await scene.state() == .closed)
    }

    @Test func `still closed after a restart`() async throws {
        let scene = try await scene()
        await scene.house.world.finishRun(scene.run, outcome: .failed)
        try await scene.looks()
        try await scene.house.restart()
        try await scene.looks()
        #expect(try await scene.versions() == ["v1 approval", "v2 decision"])
    }

    @Test func `pending of a run that was over before the first look is closed as well`() async throws {
        let house = try await House()
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        let scene = Scene(house: house, run: run, approval: await house.world.requestApproval(run: run, action: "Refund"))
        await house.world.finishRun(run, outcome: .failed)
        try await scene.looks()
        #expect(try await scene.versions() == ["v1 approval", "v2 decision"])
        #expect(try await scene.state() == .closed)
        #expect(try await house.told(.run) == [])
    }

    @Test func `closed as its run seemed over, and its run goes on: open again`() async throws {
        let scene = try await scene()
        let run = scene.run
        scene.house.transport.misbehave { ask in
            ask.path.hasSuffix(run) || ask.path.hasSuffix("/runs")
                ? .changed { $0.rewriting(["completed_at": "2026-11-24T09:00:30Z"]) } : .world
        }
        try await scene.looks()
        #expect(try await scene.state() == .closed)
        scene.house.transport.misbehave(nil)
        try await scene.looks()
        #expect(try await scene.versions() == ["v1 approval", "v2 decision", "v3 approval"])
    }

    @Test func `absent from the list and shown by its run's detail: still open`() async throws {
        let scene = try await scene()
        scene.unlist()
        let before = scene.house.transport.asks { $0.path.hasSuffix(scene.run) }.count
        try await scene.looks()
        #expect(scene.house.transport.asks { $0.path.hasSuffix(scene.run) }.count > before)
        #expect(try await scene.versions() == ["v1 approval"])
        #expect(try await scene.state() == .open)
    }

    @Test func `absent from the list and decided in its run's detail: the decision is told`() async throws {
        let scene = try await scene()
        scene.unlist()
        await scene.house.world.decide(scene.approval, approved: false, reason: "no")
        try await scene.looks()
        #expect(try await scene.state() == .rejected)
        #expect(try await scene.versions() == ["v1 approval", "v2 decision"])
    }

    @Test func `absent from the list and from its run's detail: closed once`() async throws {
        let scene = try await scene()
        scene.unlist(.changed { $0.rewriting(["approvals": []]) })
        try await scene.looks()
        #expect(try await scene.state() == .closed)
        #expect(try await scene.versions() == ["v1 approval", "v2 decision"])
    }

    @Test func `absent from its run's detail alone: still open`() async throws {
        let scene = try await scene()
        scene.house.transport.misbehave(at: scene.run, .changed { $0.rewriting(["approvals": []]) })
        try await scene.looks()
        #expect(try await scene.versions() == ["v1 approval"])
    }

    @Test(arguments: [404, 500, 403])
    func `an answer that shows no run closes nothing`(status: Int) async throws {
        let scene = try await scene()
        scene.unlist(.status(status, "{}"))
        try await scene.looks()
        #expect(try await scene.state() == .open)
        #expect(try await scene.versions() == ["v1 approval"])
    }

    @Test func `closed as nobody showed it, and shown again: told again`() async throws {
        let scene = try await scene()
        scene.unlist(.changed { $0.rewriting(["approvals": []]) })
        try await scene.looks()
        scene.house.transport.misbehave(nil)
        try await scene.looks()
        #expect(try await scene.versions() == ["v1 approval", "v2 decision", "v3 approval"])
        #expect(try await scene.state() == .open)
    }

    @Test func `a list that cannot be read closes nothing`() async throws {
        let scene = try await scene()
        scene.house.transport.misbehave(at: "/approvals", .status(404, "{}"))
        try await scene.looks()
        #expect(try await scene.versions() == ["v1 approval"])
    }

    @Test(arguments: ["{\"is\":\"run\",\"outcome\":\"failed\",\"run_id\":\"RUN\"}", "{\"is\":\"relay\",\"run_id\":\"RUN\"}"])
    func `an approval whose stored payload is of another kind is closed like any other`(payload: String) async throws {
        let scene = try await scene()
        try await scene.house.setPayload(payload.replacing("RUN", with: scene.run), ofApproval: scene.approval)
        await scene.house.world.finishRun(scene.run, outcome: .failed)
        scene.unlist(.changed { $0.rewriting(["approvals": .array([])]) })
        try await scene.looks(5)
        #expect(try await scene.versions().last == "v2 decision")
    }
}

extension House {
    /// Overwrites the stored payload of an approval.
    fileprivate func setPayload(_ text: String, ofApproval id: String) async throws {
        try await ledger.writes.write("test") { db in
            _ = try db.run("UPDATE approval SET payload = ? WHERE id = ?", text, id)
        }
    }
}
