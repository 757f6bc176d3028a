import Dedup
import Foundation
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// Attacks by somebody who may not decide. None of them changes anything.
struct ThreatTests {
    private let scene: DecidingScene

    init() async throws { scene = try await DecidingScene() }

    private func expectNothing(_ answer: PublicResponse, _ status: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        #expect(answer.status == status, sourceLocation: sourceLocation)
        #expect(!answer.offersForm && !answer.html.contains("Refund"), sourceLocation: sourceLocation)
        #expect(await scene.decisions.isEmpty, sourceLocation: sourceLocation)
        #expect(try await scene.house.ledger.audit(limit: 9).isEmpty, sourceLocation: sourceLocation)
    }

    @Test func `a forged link, signed with another key, is a page that says nothing`() async throws {
        let token = try scene.token(keys: LinkKeys([Secret("another key, which is not the relay's")]))
        try await expectNothing(await scene.get(token), 404)
        try await expectNothing(await scene.post(token, "approve"), 404)
    }

    @Test func `every single letter of a link counts`() async throws {
        let token = Array(try scene.token())
        for (index, letter) in token.enumerated() where letter != "." {
            var changed = token
            changed[index] = letter == "A" ? "B" : "A"
            #expect(DecisionToken(String(changed), keys: House.keys) == nil, "\(index)")
        }
        for text in ["", ".", "a.b", String(token) + "A", String(token.dropLast()), String(repeating: "A", count: 100_000)] {
            #expect(DecisionToken(text, keys: House.keys) == nil)
        }
    }

    @Test func `the parts of two links make no third`() async throws {
        let here = try scene.token().split(separator: "."), there = try scene.token(approval: "another").split(separator: ".")
        try await expectNothing(await scene.get("\(there[0]).\(here[1])"), 404)
    }

    @Test func `a link of another account, or for another approval, shows that one or nothing`() async throws {
        try await expectNothing(await scene.get(try scene.token(account: "other")), 404)
        try await expectNothing(await scene.get(try scene.token(approval: "00000000-0000-4000-8000-000000000000")), 404)
    }

    @Test func `a link that has expired says so and nothing else`() async throws {
        let token = try scene.token(expires: .minutes(1)), page = await scene.get(token)
        #expect(page.offersForm)
        scene.house.clock.advance(by: .minutes(2))
        try await expectNothing(await scene.get(token), 410)
        try await expectNothing(await scene.post(token, "approve", from: page), 410)
    }

    @Test func `a post that is replayed decides nothing more`() async throws {
        let token = try scene.token(), page = await scene.get(token)
        _ = await scene.post(token, "approve", from: page)
        for verdict in ["approve", "reject"] { _ = await scene.post(token, verdict, from: page) }
        #expect(await scene.decisions.map(\.choice) == [.approve])
    }

    @Test(arguments: ["", "maybe", "APPROVE", "approve,reject"])
    func `only the two verdicts are heard`(verdict: String) async throws {
        try await expectNothing(await scene.post(try scene.token(), verdict), 400)
    }

    @Test func `a form from elsewhere, without this page's cookie and mark, is refused`() async throws {
        let token = try scene.token(), page = await scene.get(token)
        let other = try scene.token(approval: "another")
        try await expectNothing(await scene.post(token, "approve", from: page, cookie: "x=y"), 403)
        try await expectNothing(await scene.post(token, "approve", from: page, csrf: "AAAA"), 403)
        try await expectNothing(await scene.post(token, "approve", from: page, csrf: await scene.get(other).html.hidden("csrf") ?? ""), 403)
        for headers in [[("origin", "https://evil.example")], [("origin", "null")], [("sec-fetch-site", "cross-site")]] {
            try await expectNothing(await scene.post(token, "approve", from: page, headers: headers.map { (name: $0.0, value: $0.1) }), 403)
        }
    }

    @Test func `the mark of one page is good for no other cookie`() async throws {
        let token = try scene.token(), mine = await scene.get(token), theirs = await scene.get(token)
        #expect(mine.cookie != theirs.cookie)
        try await expectNothing(await scene.post(token, "approve", from: mine, cookie: theirs.cookie), 403)
    }

    @Test func `a hash of something else decides nothing`() async throws {
        let answer = await scene.post(try scene.token(), "approve", seen: "0000")
        #expect(answer.html.contains("It has changed since") && answer.offersForm)
        #expect(await scene.decisions.isEmpty)
    }

    @Test func `what is asked for cannot put markup or a header on the page`() async throws {
        let hostile = "</p><script>alert(1)</script><img src=x onerror=alert(1)>\r\nSet-Cookie: a=b\r\n\r\n\"'><a href=javascript:x>"
        let scene = try await DecidingScene(action: hostile, actions: [["</li><form action=//evil.example>": "<b>x</b>"]])
        let page = await scene.get(try scene.token())
        for markup in ["<script", "<img", "<a href=javascript", "<b>x", "<form action=//"] {
            #expect(!page.html.contains(markup), "\(markup)")
        }
        #expect(page.headers.filter { $0.name == "Set-Cookie" }.count == 1)
        #expect(!page.headers.contains { $0.value.contains("\n") })
        let said = await scene.post(try scene.token(), "reject", reason: hostile)
        #expect(!said.html.contains("<script"))
    }

    @Test func `no page leads to another site, loads anything, or lets itself be framed`() async throws {
        let page = await scene.get(try scene.token())
        let policy = try #require(page.header("content-security-policy"))
        for rule in ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
            #expect(policy.contains(rule))
        }
        #expect(!policy.contains("unsafe") && !policy.contains("script-src"))
        #expect(page.header("referrer-policy") == "same-origin" && page.header("cache-control") == "no-store")
        #expect(page.header("x-robots-tag") == "noindex, nofollow")
        #expect(page.html.contains("action=\"\"") && !page.html.contains("http"))
        #expect(page.header("location") == nil)
    }

    @Test func `a form that is too large is refused`() async throws {
        let answer = await scene.pages.decide(
            try scene.token(),
            PublicRequest(method: "POST", segments: ["a", "x"], body: [UInt8](repeating: 65, count: DecisionPages.mostBody + 1)))
        try await expectNothing(answer, 413)
    }

    @Test func `of ten thousand guesses at one link all after the tenth are told to wait, and the right one passes all the same`()
        async throws
    {
        let token = try scene.token(), content = token.split(separator: ".")[0]
        var answers: [Int: Int] = [:]
        for number in 0..<10_000 { answers[await scene.get("\(content).00000000\(number)").status, default: 0] += 1 }
        #expect(answers == [404: GuessLimit.mostForOne, 429: 10_000 - GuessLimit.mostForOne])
        #expect(await scene.get(token).offersForm)
    }

    @Test func `guesses at many links are told to wait after a hundred`() async throws {
        var answers: [Int: Int] = [:]
        for number in 0..<10_000 { answers[await scene.get("guess\(number).0000000000").status, default: 0] += 1 }
        #expect(answers == [404: GuessLimit.mostInAll, 429: 10_000 - GuessLimit.mostInAll])
        #expect(await scene.get(try scene.token()).offersForm)
    }

    @Test func `nothing but the paths of the public side is there`() async throws {
        let site = PublicSite(pages: scene.pages, hooks: scene.house.hooks)
        let token = try scene.token()
        for (method, path) in [
            ("GET", ""), ("GET", "healthz"), ("GET", "metrics"), ("GET", "a"), ("PUT", "a/\(token)"), ("DELETE", "a/\(token)"),
            ("GET", "a/\(token)/x"), ("GET", "hooks/slack"), ("POST", "hooks"), ("POST", "hooks/mattermost"),
            ("POST", "hooks/mattermost/no"),
            ("POST", "hooks/telegram"),
        ] {
            let segments = path.split(separator: "/").map(String.init)
            #expect(await site.answer(PublicRequest(method: method, segments: segments)).status == 404, "\(method) /\(path)")
        }
    }

    @Test func `secrets are the same or not, wherever they differ`() {
        #expect(isSame([1, 2, 3], [1, 2, 3]))
        for other: [UInt8] in [[], [1, 2], [1, 2, 4], [0, 2, 3], [1, 2, 3, 4]] { #expect(!isSame([1, 2, 3], other)) }
    }

    @Test func `an old key goes on verifying beside a new one, and a key that left does not`() throws {
        let old = LinkKeys([Secret("the old key of this relay")])
        let both = LinkKeys([Secret("the new key of this relay"), Secret("the old key of this relay")])
        let token = try scene.token(keys: old)
        #expect(DecisionToken(token, keys: both) != nil)
        #expect(DecisionToken(token, keys: LinkKeys([Secret("the new key of this relay")])) == nil)
        #expect(try scene.token(keys: both) != token)
    }
}

/// The tokens of buttons: they are short enough for every chat, and each is valid for one choice in one message only.
struct ButtonTokenTests {
    private let id = "0b7e2a52-6d3e-4f5c-9d52-2b1f7a6c1a11"
    private let message = ButtonToken.Message(account: "live", destination: "ops", room: "the room of ops")
    private let shown = "0123456789abcdef"
    private let expires = Timestamp(seconds: 20_000 * 86_400)

    private func token(_ choice: Choice = .approve) throws -> String {
        try #require(ButtonToken(choice: choice, approval: id, expires: expires).signed(for: message, shownHash: shown, with: House.keys))
    }

    @Test(arguments: [Choice.approve, .reject])
    func `it comes back as it was made, within Telegram's 64 bytes`(choice: Choice) throws {
        for id in [id, "short", "UPPER-id", "with.dots.and=signs"] {
            let made = ButtonToken(choice: choice, approval: id, expires: expires)
            let text = try #require(made.signed(for: message, shownHash: shown, with: House.keys))
            #expect(text.utf8.count <= 64)
            let read = try #require(ButtonToken(text))
            #expect(read.choice == choice && read.approval == id && read.lastDay == 20_000)
            #expect(read.isOurs(message, keys: House.keys) && read.isFor(message, shownHash: shown, keys: House.keys))
        }
    }

    /// A combining mark joins the scalar before it, a prepended one (U+070F) the scalar after it.
    @Test(arguments: ["\u{318}abc", "abc\u{70F}", "\u{70F}", "a.\u{318}b\u{70F}"])
    func `an id that joins with the dots beside it comes back as it is`(id: String) throws {
        let made = ButtonToken(choice: .approve, approval: id, expires: expires)
        let text = try #require(made.signed(for: message, shownHash: shown, with: House.keys))
        let read = try #require(ButtonToken(text))
        #expect(Array(read.approval.utf8) == Array(made.approval.utf8))
        #expect(read.isOurs(message, keys: House.keys) && read.isFor(message, shownHash: shown, keys: House.keys))
    }

    @Test func `an id that is too long has no button`() {
        let token = ButtonToken(choice: .approve, approval: String(repeating: "x", count: 40), expires: expires)
        #expect(token.signed(for: message, shownHash: shown, with: House.keys) == nil)
    }

    @Test func `it is good for no other account, destination, room or key`() throws {
        let read = try #require(ButtonToken(try token()))
        for other in [
            ButtonToken.Message(account: "test", destination: "ops", room: message.room),
            ButtonToken.Message(account: "live", destination: "room", room: message.room),
            ButtonToken.Message(account: "live", destination: "ops", room: "another room"),
        ] {
            #expect(!read.isOurs(other, keys: House.keys) && !read.isFor(other, shownHash: shown, keys: House.keys))
        }
        let others = LinkKeys([Secret("another key than that one")])
        #expect(!read.isOurs(message, keys: others) && !read.isFor(message, shownHash: shown, keys: others))
    }

    /// A changed character changes the content, the mark or the signature. None of them decides then.
    @Test func `a token that was changed anywhere decides nothing`() throws {
        let text = try token()
        #expect(decides(text))
        #expect(!decides("r" + text.dropFirst()))
        for index in text.indices where text[index] != "." {
            let changed = text.replacingCharacters(in: index...index, with: text[index] == "A" ? "B" : "A")
            #expect(!decides(changed), "\(changed)")
        }
    }

    private func decides(_ text: String) -> Bool {
        guard let read = ButtonToken(text) else { return false }
        return read.isOurs(message, keys: House.keys) && read.isFor(message, shownHash: shown, keys: House.keys)
    }

    /// Two contents whose hashes begin alike are found in a second. So the whole hash is signed.
    @Test func `it is for what was shown as a whole, and for nothing with a hash that begins alike`() throws {
        let read = try #require(ButtonToken(try token()))
        #expect(!read.isFor(message, shownHash: "0123456789abcdee", keys: House.keys))
        #expect(!read.isFor(message, shownHash: "01234567", keys: House.keys))
        #expect(read.isOurs(message, keys: House.keys))
    }

    @Test func `it is valid until its last day begins`() throws {
        let read = try #require(ButtonToken(try token()))
        #expect(!read.hasExpired(at: Timestamp(seconds: 20_000 * 86_400 - 1)))
        #expect(read.hasExpired(at: Timestamp(seconds: 20_000 * 86_400)))
    }
}
