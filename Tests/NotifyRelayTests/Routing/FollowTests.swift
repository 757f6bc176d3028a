import Channels
import Dedup
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// Which destinations get the updates and decisions of an approval (design §11, the living message).
struct FollowTests {
    private static func file(_ routes: String) -> String {
        House.file(destinations: "ops: {type: console}, mail: {type: console}, audit: {type: console}", routes: routes)
    }
    private static let requests = "{name: requests, when: {kind: approval}, to: [ops]}"

    private struct Scene {
        var house: House
        var approval: String
        func id(_ version: Int) -> String { "live/approval/\(approval)/v\(version)" }

        func change(_ action: String) async throws {
            house.clock.advance(by: .minutes(1))
            await house.world.changeApproval(approval, action: action, actions: .null)
            try await house.look()
        }

        func decide() async throws {
            house.clock.advance(by: .minutes(1))
            await house.world.decide(approval, approved: true)
            try await house.look()
        }
    }

    /// A scene with an open approval that is owed to the destinations of the routes.
    private func scene(_ routes: String = requests) async throws -> Scene {
        let house = try await House(Self.file(routes))
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        let scene = Scene(house: house, approval: await house.world.requestApproval(run: run, action: "Refund 1"))
        try await house.look()
        return scene
    }

    @Test func `an update goes to who was sent the request, whatever the routes say now`() async throws {
        let scene = try await scene()
        await scene.house.deliver()
        try await scene.house.restart(Self.file("{name: moved, when: {kind: approval}, to: [mail]}"))
        try await scene.change("Refund 2")
        #expect(try await scene.house.deliveries(of: scene.id(2)) == ["ops owed"])
    }

    @Test func `an update of a request that is still owed is superseded, and the request says the present`() async throws {
        let scene = try await scene()
        try await scene.change("Refund 2")
        #expect(try await scene.house.deliveries(of: scene.id(2)) == ["ops dropped"])
        await scene.house.deliver()
        let messages = scene.house.channel().delivered
        #expect(messages.map(\.id) == [scene.id(1)])
        #expect(messages.first?.message.title.contains("Refund 2") == true || messages.first?.message.body.contains("Refund 2") == true)
        #expect(messages.first?.message.body.contains("Refund 1") == false)
    }

    @Test func `a request that was decided before it could be told is told as decided, once`() async throws {
        let scene = try await scene()
        try await scene.decide()
        await scene.house.deliver()
        let messages = scene.house.channel().delivered
        #expect(messages.map(\.id) == [scene.id(1)])
        guard case .approval(let detail) = messages.first?.message.event.payload.detail else { return }
        #expect(detail.state == .approved)
    }

    @Test func `a decision goes to who was sent the request, though no route names decisions`() async throws {
        let scene = try await scene()
        await scene.house.deliver()
        try await scene.decide()
        #expect(try await scene.house.deliveries(of: scene.id(2)) == ["ops owed"])
    }

    @Test func `a route on decisions adds destinations that were not asked`() async throws {
        let scene = try await scene(Self.requests + ", {name: done, when: {kind: decision}, to: [audit]}")
        await scene.house.deliver()
        try await scene.change("Refund 2")
        #expect(try await scene.house.deliveries(of: scene.id(2)) == ["ops owed"])
        await scene.house.deliver()
        try await scene.decide()
        #expect(try await scene.house.deliveries(of: scene.id(3)).sorted() == ["audit owed", "ops owed"])
    }

    @Test func `of several updates that are owed one says it all`() async throws {
        let scene = try await scene()
        await scene.house.deliver()
        try await scene.change("Refund 2")
        try await scene.change("Refund 3")
        try await scene.decide()
        await scene.house.deliver()
        let updates = scene.house.channel().delivered.dropFirst()
        #expect(updates.count == 1)
        guard case .approval(let detail) = updates.first?.message.event.payload.detail else { return }
        #expect(detail.action == "Refund 3")
        #expect(detail.state == .approved)
    }

    @Test func `a decision of what was never seen open goes nowhere, though a route names decisions`() async throws {
        let scene = try await scene(Self.requests + ", {name: done, when: {kind: decision}, to: [audit]}")
        let house = scene.house
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Payouts"))
        let quick = await house.world.requestApproval(run: run, action: "Pay")
        await house.world.decide(quick, approved: true)
        try await house.look()
        #expect(try await house.events(.decision).map(\.id) == ["live/approval/\(quick)/v1"])
        #expect(try await house.told(.decision) == [])
    }

    @Test func `who gave the request up hears nothing more of it`() async throws {
        let scene = try await scene()
        scene.house.channel().next(.refused)
        await scene.house.deliver()
        try await scene.decide()
        #expect(try await scene.house.deliveries(of: scene.id(1)) == ["ops dead"])
        #expect(try await scene.house.deliveries(of: scene.id(2)) == [])
    }

    @Test func `an update keeps at_most_once of its request, and mentions nobody again`() async throws {
        let scene = try await scene("{name: requests, when: {kind: approval}, to: [ops], at_most_once: true}")
        await scene.house.deliver()
        try await scene.change("Refund 2")
        let claim = try #require(try await scene.house.ledger.claim("ops", limit: 1, lease: .seconds(30)).first)
        #expect(claim.event.id == scene.id(2))
        #expect(claim.options == DeliveryOptions(atMostOnce: true, mention: nil))
    }

    @Test func `while its request is under way, an update waits for it`() async throws {
        let scene = try await scene()
        let claim = try #require(try await scene.house.ledger.claim("ops", limit: 1, lease: .seconds(600)).first)
        try await scene.change("Refund 2")
        #expect(try await scene.house.deliveries(of: scene.id(2)) == ["ops owed"])
        #expect(try await scene.house.ledger.claim("ops", limit: 1, lease: .seconds(30)).isEmpty)
        #expect(try await scene.house.ledger.settle(claim, as: .delivered(Receipt()), attempt: nil))
        #expect(try await scene.house.ledger.claim("ops", limit: 1, lease: .seconds(30)).map(\.event.id) == [scene.id(2)])
    }
}
