import Foundation
import RelayCore
import RelaySupport
import Sandbox
import Testing

@testable import NotifyRelay

/// `status` and `why`, for a store with one delivered, one owed and one dead delivery.
struct StatusCommandTests {
    private struct Scene {
        var told, owed, dead: String
    }

    private func prepared(_ body: (Stage, Scene) async throws -> Void) async throws {
        let yaml: (SandboxAddresses) -> String = {
            Stage.standard(
                $0, destinations: ["slow: {type: webhook, url: \"\($0.webhook("slow"))\"}"],
                routes: [
                    "{name: quiet, when: {priority: low}, to: [slow]}", "{name: all, when: {priority: normal..}, to: [hook]}",
                ])
        }
        try await Stage.with(yaml: yaml) { stage in
            let told = await stage.notify("this one arrives")
            try await stage.once()
            let dead = await stage.notify("this one is refused")
            await stage.inbox.arrange { $0.always = InboxFaults.Refusal(400) }
            try await stage.once()
            let owed = await stage.notify("this one has to wait", priority: "low")
            await stage.inbox.arrange { $0.always = InboxFaults.Refusal(500) }
            try await stage.once(69)
            try await body(stage, Scene(told: told, owed: owed, dead: dead))
        }
    }

    @Test func `with --json it is one document of the promised shape`() async throws {
        try await prepared { stage, scene in
            let status = try await stage.relay("status", "--json")
            #expect(status.status == 0)
            let json = try status.json
            #expect(json.keys == ["owed", "oldest_owed_seconds", "leader", "destinations", "feeds", "gaps", "late", "dead"])
            #expect(json["owed"] == 1)
            #expect((json["oldest_owed_seconds"]?.int).map { (0...60).contains($0) } == true)
            let destinations = try #require(json["destinations"]?.array)
            #expect(destinations.map { $0["name"] } == ["hook", "slow"])
            #expect(destinations.allSatisfy { $0.keys == ["name", "lane", "until", "owed", "dead", "oldest_owed_seconds"] })
            #expect(
                destinations[0] == ["name": "hook", "lane": "open", "until": .null, "owed": 0, "dead": 1, "oldest_owed_seconds": .null])
            #expect(destinations[1]["owed"] == 1 && destinations[1]["lane"] == "open")
            let feeds = try #require(json["feeds"]?.array)
            let keys: Set = [
                "account", "feed", "age_seconds", "saturated", "gaps", "expected_delay_seconds", "measured_p50", "measured_p95", "stretch",
            ]
            #expect(feeds.allSatisfy { $0.keys == keys && $0["saturated"] == false && $0["stretch"] == .number("1.0") })
            // The pace of approvals is 1 s here.
            #expect(feeds.first { $0["feed"] == "approvals" }?["expected_delay_seconds"] == .number("0.5"))
            let seen = feeds.first { $0["feed"] == "details" }
            #expect(seen?["measured_p50"] != nil && seen?["measured_p95"] != nil, "\(feeds)")
            #expect(feeds.allSatisfy { $0["gaps"] == 0 } && json["gaps"] == [])
            #expect(Set(feeds.compactMap { $0["feed"]?.string }) == ["approvals", "automations", "runs", "details"])
            let dead = try #require(json["dead"]?.array)
            #expect(dead.count == 1)
            #expect(dead[0].keys == ["id", "event", "destination", "reason", "since"])
            #expect(dead[0]["event"]?.string == scene.dead && dead[0]["destination"] == "hook")
            #expect(dead[0]["since"]?.string.flatMap(Timestamp.init(text:)) != nil)
        }
    }

    @Test func `for people it names what is owed and what is dead, with the numbers that other commands take`() async throws {
        try await prepared { stage, scene in
            let status = try await stage.relay("status")
            #expect(status.status == 0)
            #expect(status.lines.first == "1 owed, 1 dead")
            let owed = try #require(status.lines.first { $0.contains(scene.owed) })
            #expect(owed.contains("slow") && owed.contains("retry"), "\(owed)")
            let number = String(owed.prefix { $0.isNumber })
            #expect(try await stage.relay("why", number).out.contains(scene.owed))
            #expect(status.lines.contains { $0.contains(scene.dead) && $0.contains("400") }, "\(status.out)")
            #expect(!status.out.contains("\u{1B}"), "no colour where nobody watches")
        }
    }

    @Test func `why tells everything about one item, in the promised shape`() async throws {
        try await prepared { stage, scene in
            let why = try await stage.relay("why", "--json", scene.dead)
            #expect(why.status == 0)
            let json = try why.json
            #expect(json.keys == ["event", "routes", "windows", "deliveries"])
            #expect(json["event"]?["id"]?.string == scene.dead)
            #expect(json["windows"] == [])
            let routes = try #require(json["routes"]?.array)
            #expect(routes.map { $0["name"] } == ["quiet", "all"] && routes.map { $0["fits"] } == [false, true])
            #expect(routes[0] == ["name": "quiet", "fits": false, "because": "priority is normal, not low"])
            let deliveries = try #require(json["deliveries"]?.array)
            #expect(deliveries.count == 1)
            let delivery = deliveries[0]
            #expect(delivery.keys.isSuperset(of: ["id", "destination", "recipient", "state", "due_at", "held_for", "attempts"]))
            #expect(delivery["destination"] == "hook" && delivery["state"] == "dead" && delivery["recipient"] == "")
            let attempts = try #require(delivery["attempts"]?.array)
            #expect(attempts.count == 1)
            #expect(attempts[0].keys == ["at", "outcome", "reason", "detail", "took_ms"])
            #expect(attempts[0]["outcome"] == "refused" && attempts[0]["reason"] == "rejected")
        }
    }

    @Test func `why takes an event's id, a bare uuid and a delivery's number`() async throws {
        try await prepared { stage, scene in
            let uuid = String(scene.owed.split(separator: "/")[2])
            let number = try #require(try await stage.relay("why", "--json", scene.owed).json["deliveries"]?.array?.first?["id"]?.int)
            for id in [scene.owed, uuid, "\(number)"] {
                let why = try await stage.relay("why", id)
                #expect(why.status == 0)
                #expect(why.lines.first == scene.owed, "\(why.all)")
                #expect(why.lines.contains { $0.contains("held for retry") })
            }
        }
    }

    @Test(arguments: ["a/notification/0", "999", "497f6eca-6276-4993-bfeb-53cbbbba6f08", "%", ""])
    func `why of what nobody knows is 66`(id: String) async throws {
        try await Stage.with { stage in
            await stage.notify()
            try await stage.once()
            let why = try await stage.relay("why", "--", id)
            #expect(why.status == 66)
            #expect(why.out.isEmpty && why.err.contains("'\(id)'"), "\(why.all)")
        }
    }

    @Test func `why of a uuid tells all that happened to it, in order`() async throws {
        try await Stage.with { stage in
            let approval = await stage.ask()
            try await stage.once()
            await stage.world.decide(approval, approved: true)
            try await stage.once()
            let why = try await stage.relay("why", approval)
            let first = why.out.range(of: "\(approval)/v1"), second = why.out.range(of: "\(approval)/v2")
            #expect(why.status == 0 && first != nil && second != nil && first!.lowerBound < second!.lowerBound, "\(why.all)")
            let json = try JSONValue(parsing: Array(try await stage.relay("why", approval, "--json").out.utf8))
            #expect(json.array?.count == 2)
        }
    }

    @Test func `why of a beginning that fits two things is 66 and names them`() async throws {
        try await Stage.with { stage in
            let approval = await stage.ask()
            try await stage.once()
            await stage.world.decide(approval, approved: true)
            try await stage.once()
            let why = try await stage.relay("why", String(approval.prefix(8)))
            #expect(why.status == 66)
            #expect(why.err.contains("/v1") && why.err.contains("/v2"), "\(why.all)")
        }
    }

    @Test func `why of a run that was over before the first look says that nobody was told`() async throws {
        let yaml = { (inbox: SandboxAddresses) in
            Stage.standard(inbox).replacing("first_look: 1h", with: "first_look: 0s")
        }
        try await Stage.with(yaml: yaml) { stage in
            let run = await stage.world.startRun(of: stage.world.addAutomation(name: "Old"))
            await stage.world.finishRun(run, outcome: .succeeded)
            // RevKeen's clock, from which the account's beginning is taken, counts in whole seconds.
            try await Task.sleep(for: .seconds(2))
            try await stage.once()
            let why = try await stage.relay("why", run)
            #expect(why.status == 0 && why.out.contains("nobody was told"), "\(why.all)")
        }
    }

    @Test func `an event that no route takes is kept, and both say so`() async throws {
        try await Stage.with(yaml: { Stage.standard($0, routes: ["{name: loud, when: {priority: urgent}, to: [hook]}"]) }) { stage in
            let event = await stage.notify()
            try await stage.once()
            #expect(try await stage.relay("why", event).out.contains("unrouted: kept, told to nobody"))
            #expect(try await stage.relay("status").out.contains("1 of the newest 10000 events are unrouted"))
        }
    }
}
