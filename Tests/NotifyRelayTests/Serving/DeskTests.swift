import Dedup
import Pages
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// The desk: what it shows to whom, and how it decides.
struct DeskTests {
    private static let server = """
        server: {public_listen: "127.0.0.1:0", public_url: "https://relay.example", sign_in: {header: {name: X-Who, from: ["192.0.2.0/24"]}}}
        """

    struct Scene {
        let house: House
        let site: PublicSite

        init(routes: String = "{name: all, to: [ops], approvers: [ann, bob]}", rest: String = "") async throws {
            let house = try await House(House.file(routes: routes, rest: DecidingScene.people + "\n" + DeskTests.server + "\n" + rest))
            self.house = house
            site = await house.site()
            try await house.look()
        }

        func browser(_ email: String? = "ann@example.com") -> Browser {
            let browser = Browser(site)
            if let email { browser.headers = [("x-who", email)] }
            return browser
        }

        func request(_ action: String, automation: String = "Refunds") async throws -> String {
            let run = await house.world.startRun(of: house.world.addAutomation(name: automation))
            let id = await house.world.requestApproval(run: run, action: action)
            try await house.look()
            await house.deliver()
            return id
        }

        func row(_ id: String) async throws -> ApprovalRow { try #require(try await house.ledger.approval(account: "live", id: id)) }
    }

    @Test func `who is not signed in is sent to sign in and back, and sees nothing`() async throws {
        let scene = try await Scene()
        _ = try await scene.request("Refund 12 EUR?")
        for path in ["/", "/approvals?state=all", "/events", "/destinations/ops"] {
            let page = await scene.browser(nil).ask("GET", path, body: [])
            #expect(page.status == 303 && page.header("location") == "/sign-in?to=\(path.percentEncoded)")
            #expect(!page.html.contains("Refund"))
        }
        #expect(await scene.browser("mallory@example.com").open("/").status == 403)
        #expect(await scene.browser(nil).post(["verdict": "approve"], to: "/approvals", csrf: "x").status == 403)
    }

    @Test func `the first page says what waits, fails, is late, is ill and is held`() async throws {
        let scene = try await Scene(rest: "expect: [{automation: \"Nightly*\", start_within: 10m}]"), house = scene.house
        #expect(await scene.browser().open("/").html.contains("Nothing waits, fails, is late or ill"))
        _ = try await scene.request("Refund 12 EUR?")
        _ = await house.world.addAutomation(name: "Nightly payout", cron: "0 10 * * *")
        let sync = await house.world.addAutomation(name: "Sync <b>")
        for _ in 0..<3 {
            await house.world.finishRun(await house.world.startRun(of: sync), outcome: .failed)
            house.clock.advance(by: .minutes(30))
            try await house.look()
        }
        try await house.ledger.mute("Usage*", until: house.clock.now + .hours(3))
        try await house.ledger.setLane(
            LaneRecord(destination: "ops", state: .closed, reason: "answered 404", since: house.clock.now, until: nil))
        let html = await scene.browser().open("/").html
        for words in [
            "1 waits, 1 fails, 1 is late, 1 is ill", "Refund 12 EUR?", "Sync &lt;b&gt;", "failed 3 x", "Nightly payout</a> has not started",
            "answered 404", "Usage* is muted", "role=\"img\" aria-label=\"3 failed runs in 14 days\"",
        ] { #expect(html.contains(words), "\(words)") }
        #expect(!html.contains("Sync <b>"))
    }

    @Test func `one is decided as who is signed in, and everybody sees who was first`() async throws {
        let scene = try await Scene(), id = try await scene.request("Refund 12 EUR?"), path = "/approvals/live/\(id)"
        let ann = scene.browser(), bob = scene.browser("bob@example.com")
        #expect(await ann.open(path).html.contains("You decide as <strong>ann</strong>"))
        await bob.open(path)
        let done = await ann.post(["verdict": "reject", "reason": "Too much"])
        #expect(done.status == 200 && done.html.contains("It was rejected by ann"))
        let late = await bob.post(["verdict": "approve"])
        #expect(late.html.contains("by ann") && late.html.contains("does not count"), "\(late.html)")
        #expect(await scene.house.world.decisions.map(\.choice) == [.reject])
        let audit = try await scene.house.ledger.audit(limit: 9).map { "\($0.actor) \($0.via) \($0.choice.rawValue) \($0.state.rawValue)" }
        #expect(audit == ["ann desk reject taken"])
        #expect(await scene.house.world.decisions.first?.reason == "Too much (ann)")
        let page = await bob.open(path).html
        #expect(page.contains("RevKeen took “reject” of ann") && page.contains("It was rejected by ann"))
    }

    @Test func `what was typed is kept when the request has changed`() async throws {
        let scene = try await Scene(), id = try await scene.request("Refund 12 EUR?"), ann = scene.browser()
        await ann.open("/approvals/live/\(id)")
        await scene.house.world.changeApproval(id, action: "Refund 13 EUR?", actions: .null)
        scene.house.clock.advance(by: .minutes(1))
        try await scene.house.look()
        let page = await ann.post(["verdict": "reject", "reason": "Too <much>"])
        #expect(page.html.contains("has changed since") || page.html.contains("It has changed since"))
        #expect(page.html.contains("Refund 13 EUR?") && page.html.contains("Too &lt;much&gt;</textarea>"))
        #expect(await scene.house.world.decisions.isEmpty)
    }

    @Test func `several are decided together, and what changed meanwhile is not`() async throws {
        let scene = try await Scene(), ann = scene.browser()
        let ids = [
            try await scene.request("Refund 1"), try await scene.request("Refund 2"), try await scene.request("Refund 3"),
        ]
        await ann.open("/")
        var picks: [String] = []
        for id in ids { picks.append(Pick(try await scene.row(id)).text) }
        for pick in picks { #expect(ann.page.html.contains("value=\"\(pick)\"")) }
        await scene.house.world.changeApproval(ids[1], action: "Refund 200", actions: .null)
        scene.house.clock.advance(by: .minutes(1))
        try await scene.house.look()
        let csrf = try #require(ann.page.html.hidden("csrf", before: "Reason, for those"))
        let body = picks.map { "pick=\($0)" }.joined(separator: "&") + "&verdict=approve&reason=&csrf=\(csrf)"
        let page = await ann.ask("POST", "/approvals", body: Array(body.utf8))
        #expect(page.html.contains("Refund 200: ") && page.html.contains("Refund 1: ") && page.html.contains("Refund 3: "))
        #expect(Set(await scene.house.world.decisions.map(\.approval)) == [ids[0], ids[2]])
        #expect(try await scene.row(ids[1]).isOpen)
    }

    @Test func `a form of another page, reader or browser is refused, and so is one without a person's right`() async throws {
        let scene = try await Scene(), id = try await scene.request("Refund 12 EUR?"), path = "/approvals/live/\(id)"
        let ann = scene.browser(), bob = scene.browser("bob@example.com"), eve = scene.browser("eve@example.com")
        await ann.open(path)
        let mark = try #require(ann.page.html.hidden("csrf", before: "Reason, if you reject"))
        bob.take(ann.cookies)
        #expect(await bob.post(["verdict": "approve"], to: path, csrf: mark).status == 403)
        #expect(await scene.browser().post(["verdict": "approve"], to: path, csrf: mark).status == 403)
        #expect(await ann.post(["verdict": "approve"], to: "/approvals", csrf: mark).status == 403)
        let page = await eve.open(path)
        #expect(page.html.contains("This is for ann, bob to decide") && !page.html.contains("name=\"verdict\""))
        let nonce = try #require(eve.cookies["notify_relay_form"])
        let door = try #require(scene.site.door)
        let denied = await eve.post(["verdict": "approve"], to: path, csrf: door.forms.mark(of: "\(path)\neve", nonce))
        #expect(denied.html.contains("is for ann, bob to decide"))
        #expect(await scene.house.world.decisions.isEmpty)
        #expect(try await scene.house.ledger.audit(limit: 9).map(\.state) == [.denied])
    }

    @Test func `where everybody may look nothing is decided`() async throws {
        let scene = try await Scene(), id = try await scene.request("Refund 12 EUR?")
        let desk = scene.house.relay.desk(door: nil)
        for path in [[], ["approvals"], ["approvals", "live", id]] {
            let page = try #require(await desk.answer(PublicRequest(method: "GET", segments: path)))
            #expect(page.status == 200 && page.html.contains("Refund 12 EUR?"))
            #expect(!page.html.contains("method=\"post\"") && page.header("set-cookie") == nil)
        }
        let post = try #require(await desk.answer(PublicRequest(method: "POST", segments: ["approvals", "live", id])))
        #expect(post.status == 405)
    }

    @Test func `every page forbids scripts that stand in it, other sites, frames and caches`() async throws {
        let scene = try await Scene(), id = try await scene.request("<img src=x onerror=alert(1)>\"'</main><script>alert(2)</script>")
        let event = try #require(try await scene.house.events(.approval).first).id
        for path in ["/", "/approvals", "/approvals/live/\(id)", "/events", "/events/\(event)", "/destinations/ops"] {
            let page = await scene.browser().open(path)
            #expect(page.status == 200, "\(path)")
            let policy = try #require(page.header("content-security-policy"))
            #expect(
                policy.contains("default-src 'none'") && policy.contains("script-src 'self'") && policy.contains("frame-ancestors 'none'"))
            #expect(!policy.contains("unsafe") && page.header("cache-control") == "no-store")
            #expect(!page.html.contains("<img") && !page.html.contains("alert(2)</script>"), "\(path)")
            #expect(page.html.ranges(of: "<script").count == 1 && page.html.contains("<script src=\"/desk.js\" defer></script>"))
            for part in page.html.split(separator: " ") where part.hasPrefix("on") { #expect(!part.contains("=\"")) }
        }
    }

    @Test func `events are found by kind, automation, state and text, a part at a time`() async throws {
        let scene = try await Scene()
        for number in 1...70 { try await scene.house.notify("note \(number)", automation: number % 2 == 0 ? "Even_" : "Odd") }
        func count(_ query: String) async -> Int { await scene.browser().open("/events?\(query)").html.ranges(of: "<li>").count }
        #expect(await count("") == 50)
        let next = try #require(await scene.browser().open("/events").html.firstMatch(of: /before=(\d+)/)?.1)
        #expect(await count("before=\(next)") == 20)
        #expect(await count("kind=notification&automation=Even_") == 35)
        #expect(await count("automation=E_en_") == 0, "what stands for any letter in SQL stands for itself")
        #expect(await count("text=note+7&kind=notification") == 2)
        #expect(await count("kind=run") == 0)
        let page = await scene.browser().open("/events?text=%22%3E%3Cb%3E")
        #expect(page.html.contains("value=\"&quot;&gt;&lt;b&gt;\""))
    }

    @Test(arguments: [("kind=runs", "There is no kind “runs”; expected notification"), ("until=2026-02-31", "“2026-02-31” is no day")])
    func `a search that cannot be made says why`(query: String, words: String) async throws {
        let scene = try await Scene()
        try await scene.house.notify("one")
        let page = await scene.browser().open("/events?\(query)").html
        #expect(page.contains(words) && !page.contains("<li>"))
    }

    @Test func `a reason that was typed for several is kept when one has changed`() async throws {
        let scene = try await Scene(), ann = scene.browser(), first = try await scene.request("Refund 1")
        _ = try await scene.request("Refund 2")
        await ann.open("/")
        let pick = Pick(try await scene.row(first)).text, csrf = try #require(ann.page.html.hidden("csrf", before: "Reason, for those"))
        await scene.house.world.changeApproval(first, action: "Refund 100", actions: .null)
        scene.house.clock.advance(by: .minutes(1))
        try await scene.house.look()
        let body = "pick=\(pick)&verdict=reject&reason=Too+much&csrf=\(csrf)"
        let page = await ann.ask("POST", "/approvals", body: Array(body.utf8))
        #expect(page.html.contains("Refund 100: it has changed since") && page.html.contains(">Too much</textarea>"))
    }

    @Test(arguments: ["-9223372036854775808", "9223372036854775807", "-1", "0", "99999999999999999999", "x", ""])
    func `a list that begins at an odd number is a list`(before: String) async throws {
        let scene = try await Scene()
        try await scene.house.notify("one")
        for path in ["/events", "/approvals"] { #expect(await scene.browser().open("\(path)?before=\(before)").status == 200) }
    }

    @Test func `an answer that is on its way is said, and cannot be ticked`() async throws {
        let scene = try await Scene(), first = try await scene.request("Refund 1")
        _ = try await scene.request("Refund 2")
        _ = try await scene.request("Refund 3")
        await scene.house.world.arrange { $0.unavailable = 503 }
        let ann = scene.browser()
        await ann.open("/approvals/live/\(first)")
        await ann.post(["verdict": "approve"])
        for path in ["/", "/approvals"] {
            let html = await ann.open(path).html
            #expect(html.contains("on its way: approve by ann") && html.ranges(of: "name=\"pick\"").count == 2, "\(path)")
        }
    }

    @Test func `who may decide none of several has nothing to tick`() async throws {
        let scene = try await Scene()
        for number in 1...3 { _ = try await scene.request("Refund \(number)") }
        for path in ["/", "/approvals"] {
            let eve = await scene.browser("eve@example.com").open(path).html
            #expect(eve.contains("Refund 2") && !eve.contains("name=\"pick\"") && !eve.contains("name=\"verdict\""), "\(path)")
            #expect(await scene.browser().open(path).html.ranges(of: "name=\"pick\"").count == 3)
        }
    }

    @Test func `a history is in the order of what the relay saw, and the audit begins with the newest`() async throws {
        let scene = try await Scene(), ann = scene.browser()
        var ids: [String] = []
        for number in 1...2 {
            ids.append(try await scene.request("Refund \(number)"))
            await ann.open("/approvals/live/\(ids.last ?? "")")
            await ann.post(["verdict": "approve"])
            // The relay sees later that RevKeen has closed it, at the very moment of the answer.
            scene.house.clock.advance(by: .seconds(30))
            try await scene.house.look()
        }
        let page = await ann.open("/approvals/live/\(ids[0])").html
        let words = ["asked", "RevKeen took “approve” of ann", "RevKeen shows it as approved"]
            .compactMap { page.firstRange(of: $0)?.lowerBound }
        #expect(words.count == 3 && words == words.sorted())
        let audit = await ann.open("/audit").html
        let rows = [ids[1], ids[0]].compactMap { audit.firstRange(of: $0)?.lowerBound }
        #expect(rows.count == 2 && rows == rows.sorted())
    }

    @Test func `who is signed out sees no more of a page that is open`() async throws {
        let scene = try await Scene()
        var request = PublicRequest(method: "GET", segments: [], headers: [("x-who", "ann@example.com")], peer: "192.0.2.7")
        request.visitor = try await #require(scene.site.door).visitor(request).visitor
        #expect(await DeskSite.mayLook(request, door: scene.site.door))
        request.headers = []
        #expect(await !DeskSite.mayLook(request, door: scene.site.door))
    }

    @Test func `an event, an automation and a destination have their pages, and what is not known has none`() async throws {
        let scene = try await Scene(), house = scene.house
        let sync = await house.world.addAutomation(name: "Sync")
        await house.world.finishRun(await house.world.startRun(of: sync), outcome: .failed)
        house.clock.advance(by: .minutes(5))
        try await house.look()
        await house.deliver()
        let run = try #require(try await house.events(.run).first)
        let event = await scene.browser().open("/events/\(run.id)")
        #expect(event.html.contains("it takes everything") && event.html.contains("<td><a href=\"/destinations/ops\">ops</a>"))
        let automation = await scene.browser().open("/automations/live/\(sync)")
        #expect(automation.html.contains("<h1>Sync</h1>") && automation.html.contains("0 runs succeeded and 1 failed in 90 days"))
        #expect(await scene.browser().open("/destinations/ops").html.contains("1 delivered"))
        for path in [
            "/events/live/run/no", "/automations/live/no", "/destinations/no", "/approvals/live/no", "/digests/no", "/live", "/desk",
        ] {
            #expect(await scene.browser().open(path).status == 404, "\(path)")
        }
    }

    @Test func `a digest shows what was sent and what comes next, in frames that can do nothing`() async throws {
        let scene = try await Scene(
            routes: "{name: all, to: [ops], approvers: [ann]}, {name: d, when: {kind: notification}, digest: [hourly]}",
            rest: "digests: {hourly: {every: 1h, to: [ops]}}")
        try await scene.house.notify("first")
        try await scene.house.close(at: scene.house.clock.now + .hours(1))
        try await scene.house.notify("second")
        let page = await scene.browser().open("/digests/hourly").html
        let frames = page.matches(of: /src="(\/digests\/hourly\/[^"]+)"/).map { String($0.1) }
        #expect(frames.count == 2 && frames.contains("/digests/hourly/next"))
        for frame in frames {
            let message = await scene.browser().open(frame)
            #expect(message.status == 200 && message.header("content-security-policy")?.contains("sandbox") == true)
        }
    }
}

extension String {
    /// The last value of a hidden field before some words.
    fileprivate func hidden(_ name: String, before words: String) -> String? {
        guard let end = firstRange(of: words)?.lowerBound else { return nil }
        let mark = "name=\"\(name)\" value=\"", head = self[..<end]
        guard let start = head.ranges(of: mark).last?.upperBound, let stop = head[start...].firstIndex(of: "\"") else { return nil }
        return String(head[start..<stop])
    }
}
