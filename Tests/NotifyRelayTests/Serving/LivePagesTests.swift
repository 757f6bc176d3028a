import Dedup
import Pages
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// Pages that are open in browsers and are kept up to date.
struct LivePagesTests {
    /// Open pages over a store, with a content that a test sets.
    struct Scene {
        let house: House
        let pages: LivePages
        let made = Locked(0)
        let html = Locked("one")
        let allowed = Locked(true)

        init() async throws {
            let house = try await House()
            let made = made, html = html, allowed = allowed
            self.house = house
            pages = LivePages(
                ledger: house.ledger, clock: house.clock, placeholder: "~mark~", mayLook: { _ in allowed.withLock { $0 } },
                make: { _, _ in
                    made.withLock { $0 += 1 }
                    return .shown(html.withLock { $0 })
                })
        }

        func open(mark: String? = nil, shown: String? = nil, audience: LivePages.Audience = .people(routes: [], areOperators: false))
            async throws -> Reading
        {
            let reader = LivePages.Reader(request: PublicRequest(method: "GET", segments: []), mark: mark, shown: shown)
            let key = LivePages.Key(target: "/", audience: audience)
            let (id, contents) = try #require(await pages.contents(for: reader, of: key))
            let events = Locked<[String]>([])
            let task = Task {
                for await content in contents { events.withLock { $0.append(content.event(mark: mark)) } }
                events.withLock { $0.append("end") }
            }
            return Reading(id: id, key: key, events: events, task: task)
        }
    }

    struct Reading {
        let id: Int
        let key: LivePages.Key
        let events: Locked<[String]>
        let task: Task<Void, Never>

        var got: [String] { events.withLock { $0 } }
    }

    @Test func `approvals are shown at once, whatever other pages cost`() async throws {
        let house = try await House()
        let made = Locked<[String]>([])
        let pages = LivePages(
            ledger: house.ledger, clock: house.clock, placeholder: "~mark~", mayLook: { _ in true },
            make: { request, _ in
                made.withLock { $0.append(request.target) }
                // A page takes longer than all may take in one turn.
                house.clock.advance(by: .milliseconds(40))
                return .shown("\(made.withLock { $0.count })")
            })
        for target in ["/destinations/ops", "/destinations/other", "/events", "/audit", "/", "/approvals/live/1"] {
            let reader = LivePages.Reader(request: PublicRequest(method: "GET", segments: [], target: target), mark: nil, shown: nil)
            _ = try #require(await pages.contents(for: reader, of: LivePages.Key(target: target, audience: .everybody)))
        }
        await house.world.requestApproval(run: await house.world.startRun(of: house.world.addAutomation(name: "Refunds")), action: "Refund")
        try await house.look()
        #expect(await house.eventuallyInTime { made.withLock { $0.count } >= 3 })
        #expect(Set(made.withLock { $0.prefix(2) }) == ["/", "/approvals/live/1"])
        #expect(await house.eventuallyInTime { Set(made.withLock { $0 }).count == 6 }, "the others have their turns")
    }

    private static func event(_ html: String, mark: String = "") -> String {
        "id: \(LiveContent.version(of: html))\ndata: \(JSONValue.string(html.replacing("~mark~", with: mark)).text)\n\n"
    }

    @Test func `one address has some pages kept up to date, and others still have theirs`() async throws {
        let scene = try await Scene()
        func open(_ peer: String) async -> Bool {
            let request = PublicRequest(method: "GET", segments: [], peer: peer)
            let reader = LivePages.Reader(request: request, mark: nil, shown: nil)
            return await scene.pages.contents(for: reader, of: LivePages.Key(target: "/", audience: .everybody)) != nil
        }
        for _ in 0..<LivePages.mostOfOne { #expect(await open("192.0.2.1")) }
        #expect(await !open("192.0.2.1"))
        #expect(await open("192.0.2.2"))
    }

    @Test func `a page is made once for all who look at it, and only when something changed`() async throws {
        let scene = try await Scene(), first = try await scene.open(), second = try await scene.open()
        #expect(await scene.pages.count == 2)
        #expect(await scene.house.eventuallyInTime { second.got.count == 1 && first.got.count == 1 })
        #expect(first.got == [Self.event("one")] && second.got == first.got)
        let count = scene.made.withLock { $0 }
        scene.html.withLock { $0 = "two" }
        try await scene.house.notify("news")
        #expect(await scene.house.eventuallyInTime { first.got.count == 2 && second.got.count == 2 })
        #expect(first.got.last == Self.event("two") && second.got == first.got)
        #expect(scene.made.withLock { $0 } == count + 1, "one page for two readers")
        await scene.pages.leave(first.id, first.key)
        await scene.pages.leave(second.id, second.key)
        #expect(await scene.pages.count == 0)
    }

    @Test func `each reader gets the mark of their own browser`() async throws {
        let scene = try await Scene()
        scene.html.withLock { $0 = #"<input name="csrf" value="~mark~"> ~mark~"# }
        let ann = try await scene.open(mark: "for ann"), bob = try await scene.open(mark: "for bob")
        #expect(await scene.house.eventuallyInTime { ann.got.count == 1 && bob.got.count == 1 })
        #expect(ann.got == [Self.event(scene.html.withLock { $0 }, mark: "for ann")])
        #expect(bob.got == [Self.event(scene.html.withLock { $0 }, mark: "for bob")])
        #expect(scene.made.withLock { $0 } == 1)
    }

    @Test func `a browser that shows it already gets nothing, also when it connects again`() async throws {
        let scene = try await Scene(), ann = try await scene.open(shown: LiveContent.version(of: "one"))
        let bob = try await scene.open()
        #expect(await scene.house.eventuallyInTime { bob.got.count == 1 })
        let again = try await scene.open(shown: LiveContent.version(of: "one")), late = try await scene.open(shown: "old")
        #expect(await scene.house.eventuallyInTime { late.got.count == 1 })
        #expect(late.got == [Self.event("one")] && ann.got.isEmpty && again.got.isEmpty)
    }

    @Test func `who may not look any more is cut off within seconds`() async throws {
        let scene = try await Scene(), ann = try await scene.open()
        scene.allowed.withLock { $0 = false }
        #expect(await scene.house.eventuallyInTime { ann.got.last == "end" })
        #expect(ann.got.last == "end")
        #expect(await scene.pages.count == 0)
    }

    @Test func `operators, others and everybody have pages of their own`() async throws {
        let scene = try await Scene(), ann = try await scene.open(audience: .people(routes: [], areOperators: true)),
            bob = try await scene.open()
        #expect(await scene.house.eventuallyInTime { ann.got.count == 1 && bob.got.count == 1 })
        #expect(scene.made.withLock { $0 } == 2)
    }

    @Test(arguments: [
        (#"<small class="age">(3 s ago)</small>"#, #"<small class="age">(4 s ago)</small>"#, true),
        (#"<textarea class="typed"></textarea>"#, #"<textarea class="typed">why</textarea>"#, true),
        (#"<time class="read" datetime="a">b</time>"#, #"<time class="read" datetime="c">d</time>"#, true),
        (#"<input name="csrf" value="a">"#, #"<input name="csrf" value="b">"#, true),
        (#"<input name="seen" value="a">"#, #"<input name="seen" value="b">"#, false),
        (#"<p>class=&quot;age&quot;&gt;1</p>"#, #"<p>class=&quot;age&quot;&gt;2</p>"#, false),
        (#"<small class="age">1"#, #"<small class="age">2"#, true),
        (#"<small class="age">1</small>2"#, #"<small class="age">1</small>3"#, false),
    ])
    func `what only grows older is no change`(one: String, other: String, isSame: Bool) {
        #expect((LiveContent.version(of: one) == LiveContent.version(of: other)) == isSame)
    }

    @Test func `a request for approval that is read again without a change is the same page`() async throws {
        let desk = try await DeskTests.Scene(), id = try await desk.request("Refund 12 EUR?")
        let ann = desk.browser(), path = "/approvals/live/\(id)"
        let version = { (page: PublicResponse) in page.html.firstMatch(of: /data-version="([0-9a-f]{16})"/).map { String($0.1) } }
        let first = try #require(version(await ann.open(path)))
        desk.house.clock.advance(by: .minutes(3))
        try await desk.house.look()
        let page = await ann.open(path)
        #expect(version(page) == first, "only the times are others")
        await ann.open(path)
        let posted = await ann.post(["verdict": "reject", "reason": ""])
        #expect(posted.html.contains("Rejected by ann") || posted.html.contains("rejected by ann"))
        let opened = await ann.open(path)
        #expect(version(posted) != first && version(posted) == version(opened), "a post is answered by the page itself")
    }
}
