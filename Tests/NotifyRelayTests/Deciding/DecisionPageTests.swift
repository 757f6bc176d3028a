import Dedup
import Policy
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// The page that a link opens. Opening it decides nothing; posting its form decides what the page showed.
struct DecisionPageTests {
    @Test func `the message of a request bears a link, and that of a decision none`() async throws {
        let scene = try await DecidingScene()
        let request = try #require(await scene.house.inbox.messages(kind: .webhook).first?.json)
        let link = try #require(request["data"]?["approval"]?["decide_link"]?.string)
        #expect(link.hasPrefix("https://relay.example/a/"))
        #expect(await scene.get(String(link.dropFirst(24))).offersForm)
        await scene.house.world.decide(scene.approval, approved: true)
        try await scene.house.look()
        await scene.house.deliver()
        let decision = try #require(await scene.house.inbox.messages(kind: .webhook).last?.json)
        #expect(decision.text.contains("\"decide_link\":null"), "\(decision.text)")
    }

    @Test func `it shows what is asked, how it stands, and as whom one decides`() async throws {
        let scene = try await DecidingScene(actions: [["type": "refund", "amount": "12 EUR"]])
        let page = await scene.get(try scene.token())
        #expect(page.status == 200)
        for words in ["Refund 12 EUR?", "amount: 12 EUR", "Refunds", "Approval needed", "somebody at ops"] {
            #expect(page.html.contains(words), "\(words)")
        }
    }

    @Test func `where a reason is required nobody rejects without one, and anybody approves`() async throws {
        let scene = try await DecidingScene(route: "reason: required")
        let token = try scene.token()
        #expect(await scene.get(token).html.contains("Reason, which is needed to reject"))
        let refused = await scene.post(token, "reject", reason: "  ")
        #expect(refused.html.contains("A reason is needed to reject this") && refused.offersForm)
        #expect(await scene.decisions.isEmpty)
        #expect(try await scene.audit().isEmpty)
        _ = await scene.post(token, "reject", reason: "Too much")
        #expect(await scene.decisions.map(\.choice) == [.reject])
        let other = try await DecidingScene(route: "reason: required")
        _ = await other.post(try other.token(), "approve")
        #expect(await other.decisions.map(\.choice) == [.approve])
    }

    @Test(arguments: ["\u{200B}", "\u{2800}", "\u{3164}", "\u{AD}", "\u{200E}\u{2060}", "\u{3000}\n", "\u{FE0F}"])
    func `a reason that nobody can see is none`(reason: String) async throws {
        let scene = try await DecidingScene(route: "reason: required"), token = try scene.token()
        #expect(await scene.post(token, "reject", reason: reason).html.contains("A reason is needed to reject this"))
        #expect(await scene.decisions.isEmpty)
        _ = await scene.post(token, "reject", reason: reason + "退")
        #expect(await scene.decisions.map(\.choice) == [.reject])
    }

    @Test func `a reason as long as the page takes is taken in any script`() async throws {
        let scene = try await DecidingScene()
        _ = await scene.post(try scene.token(), "reject", reason: String(repeating: "退", count: 2_000))
        #expect(await scene.decisions.map(\.choice) == [.reject])
    }

    @Test func `a hundred looks by GET and by HEAD decide nothing`() async throws {
        let scene = try await DecidingScene()
        let token = try scene.token()
        for _ in 0..<100 {
            #expect(await scene.get(token).status == 200)
            let head = await scene.get(token, method: "HEAD")
            #expect(head.status == 200 && head.body.isEmpty)
        }
        #expect(await scene.decisions.isEmpty)
        #expect(try await scene.audit().isEmpty)
    }

    @Test func `approve is told to RevKeen once, and the page says so`() async throws {
        let scene = try await DecidingScene()
        let token = try scene.token()
        let done = await scene.post(token, "approve")
        #expect(done.html.contains("Approved by somebody at ops"))
        #expect(!done.html.contains("It was approved"), "one box says it")
        #expect(!done.html.contains("<dt>Run</dt>") && done.html.contains("<dt>Waited</dt>"), "what was read before is not what is now")
        #expect(!done.offersForm)
        #expect(await scene.decisions.map(\.choice) == [.approve])
        let again = await scene.get(token)
        #expect(again.html.contains("It was approved by somebody at ops") && !again.offersForm)
        #expect(try await scene.audit() == ["somebody at ops link (ops) approve taken"])
        #expect(try await scene.house.ledger.audit(limit: 1).first?.address == "192.0.2.7")
    }

    @Test func `a rejection carries its reason and who it was`() async throws {
        let scene = try await DecidingScene(
            destination: "type: email, server: \"smtp://localhost:2525\", from: a@example.com, to: [Ann@example.com]")
        let token = try scene.token(to: "ann@example.com")
        #expect(await scene.get(token).html.contains("You decide as <strong>ann</strong>"))
        _ = await scene.post(token, "reject", reason: "too dear")
        #expect(await scene.decisions.map(\.reason) == ["too dear (ann)"])
        #expect(try await scene.audit() == ["ann link (ops) reject taken"])
    }

    @Test(arguments: [("", nil), ("too dear", "Reason: too dear</p>")])
    func `the page does not repeat the name in the reason`(typed: String, shown: String?) async throws {
        let scene = try await DecidingScene()
        let done = await scene.post(try scene.token(), "reject", reason: typed)
        #expect(done.html.contains("Rejected by somebody at ops"))
        #expect(done.html.contains("Reason: ") == (shown != nil) && done.html.contains(shown ?? ""))
    }

    @Test func `the message is edited when a decision was taken, with the name of who it was`() async throws {
        let scene = try await DecidingScene(destination: InboxMessage.Kind.discord.keys(base: House.service(.discord)))
        _ = await scene.post(try scene.token(), "approve")
        try await scene.house.look()
        await scene.house.deliver()
        let message = try #require(await scene.house.inbox.messages(kind: .discord).first)
        #expect(message.edits == 1)
        #expect(message.words.contains("Approval approved") && message.words.contains("somebody at ops"))
        #expect(await scene.house.inbox.count == 1)
    }

    @Test func `what was decided elsewhere meanwhile is shown, and not decided again`() async throws {
        let scene = try await DecidingScene()
        let token = try scene.token(), page = await scene.get(token)
        await scene.house.world.decide(scene.approval, approved: false, by: "user-1", reason: "no")
        scene.house.clock.advance(by: .seconds(6))
        let late = await scene.post(token, "approve", from: page)
        #expect(late.html.contains("It is rejected by user-1") && !late.offersForm)
        #expect(await scene.decisions.isEmpty)
    }

    @Test func `what changed under the page is shown again, marked, and nothing is decided`() async throws {
        let scene = try await DecidingScene()
        let token = try scene.token(), page = await scene.get(token)
        await scene.house.world.changeApproval(scene.approval, action: "Refund 1,300 EUR?", actions: .null)
        scene.house.clock.advance(by: .seconds(6))
        let answer = await scene.post(token, "approve", from: page)
        #expect(answer.html.contains("It has changed since") && answer.html.contains("Refund 1,300 EUR?") && answer.offersForm)
        #expect(await scene.decisions.isEmpty)
        #expect(await scene.post(token, "approve", from: answer, cookie: page.cookie).html.contains("Approved by"))
    }

    @Test func `a page is filled from a look that is at most five seconds old`() async throws {
        let scene = try await DecidingScene()
        let token = try scene.token()
        let before = scene.house.transport.asks { $0.path == "/automations/approvals" }.count
        _ = await scene.get(token)
        #expect(scene.house.transport.asks { $0.path == "/automations/approvals" }.count == before)
        scene.house.clock.advance(by: .seconds(6))
        for _ in 0..<10 { _ = await scene.get(token) }
        #expect(scene.house.transport.asks { $0.path == "/automations/approvals" }.count == before + 1)
    }

    @Test func `RevKeen that cannot be reached leaves the answer kept, and the page says so`() async throws {
        let scene = try await DecidingScene()
        let token = try scene.token(), page = await scene.get(token)
        scene.house.transport.misbehave(at: "/approve", .unreachable)
        let kept = await scene.post(token, "approve", from: page)
        #expect(kept.html.contains("the answer is kept") && kept.html.contains("On its way"))
        let second = await scene.post(token, "reject", from: page)
        #expect(second.html.contains("was already said by somebody at ops") && second.html.contains("On its way"))
        #expect(try await scene.house.ledger.answerStates().count == 1)
    }

    @Test func `a key without the scope to decide says which one is missing, and the request stays open`() async throws {
        let scene = try await DecidingScene()
        let token = try scene.token(), page = await scene.get(token)
        scene.house.transport.misbehave(at: "/approve", .status(403, "{\"error\":{\"code\":\"forbidden\",\"message\":\"no\"}}"))
        #expect(await scene.post(token, "approve", from: page).html.contains("automations:write"))
        scene.house.transport.misbehave(nil)
        #expect(await scene.post(token, "approve", from: page).html.contains("Approved by"))
        #expect(try await scene.audit().map { String($0.suffix(7)) } == ["refused", "e taken"])
    }
}

/// Tests who may decide, and how many people must.
struct AuthorityTests {
    private static func mail(_ to: String...) -> String {
        "type: email, server: \"smtp://localhost:2525\", from: a@example.com, to: [\(to.joined(separator: ", "))]"
    }

    @Test func `in a room with approvers a link can only be read, and says how to decide`() async throws {
        let scene = try await DecidingScene(route: "approvers: [ann]")
        let token = try scene.token(), page = await scene.get(token)
        #expect(
            !page.offersForm && page.html.contains("this is for ann to decide".dropFirst()) && page.html.contains("notify-relay approvals"))
        let csrf = base64URL(House.keys.sign("\(base64URL([UInt8](repeating: 1, count: 16)))\n\(token)", for: .form).signature)
        let forced = await scene.post(
            token, "approve", from: page, cookie: "notify_relay_form=\(base64URL([UInt8](repeating: 1, count: 16)))", csrf: csrf,
            seen: try await scene.row.shownHash)
        #expect(forced.html.contains("This is for ann to decide"))
        #expect(await scene.decisions.isEmpty)
        #expect(try await scene.audit() == ["somebody at ops link (ops) approve denied"])
    }

    @Test func `an approver decides by the link that was sent to them alone, and somebody else does not`() async throws {
        let scene = try await DecidingScene(route: "approvers: [ann]", destination: Self.mail("ann@example.com", "eve@example.com"))
        #expect(await !scene.get(try scene.token(to: "eve@example.com")).offersForm)
        #expect(await scene.post(try scene.token(to: "ann@example.com"), "approve").html.contains("Approved by ann"))
    }

    @Test func `two different people must approve before RevKeen is called`() async throws {
        let scene = try await DecidingScene(
            route: "approvers: [ann, bob], two_person: true", destination: Self.mail("ann@example.com", "bob@example.com"))
        let ann = try scene.token(to: "ann@example.com"), bob = try scene.token(to: "bob@example.com")
        #expect(await scene.post(ann, "approve").html.contains("1 of 2 have approved: ann"))
        #expect(await scene.post(ann, "approve").html.contains("1 of 2 have approved: ann"))
        #expect(await scene.decisions.isEmpty)
        #expect(await scene.get(bob).html.contains("so far: ann"))
        #expect(await scene.post(bob, "approve").html.contains("Approved by ann, bob"))
        #expect(await scene.decisions.map(\.choice) == [.approve])
        #expect(
            try await scene.audit() == [
                "ann link (ops) approve voted", "bob link (ops) approve voted", "ann, bob link (ops) approve taken",
            ])
    }

    @Test func `the message says who has approved so far, until something else is asked`() async throws {
        let keys = InboxMessage.Kind.telegram.keys(base: House.service(.telegram)).replacing("-100", with: "11")
        let scene = try await DecidingScene(route: "two_person: true", destination: keys)
        #expect(await scene.post(try scene.token(), "approve").html.contains("1 of 2 have approved: ann"))
        try await scene.house.look()
        await scene.house.deliver()
        #expect(await scene.house.inbox.messages(kind: .telegram).first?.words.contains("Approved so far: 1 of 2 (ann)") == true)
        await scene.house.world.changeApproval(scene.approval, action: "Refund 1,300 EUR?", actions: .null)
        try await scene.house.look()
        await scene.house.deliver()
        let message = try #require(await scene.house.inbox.messages(kind: .telegram).first)
        #expect(message.edits == 2 && message.words.contains("1,300") && !message.words.contains("Approved so far"))
    }

    @Test func `one rejection is enough, whoever has approved`() async throws {
        let scene = try await DecidingScene(route: "two_person: true", destination: Self.mail("ann@example.com", "bob@example.com"))
        _ = await scene.post(try scene.token(to: "ann@example.com"), "approve")
        #expect(await scene.post(try scene.token(to: "bob@example.com"), "reject").html.contains("Rejected by bob"))
        #expect(await scene.decisions.map(\.choice) == [.reject])
    }

    @Test func `a vote counts only as long as its voter may decide`() async throws {
        let mail = Self.mail("ann@example.com", "bob@example.com", "eve@example.com")
        let scene = try await DecidingScene(route: "approvers: [ann, bob, eve], two_person: true", destination: mail)
        _ = await scene.post(try scene.token(to: "bob@example.com"), "approve")
        let routes = "{name: all, to: [ops], approvers: [ann, eve], two_person: true}"
        try await scene.house.restart(
            House.file(destinations: "ops: {\(mail)}", routes: routes, rest: DecidingScene.people + "\n" + DecidingScene.server))
        let pages = scene.house.pages(at: DecidingScene.publicURL), ann = try scene.token(to: "ann@example.com")
        #expect(await scene.post(ann, "approve", through: pages).html.contains("1 of 2 have approved: ann"))
        #expect(await scene.decisions.isEmpty)
        _ = await scene.post(try scene.token(to: "eve@example.com"), "approve", through: pages)
        #expect(await scene.decisions.map(\.choice) == [.approve])
    }

    @Test func `votes count across routes with other approvers, and on the command line`() async throws {
        let rest = DecidingScene.people + "\n" + DecidingScene.server
        for isByHand in [false, true] {
            let house = try await House(
                House.file(
                    destinations: "one: {\(Self.mail("ann@example.com"))}, two: {\(Self.mail("bob@example.com"))}",
                    routes:
                        "{name: one, to: [one], approvers: [ann, eve], two_person: true}, {name: two, to: [two], approvers: [bob, eve], two_person: true}",
                    rest: rest), channels: .real)
            try await house.look()
            let id = await house.world.requestApproval(
                run: await house.world.startRun(of: house.world.addAutomation(name: "Refunds")), action: "Refund 12 EUR?")
            try await house.look()
            func approve(_ person: String, _ destination: String?) async throws -> DecisionOutcome {
                let way = destination == nil ? "command line" : "link"
                let speaker = Speaker(person: person, fallbackName: person, way: way, destination: destination, address: nil)
                let shown = try #require(try await house.ledger.approval(account: "live", id: id)).shownHash
                let request = DecisionRequest(
                    account: "live", approval: id, choice: .approve, reason: nil, shown: .hash(shown), speaker: speaker)
                return await house.relay.deciding.finish(try await house.relay.deciding.write(request, cursor: nil))
            }
            // On the command line, somebody decides whom no route names.
            _ = isByHand ? try await approve("carol", nil) : try await approve("ann", "one")
            #expect(await house.world.decisions.isEmpty)
            _ = try await approve("bob", "two")
            #expect(await house.world.decisions.map(\.choice) == [.approve])
        }
    }

    @Test func `a vote for something that changed since counts no more`() async throws {
        let scene = try await DecidingScene(route: "two_person: true", destination: Self.mail("ann@example.com", "bob@example.com"))
        _ = await scene.post(try scene.token(to: "ann@example.com"), "approve")
        await scene.house.world.changeApproval(scene.approval, action: "Refund 1,300 EUR?", actions: .null)
        scene.house.clock.advance(by: .seconds(6))
        #expect(await scene.post(try scene.token(to: "bob@example.com"), "approve").html.contains("1 of 2 have approved: bob"))
        #expect(await scene.decisions.isEmpty)
    }

    @Test func `what no route gives to anybody any more is decided by no link`() async throws {
        let scene = try await DecidingScene(route: "when: {risk: medium}, approvers: [ann]")
        let token = try scene.token()
        try await scene.house.restart(
            House.file(
                destinations: "ops: {type: console}", routes: "{name: others, when: {risk: high}, to: [ops]}",
                rest: DecidingScene.people + "\n" + DecidingScene.server))
        let pages = scene.house.pages(at: DecidingScene.publicURL)
        let page = await pages.show(token, PublicRequest(method: "GET", segments: ["a", token]))
        #expect(!page.offersForm && page.html.contains("No route says any more who decides this"))
    }

    @Test(arguments: ["https://Relay.Example", "https://relay.example:443", "https://relay.example/approvals"])
    func `a form is from this page, however its address is written in the file`(publicURL: String) async throws {
        let scene = try await DecidingScene(), token = try scene.token()
        let pages = scene.house.pages(at: publicURL)
        #expect(await scene.post(token, "approve", through: pages).html.contains("Approved by"))
    }

    @Test func `while RevKeen asks for patience an answer is written down, and nobody waits for it`() async throws {
        let scene = try await DecidingScene()
        let page = await scene.get(try scene.token())
        await scene.house.world.arrange {
            $0.unavailable = 429
            $0.retryAfter = "300"
        }
        for _ in 0..<2 {
            let told = await scene.post(try scene.token(), "approve", from: page).html
            #expect(told.contains("kept") || told.contains("on its way"), "\(told)")
        }
        await scene.house.world.arrange { $0.unavailable = nil }
        #expect(await scene.decisions.isEmpty)
        let answer = try #require(try await scene.house.ledger.lastAnswer(account: "live", approval: scene.approval))
        #expect(answer.state == .asked && answer.dueAt == scene.house.clock.now + .seconds(300))
        scene.house.clock.advance(by: .seconds(300))
        try await scene.house.relay.carrier.carry()
        #expect(await scene.decisions.map(\.choice) == [.approve])
    }

    @Test func `somebody who is not known cannot be one of two`() async throws {
        let scene = try await DecidingScene(route: "two_person: true")
        #expect(await !scene.get(try scene.token()).offersForm)
    }
}
