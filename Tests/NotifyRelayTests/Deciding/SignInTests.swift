import Dedup
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// With sign-in, the reader of every link is known, and decides as themselves.
struct SignInTests {
    private static let signIn = """
        server: {public_listen: "127.0.0.1:0", public_url: "https://relay.example", sign_in: {session: 8h, \
        oidc: {issuer: "\(WorldTransport.issuer)", client_id: relay}, header: {name: X-Forwarded-Email, from: ["10.0.0.0/8"]}}}
        """

    private struct Scene {
        let deciding: DecidingScene
        let site: PublicSite
        var house: House { deciding.house }

        init(route: String = "approvers: [ann, bob]") async throws {
            deciding = try await DecidingScene(route: route, server: SignInTests.signIn)
            site = await deciding.house.site()
        }

        /// Goes through the issuer as a browser does.
        func signIn(_ email: String, _ browser: Browser, to path: String) async throws {
            await house.transport.issuer.signIn(as: email)
            let away = await browser.open("/sign-in?to=\(path.percentEncoded)")
            await browser.open(try await back(from: away))
        }

        /// The path at which the issuer sends the browser back.
        func back(from away: PublicResponse) async throws -> String {
            let address = try #require(away.header("location"))
            #expect(away.status == 303 && address.hasPrefix(WorldTransport.issuer + "/authorize?"))
            let answer = await house.transport.issuer.answer(
                WebRequest("GET", String(address.dropFirst(WorldTransport.issuer.count))), at: WorldTransport.issuer)
            let back = try #require(answer.header("Location"))
            #expect(back.hasPrefix("https://relay.example/sign-in/done?"))
            return String(back.dropFirst("https://relay.example".count))
        }
    }

    @Test func `the link of a room is read by everybody, and decided by who signs in`() async throws {
        let scene = try await Scene(), browser = Browser(scene.site)
        let link = "/a/" + (try scene.deciding.token())
        let page = await browser.open(link)
        #expect(page.status == 200 && page.html.contains("Refund 12 EUR?") && page.html.contains("href=\"/sign-in?to=/a/"))
        #expect(!page.html.contains("name=\"verdict\""))
        try await scene.signIn("ann@example.com", browser, to: link)
        #expect(browser.path == link && browser.page.html.contains("You decide as <strong>ann</strong>"))
        let done = await browser.post(["verdict": "approve"])
        #expect(done.html.contains("Approved by ann"))
        #expect(try await scene.deciding.audit() == ["ann desk (ops) approve taken"])
        #expect(await scene.deciding.decisions.map(\.choice) == [.approve])
    }

    @Test func `somebody without the right reads only, and a stranger is told so`() async throws {
        let scene = try await Scene(), link = "/a/" + (try scene.deciding.token())
        let eve = Browser(scene.site)
        try await scene.signIn("eve@example.com", eve, to: link)
        #expect(eve.page.html.contains("this is for ann, bob to decide") || eve.page.html.contains("This is for ann, bob to decide"))
        #expect(await eve.post(["verdict": "approve"], csrf: "x").status == 403)
        let stranger = Browser(scene.site)
        try await scene.signIn("mallory@example.com", stranger, to: link)
        #expect(stranger.page.status == 403 && stranger.page.html.contains("mallory@example.com"))
        #expect(stranger.cookies.isEmpty)
        #expect(await scene.deciding.decisions.isEmpty)
    }

    @Test func `where anybody may decide, people sign in first, and a personal link needs no sign-in`() async throws {
        let scene = try await Scene(route: ""), browser = Browser(scene.site)
        let page = await browser.open("/a/" + (try scene.deciding.token()))
        #expect(page.html.contains("href=\"/sign-in?to=") && !page.html.contains("name=\"verdict\""))
    }

    @Test func `a session ends when it is not used, after its length, by signing out, and when its person leaves`() async throws {
        let scene = try await Scene(), clock = scene.house.clock, link = "/a/" + (try scene.deciding.token())
        func isKnown(_ browser: Browser) async -> Bool { await browser.open(link).html.contains("as <strong>ann</strong>") }
        let idle = Browser(scene.site)
        try await scene.signIn("ann@example.com", idle, to: link)
        clock.advance(by: .minutes(119))
        #expect(await isKnown(idle))
        clock.advance(by: .minutes(121))
        #expect(await !isKnown(idle))

        let busy = Browser(scene.site)
        try await scene.signIn("ann@example.com", busy, to: link)
        for _ in 0..<7 {
            clock.advance(by: .minutes(60))
            #expect(await isKnown(busy))
        }
        clock.advance(by: .minutes(61))
        #expect(await !isKnown(busy))

        let out = Browser(scene.site)
        try await scene.signIn("ann@example.com", out, to: link)
        let stolen = out.cookies
        #expect(await isKnown(out))
        let door = try #require(scene.site.door)
        let nonce = try #require(out.cookies["notify_relay_form"])
        let gone = await out.post([:], to: "/sign-out", csrf: door.forms.mark(of: SignInDoor.signOutForm, nonce))
        #expect(gone.status == 200 && gone.html.contains("Signed out"))
        #expect(await !isKnown(out))
        let thief = Browser(scene.site)
        thief.take(stolen)
        #expect(await !isKnown(thief), "a session that was ended stays ended")

        let left = Browser(scene.site)
        try await scene.signIn("bob@example.com", left, to: link)
        #expect(left.page.html.contains("as <strong>bob</strong>"))
    }

    @Test func `a person who leaves the file is nobody at once`() async throws {
        let scene = try await Scene(), link = "/a/" + (try scene.deciding.token()), browser = Browser(scene.site)
        try await scene.signIn("ann@example.com", browser, to: link)
        #expect(browser.page.html.contains("as <strong>ann</strong>"))
        let people = "people: {bob: {email: bob@example.com}}"
        let yaml = House.file(
            destinations: "ops: {type: webhook, url: \"https://inbox.example/hooks/web/ops\"}",
            routes: "{name: all, to: [ops], approvers: [bob]}", rest: people + "\n" + Self.signIn)
        try await scene.house.restart(yaml)
        let later = Browser(await scene.house.site())
        later.take(browser.cookies)
        let page = await later.open(link)
        #expect(page.html.contains("Refund 12 EUR?") && !page.html.contains("name=\"verdict\""))
    }

    @Test func `a way back that was not begun in this browser signs nobody in`() async throws {
        let scene = try await Scene(), attacker = Browser(scene.site), victim = Browser(scene.site)
        await scene.house.transport.issuer.signIn(as: "eve@example.com")
        let back = try await scene.back(from: await attacker.open("/sign-in?to=/"))
        #expect(await victim.open(back).status == 400)
        #expect(victim.cookies.isEmpty)
        // Once used, a code and a ticket are gone.
        #expect(await attacker.open(back).status != 400)
        let again = Browser(scene.site)
        again.take(attacker.cookies)
        #expect(await again.open(back).status == 400)
    }

    @Test func `a ticket that took too long begins anew`() async throws {
        let scene = try await Scene(), browser = Browser(scene.site)
        let away = await browser.open("/sign-in?to=/")
        scene.house.clock.advance(by: .seconds(601))
        #expect(await browser.open(try await scene.back(from: away)).status == 400)
    }

    @Test(arguments: [
        "//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/a b", "", "/\u{E9}", "/%0d%0aSet-Cookie:x",
    ])
    func `after signing in one comes back to this relay only`(target: String) async throws {
        let scene = try await Scene(), browser = Browser(scene.site)
        await scene.house.transport.issuer.signIn(as: "ann@example.com")
        let away = await browser.open("/sign-in?to=\(target.percentEncoded)")
        let done = await browser.ask("GET", try await scene.back(from: away), body: [])
        let next = try #require(done.header("location"))
        #expect(
            done.status == 303 && (next == "/" || next == target) && next.hasPrefix("/") && !next.hasPrefix("//") && !next.contains("\\"))
    }

    @Test func `a proxy's header counts from its addresses only, and once`() async throws {
        let scene = try await Scene(), link = "/a/" + (try scene.deciding.token())
        func isAnn(_ peer: String, _ headers: [(name: String, value: String)]) async -> Bool {
            let browser = Browser(scene.site, peer: peer)
            browser.headers = headers
            return await browser.open(link).html.contains("as <strong>ann</strong>")
        }
        let header = (name: "x-forwarded-email", value: "Ann@example.com")
        #expect(await isAnn("10.1.2.3", [header]))
        #expect(await !isAnn("192.0.2.7", [header]), "from anywhere else it is ignored")
        #expect(await !isAnn("10.1.2.3", [header, (name: "x-forwarded-email", value: "eve@example.com")]))
        #expect(await !isAnn("10.1.2.3", [(name: "x-forwarded-email", value: "ann@example.com, eve@example.com")]))
        #expect(await !isAnn("192.0.2.7", [header, (name: "x-forwarded-for", value: "10.1.2.3")]))
    }

    @Test func `who is named by a proxy meanwhile comes to the page that they wanted`() async throws {
        let scene = try await Scene(), browser = Browser(scene.site, peer: "10.1.2.3")
        browser.headers = [("x-forwarded-email", "ann@example.com")]
        let page = await browser.ask("GET", "/sign-in?to=/approvals", body: [])
        #expect(page.status == 303 && page.header("location") == "/approvals")
    }

    @Test func `a cookie that was changed or made elsewhere is nobody's`() async throws {
        let scene = try await Scene(), link = "/a/" + (try scene.deciding.token()), browser = Browser(scene.site)
        try await scene.signIn("eve@example.com", browser, to: link)
        let name = "__Host-notify_relay", value = try #require(browser.cookies[name])
        let forged = Session(id: "1", email: "ann@example.com", at: scene.house.clock.now).signed(
            with: LinkKeys([Secret("another key of 32 bytes and more.")]))
        let text = base64URL(Array("x\nann@example.com\n1\n2".utf8))
        for cookie in [forged, value + "A", text + "." + value.split(separator: ".")[1], "", "..", String(repeating: "a", count: 5_000)] {
            let thief = Browser(scene.site)
            thief.take([name: cookie])
            #expect(await !thief.open(link).html.contains("as <strong>"))
        }
    }

    @Test func `the cookie of a session is kept from scripts and plain pages`() async throws {
        let scene = try await Scene(), browser = Browser(scene.site)
        await scene.house.transport.issuer.signIn(as: "ann@example.com")
        let away = await browser.open("/sign-in")
        let done = await browser.ask("GET", try await scene.back(from: away), body: [])
        let session = try #require(done.headers.first { $0.value.hasPrefix("__Host-notify_relay=") }).value
        for part in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] { #expect(session.contains(part)) }
        #expect(!session.contains("Domain"))
    }
}
