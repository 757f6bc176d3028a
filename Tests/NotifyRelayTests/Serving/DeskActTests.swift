import Dedup
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// What operators do at the desk, and who may not.
struct DeskActTests {
    private struct Scene {
        let house: House
        let site: PublicSite

        init() async throws {
            let people = "people: {ann: {email: ann@example.com, operator: true}, bob: {email: bob@example.com}}"
            let server =
                "server: {public_listen: \"127.0.0.1:0\", public_url: \"https://relay.example\", sign_in: {header: {name: X-Who, from: [\"192.0.2.0/24\"]}}}"
            house = try await House(House.file(rest: people + "\n" + server))
            site = await house.site()
            try await house.look()
        }

        func browser(_ email: String = "ann@example.com") -> Browser {
            let browser = Browser(site)
            browser.headers = [("x-who", email)]
            return browser
        }

        /// A message that is dead at `ops`.
        func dead() async throws -> History.Delivery {
            house.channel().next(.refused)
            try await house.notify("lost")
            await house.deliver()
            let delivery = try await house.delivery("lost")
            #expect(delivery.state == .dead)
            return delivery
        }
    }

    @Test func `a dead message is put back, and the audit says by whom`() async throws {
        let scene = try await Scene(), dead = try await scene.dead(), ann = scene.browser()
        #expect(await ann.open("/destinations/ops").html.contains("name=\"delivery\" value=\"\(dead.id)\""))
        let done = await ann.post(["act": "retry", "delivery": String(dead.id)])
        #expect(done.status == 200 && done.html.contains("1 put back"))
        await scene.house.deliver()
        #expect(try await scene.house.delivery("lost").state == .delivered)
        let act = try #require(try await scene.house.ledger.acts(most: 9).first)
        #expect((act.actor, act.via, act.what, act.subject, act.outcome) == ("ann", "desk", "retry", "delivery \(dead.id)", "1 put back"))
        #expect(act.address == "192.0.2.7")
        #expect(await ann.open("/audit").html.contains("delivery \(dead.id)"))
    }

    @Test func `what cannot be undone is asked for twice`() async throws {
        let scene = try await Scene(), dead = try await scene.dead(), ann = scene.browser()
        await ann.open("/destinations/ops")
        let asked = await ann.post(["act": "drop", "delivery": String(dead.id)])
        #expect(asked.html.contains("Drop for good?") && asked.html.contains("This drops delivery \(dead.id) to ops."))
        #expect(asked.html.contains("href=\"/destinations/ops\">Cancel</a>"))
        #expect(await ann.post(["act": "drop"]).html.contains("This drops 0 owed and 1 dead messages to ops."))
        #expect(try await scene.house.delivery("lost").state == .dead)
        #expect(await ann.post(["act": "drop", "delivery": String(dead.id), "confirm": "yes"]).html.contains("1 dropped"))
        #expect(try await scene.house.delivery("lost").state == .dropped)
    }

    @Test(arguments: ["abc", "", "-1", "1 or 1=1"]) func `what names no delivery acts on nothing`(delivery: String) async throws {
        let scene = try await Scene()
        _ = try await scene.dead()
        let ann = scene.browser()
        await ann.open("/destinations/ops")
        #expect(await ann.post(["act": "drop", "delivery": delivery, "confirm": "yes"]).status == 400)
        #expect(try await scene.house.delivery("lost").state == .dead)
    }

    @Test func `a closed lane is opened at once`() async throws {
        let scene = try await Scene(), ann = scene.browser()
        scene.house.channel().next(.gone)
        try await scene.house.notify("first")
        await scene.house.deliver()
        #expect(try await scene.house.record()?.state == .closed)
        await ann.open("/destinations/ops")
        #expect(await ann.post(["act": "open"]).html.contains("the lane is open"))
        await scene.house.deliver()
        #expect(scene.house.channel().ids.count == 1)
    }

    @Test func `an automation is muted and heard again, what is held is released, and a sample is sent`() async throws {
        let scene = try await Scene(), ann = scene.browser()
        let sync = await scene.house.world.addAutomation(name: "Sync")
        await scene.house.world.finishRun(await scene.house.world.startRun(of: sync), outcome: .failed)
        scene.house.clock.advance(by: .minutes(5))
        try await scene.house.look()
        let page = "/automations/live/\(sync)"
        await ann.open(page)
        #expect(await ann.post(["act": "mute", "for": "8h"]).html.contains("It is muted until"))
        #expect(try await scene.house.ledger.mutes().map(\.automation) == [sync])
        #expect(await ann.open("/").html.contains("<p>Sync is muted</p>"))
        await ann.open(page)
        #expect(await ann.post(["act": "unmute"]).html.contains("heard again"))
        #expect(try await scene.house.ledger.mutes().isEmpty)
        #expect(await ann.post(["act": "mute", "for": "soon"]).status == 400)
        await ann.open("/destinations/ops")
        #expect(await ann.post(["act": "release"]).html.contains("0 windows and 0 held deliveries released"))
        await ann.open("/destinations/ops")
        #expect(await ann.post(["act": "sample"]).html.contains("a sample was sent"))
        #expect(scene.house.channel().delivered.last?.message.label == Samples.label)
        #expect(try await scene.house.ledger.acts(most: 9).map(\.what) == ["sample", "release", "unmute", "mute"])
        #expect(try await scene.house.ledger.acts(most: 9).last?.subject == "Sync, \(sync) for 8 h")
    }

    @Test func `who is no operator sees no button, and what they post does nothing`() async throws {
        let scene = try await Scene(), dead = try await scene.dead(), bob = scene.browser("bob@example.com")
        let page = await bob.open("/destinations/ops")
        #expect(page.html.contains("the dead") == false && !page.html.contains("name=\"act\""))
        let door = try #require(scene.site.door), nonce = try #require(bob.cookies["notify_relay_form"])
        let denied = await bob.post(
            ["act": "retry", "delivery": String(dead.id)], csrf: door.forms.mark(of: "/destinations/ops\nbob", nonce))
        #expect(denied.status == 403 && denied.html.contains("operator: true"))
        let ann = scene.browser()
        await ann.open("/destinations/ops")
        #expect(await ann.post(["act": "retry"], csrf: "x").status == 403)
        #expect(try await scene.house.delivery("lost").state == .dead)
        #expect(try await scene.house.ledger.acts(most: 9).isEmpty)
    }
}
