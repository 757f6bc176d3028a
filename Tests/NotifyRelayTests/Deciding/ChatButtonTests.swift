import Channels
import Dedup
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

extension DecidingScene {
    static let answers = "https://inbox.example/hooks/web/answers"

    var site: PublicSite {
        PublicSite(pages: pages, hooks: house.hooks)
    }

    func answer(_ request: WebRequest) async -> PublicResponse {
        await site.answer(
            PublicRequest(
                method: request.method, segments: request.segments, headers: request.headers, body: request.body, peer: "192.0.2.9"))
    }

    /// The token of a button under the first message of a kind.
    func button(_ choice: String, _ kind: InboxMessage.Kind) async throws -> String {
        try #require(await house.inbox.messages(kind: kind).first?.button(choice))
    }

    /// The texts that were sent back to the person who pressed in Slack.
    var saidInSlack: [String] {
        get async { await house.inbox.messages(kind: .webhook).compactMap { $0.json?["text"]?.string } }
    }
}

/// Slack buttons: Slack signs the post, gets an empty response at once, and the outcome is sent to the person who pressed alone.
struct SlackButtonTests {
    private static let secret = "8f742231b10e8888abcd99yyyzzz85a5"
    private static let bot = InboxMessage.Kind.slackBot.keys(base: House.service(.slackBot)) + ", signing_secret: \"\(secret)\""
    private static let webhook = InboxMessage.Kind.slack.keys(base: House.service(.slack)) + ", signing_secret: \"\(secret)\""

    private func press(
        _ scene: DecidingScene, _ choice: String, _ kind: InboxMessage.Kind = .slackBot, by user: String = "UANN", action: String? = nil,
        secret: String = secret, now: Timestamp? = nil
    ) async throws -> WebRequest {
        Pressing.slack(
            try await scene.button(choice, kind), action: action ?? choice, user: user, secret: secret, answerTo: DecidingScene.answers,
            now: now ?? scene.house.clock.now)
    }

    @Test(arguments: [(LongText(bot), InboxMessage.Kind.slackBot), (LongText(webhook), .slack)])
    func `a press is thanked at once, decides, and tells whoever pressed`(keys: LongText, kind: InboxMessage.Kind) async throws {
        let keys = keys.text
        let scene = try await DecidingScene(destination: keys)
        let answer = await scene.answer(try await press(scene, "approve", kind))
        #expect(answer.status == 200 && answer.body.isEmpty)
        #expect(await eventually { await scene.saidInSlack == ["Approved by ann."] })
        #expect(await scene.decisions.map(\.choice) == [.approve])
        #expect(try await scene.audit() == ["ann slack (ops) approve taken"])
        #expect(try await scene.house.ledger.audit(limit: 1).first?.address == "192.0.2.9")
    }

    @Test func `a rejection in Slack opens a form, and what is written there is the reason`() async throws {
        let scene = try await DecidingScene(route: "reason: required", destination: Self.bot), now = scene.house.clock.now
        let token = try await scene.button("reject", .slackBot)
        func reject(trigger: String) -> WebRequest {
            Pressing.slack(
                token, action: "reject", user: "UANN", secret: Self.secret, answerTo: DecidingScene.answers, trigger: trigger, now: now)
        }
        #expect(await scene.answer(reject(trigger: "t1")).body.isEmpty)
        #expect(await eventually { await scene.house.inbox.messages(kind: .slackBot).count == 2 })
        let view = try #require(await scene.house.inbox.messages(kind: .slackBot).last?.json?["view"])
        #expect(view["blocks"]?.array?.last?["optional"]?.bool == false)
        #expect(await scene.decisions.isEmpty, "a reason that never comes decides nothing")
        func submit(_ reason: String, memory: JSONValue?) -> WebRequest {
            Pressing.slack(
                [
                    "type": "view_submission", "user": ["id": "UANN", "username": "somebody"],
                    "view": [
                        "callback_id": view["callback_id"] ?? .null, "private_metadata": memory ?? .null,
                        "state": ["values": ["reason": ["reason": ["value": .string(reason)]]]],
                    ],
                ], secret: Self.secret, now: now)
        }
        _ = await scene.answer(submit("Too much", memory: .string("{\"token\":\"r.1.guess.0123456789\"}")))
        #expect(await scene.decisions.isEmpty)
        #expect(await scene.answer(submit("Too much", memory: view["private_metadata"])).body.isEmpty)
        #expect(await eventually { await scene.decisions.map(\.reason) == ["Too much (ann)"] })
        #expect(await eventually { await scene.saidInSlack.contains("Rejected by ann.") })
    }

    @Test func `where Slack opens no form, a reason that is needed is said to be missing`() async throws {
        let scene = try await DecidingScene(route: "reason: required", destination: Self.bot)
        let token = try await scene.button("reject", .slackBot)
        _ = await scene.answer(
            Pressing.slack(
                token, action: "reject", user: "UANN", secret: Self.secret, answerTo: DecidingScene.answers, trigger: "too late",
                now: scene.house.clock.now))
        #expect(await eventually { await scene.saidInSlack.contains { $0.hasPrefix("A reason is needed to reject this") } })
        #expect(await scene.decisions.isEmpty)
    }

    @Test func `a press is in the ledger before Slack is thanked`() async throws {
        let scene = try await DecidingScene(destination: Self.bot)
        let request = try await press(scene, "approve")
        await scene.house.world.arrange { $0.unavailable = 503 }
        #expect(await scene.answer(request).status == 200)
        #expect(try await scene.house.ledger.lastAnswer(account: "live", approval: scene.approval)?.state == .asked)
        #expect(await eventually { await scene.saidInSlack.count == 1 })
    }

    @Test func `the same message is edited, and has no buttons any more`() async throws {
        let scene = try await DecidingScene(destination: Self.bot)
        _ = await scene.answer(try await press(scene, "reject"))
        #expect(await eventually { await !scene.decisions.isEmpty })
        try await scene.house.look()
        await scene.house.deliver()
        let messages = await scene.house.inbox.messages(kind: .slackBot)
        #expect(messages.map(\.edits) == [1])
        #expect(messages.first?.words.contains("Approval rejected") == true)
        #expect(messages.first?.button("approve") == nil)
    }

    @Test func `what Slack did not sign, or signed long ago, is not heard`() async throws {
        let scene = try await DecidingScene(destination: Self.bot)
        let good = try await press(scene, "approve")
        var changed = good
        changed.body += Array("&x=1".utf8)
        let stale = try await press(scene, "approve", now: scene.house.clock.now - .seconds(301))
        let early = try await press(scene, "approve", now: scene.house.clock.now + .seconds(301))
        let other = try await press(scene, "approve", secret: "another")
        for request in [changed, stale, early, other, WebRequest("POST", "/hooks/slack", body: good.body)] {
            #expect(await scene.answer(request).status == 401)
        }
        #expect(await scene.decisions.isEmpty)
        #expect(try await scene.audit().isEmpty)
    }

    @Test func `somebody who may not is told so politely, and it is written down`() async throws {
        let scene = try await DecidingScene(route: "approvers: [ann]", destination: Self.bot)
        for user in ["UEVE", "UNOBODY"] { _ = await scene.answer(try await press(scene, "approve", by: user)) }
        #expect(await eventually { await scene.saidInSlack.count == 2 })
        #expect(await scene.saidInSlack.allSatisfy { $0.hasPrefix("This is for ann to decide") })
        #expect(await scene.decisions.isEmpty)
        #expect(
            Set(try await scene.audit()) == [
                "eve slack (ops) approve denied", "somebody (slack UNOBODY) slack (ops) approve denied",
            ])
    }

    @Test func `a button that only opens a page is thanked, and decides nothing`() async throws {
        let scene = try await DecidingScene(destination: Self.bot)
        #expect(await scene.answer(try await press(scene, "approve", action: "open")).status == 200)
        #expect(await scene.answer(try await press(scene, "approve", action: "decide")).status == 200)
        #expect(await scene.decisions.isEmpty)
    }

    @Test func `a press under what has changed since decides nothing`() async throws {
        let scene = try await DecidingScene(destination: Self.webhook)
        let old = try await press(scene, "approve", .slack)
        await scene.house.world.changeApproval(scene.approval, action: "Refund 1,300 EUR?", actions: .null)
        try await scene.house.look()
        _ = await scene.answer(old)
        #expect(await eventually { await scene.saidInSlack.first?.hasPrefix("It has changed since") == true })
        #expect(await scene.decisions.isEmpty)
    }

    @Test func `of two who press at once one is first, and the other is told who`() async throws {
        let scene = try await DecidingScene(destination: Self.webhook)
        let ann = try await press(scene, "approve", .slack, by: "UANN"), bob = try await press(scene, "reject", .slack, by: "UBOB")
        async let first = scene.answer(ann)
        async let second = scene.answer(bob)
        _ = await (first, second)
        #expect(await eventually { await scene.saidInSlack.count == 2 })
        #expect(await scene.decisions.count == 1)
        let winner = try #require(try await scene.house.ledger.lastAnswer(account: "live", approval: scene.approval)).actor
        let said = await scene.saidInSlack
        #expect(said.allSatisfy { $0.contains(winner) }, "\(said)")
    }

    @Test func `an answer is sent to Slack or to where the destination is, and nowhere else`() async throws {
        let scene = try await DecidingScene(destination: Self.bot)
        let token = try await scene.button("approve", .slackBot)
        _ = await scene.answer(
            Pressing.slack(
                token, action: "approve", user: "UANN", secret: Self.secret, answerTo: "https://evil.example/hooks/web/x",
                now: scene.house.clock.now))
        #expect(await eventually { await !scene.decisions.isEmpty })
        #expect(await scene.saidInSlack.isEmpty)
    }
}

/// Mattermost and Discord buttons: the response to the post is what the person who pressed sees.
struct AnsweredButtonTests {
    @Test func `Mattermost is heard by the token in its context, and by nothing else`() async throws {
        let scene = try await DecidingScene(destination: InboxMessage.Kind.mattermost.keys(base: House.service(.mattermost)))
        let message = try #require(await scene.house.inbox.messages(kind: .mattermost).first?.json)
        let action = try #require(message["attachments"]?.array?.first?["actions"]?.array?.first)
        #expect(action["integration"]?["url"]?.string == "https://relay.example/hooks/mattermost/ops")
        let token = try await scene.button("approve", .mattermost)
        #expect(await scene.answer(Pressing.mattermost("guess", user: "mmann", destination: "ops")).status == 403)
        #expect(await scene.answer(Pressing.mattermost(token, user: "mmann", destination: "other")).status == 404)
        #expect(await scene.decisions.isEmpty)
        let answer = await scene.answer(Pressing.mattermost(token, user: "mmann", destination: "ops"))
        #expect(answer.html.contains("Approved by ann"))
        #expect(try await scene.audit() == ["ann mattermost (ops) approve taken"])
    }

    private func dialog(_ scene: DecidingScene) async throws -> (token: String, dialog: JSONValue) {
        let token = try await scene.button("reject", .mattermost)
        let answer = await scene.answer(Pressing.mattermost(token, user: "mmann", destination: "ops", trigger: "t1"))
        #expect(answer.status == 200 && answer.html == "{}")
        return (token, try #require(await scene.house.inbox.messages(kind: .mattermost).last?.json))
    }

    @Test func `a rejection in Mattermost opens a dialog, and what is written there is the reason`() async throws {
        let scene = try await DecidingScene(
            route: "reason: required", destination: InboxMessage.Kind.mattermost.keys(base: House.service(.mattermost)))
        let (token, opened) = try await dialog(scene)
        #expect(opened["url"]?.string == "https://relay.example/hooks/mattermost/ops")
        #expect(opened["dialog"]?["elements"]?.array?.first?["optional"]?.bool == false)
        #expect(await scene.decisions.isEmpty, "a reason that never comes decides nothing")
        let state = try #require(opened["dialog"]?["state"]?.string)
        #expect(!opened.text.contains(token), "the person's program sees the dialog, and must not learn the button's token")
        let empty = await scene.answer(Pressing.mattermost(state: state, reason: " ", user: "mmann", destination: "ops"))
        #expect(empty.html.contains("\"error\":\"A reason is needed"))
        let done = await scene.answer(Pressing.mattermost(state: state, reason: "Too much", user: "mmann", destination: "ops"))
        #expect(done.html == "{}")
        #expect(await scene.decisions.map(\.reason) == ["Too much (ann)"])
        #expect(try await scene.audit() == ["ann mattermost (ops) reject taken"])
    }

    @Test func `a dialog decides for nobody else, at no other destination, not later and not for what has changed`() async throws {
        let scene = try await DecidingScene(destination: InboxMessage.Kind.mattermost.keys(base: House.service(.mattermost)))
        let state = try #require(try await dialog(scene).dialog["dialog"]?["state"]?.string)
        #expect(await scene.answer(Pressing.mattermost(state: state, reason: "x", user: "mmbob", destination: "ops")).status == 403)
        #expect(await scene.answer(Pressing.mattermost(state: state, reason: "x", user: "mmann", destination: "other")).status == 404)
        #expect(await scene.answer(Pressing.mattermost(state: state + "A", reason: "x", user: "mmann", destination: "ops")).status == 403)
        #expect(await scene.answer(Pressing.mattermost(state, user: "mmann", destination: "ops")).status == 403, "it is no button's token")
        scene.house.clock.advance(by: .seconds(3_601))
        let late = await scene.answer(Pressing.mattermost(state: state, reason: "x", user: "mmann", destination: "ops"))
        #expect(late.html.contains("has expired"))
        let again = try #require(try await dialog(scene).dialog["dialog"]?["state"]?.string)
        await scene.house.world.changeApproval(scene.approval, action: "Refund 1,000,000", actions: .null)
        try await scene.house.look()
        let changed = await scene.answer(Pressing.mattermost(state: again, reason: "x", user: "mmann", destination: "ops"))
        #expect(changed.html.contains("has changed since"))
        #expect(await scene.decisions.isEmpty)
    }

    @Test func `where Mattermost opens no dialog, a press decides unless a reason is needed`() async throws {
        let keys = InboxMessage.Kind.mattermost.keys(base: House.service(.mattermost))
        let needed = try await DecidingScene(route: "reason: required", destination: keys)
        let refused = await needed.answer(
            Pressing.mattermost(try await needed.button("reject", .mattermost), user: "mmann", destination: "ops", trigger: "late"))
        #expect(refused.html.contains("A reason is needed"))
        #expect(await needed.decisions.isEmpty)
        let free = try await DecidingScene(destination: keys)
        let done = await free.answer(
            Pressing.mattermost(try await free.button("reject", .mattermost), user: "mmann", destination: "ops", trigger: "late"))
        #expect(done.html.contains("Rejected by ann"))
    }

    @Test func `Discord is heard when its application has signed, and its test is answered`() async throws {
        let key = DiscordKey()
        let keys = InboxMessage.Kind.discord.keys(base: House.service(.discord)) + ", public_key: \"\(key.publicKey)\""
        let scene = try await DecidingScene(destination: keys)
        let now = scene.house.clock.now
        #expect(await scene.answer(try Pressing.discord(nil, user: "", key: key, now: now)).html == "{\"type\":1}")
        let token = try await scene.button("reject", .discord)
        for (signer, time) in [(DiscordKey(), now), (key, now - .seconds(301))] {
            #expect(await scene.answer(try Pressing.discord(token, user: "21", key: signer, now: time)).status == 401)
        }
        #expect(await scene.decisions.isEmpty)
        let asked = await scene.answer(try Pressing.discord(token, user: "21", key: key, now: now))
        #expect(
            asked.html.contains("\"type\":9") && asked.html.contains("\"required\":false")
                && asked.html.contains("\"custom_id\":\"\(token)\""))
        #expect(await scene.decisions.isEmpty, "a reason that never comes decides nothing")
        let answer = await scene.answer(try Pressing.discord(token, user: "21", reason: "Too much", key: key, now: now))
        #expect(answer.html.contains("Rejected by ann") && answer.html.contains("\"flags\":64"))
        #expect(await scene.decisions.map(\.reason) == ["Too much (ann)"])
        let late = await scene.answer(try Pressing.discord(token, user: "21", reason: "Again", key: key, now: now))
        #expect(late.html.contains("by ann"))
        #expect(await scene.decisions.count == 1)
    }

    @Test func `Discord must be told why where the route says so, and only for what was shown`() async throws {
        let key = DiscordKey()
        let keys = InboxMessage.Kind.discord.keys(base: House.service(.discord)) + ", public_key: \"\(key.publicKey)\""
        let scene = try await DecidingScene(route: "reason: required, approvers: [ann]", destination: keys), now = scene.house.clock.now
        let token = try await scene.button("reject", .discord)
        #expect(await scene.answer(try Pressing.discord(token, user: "21", key: key, now: now)).html.contains("\"required\":true"))
        let empty = await scene.answer(try Pressing.discord(token, user: "21", reason: " ", key: key, now: now))
        #expect(empty.html.contains("A reason is needed"))
        let stranger = await scene.answer(try Pressing.discord(token, user: "99", reason: "Mine", key: key, now: now))
        #expect(stranger.html.contains("is for ann to decide"))
        await scene.house.world.changeApproval(scene.approval, action: "Refund 1,000,000", actions: .null)
        scene.house.clock.advance(by: .seconds(30))
        try await scene.house.look()
        let changed = await scene.answer(try Pressing.discord(token, user: "21", reason: "Too much", key: key, now: scene.house.clock.now))
        #expect(changed.html.contains("has changed since"))
        #expect(await scene.decisions.isEmpty)
    }

    @Test func `a webhook of Discord without an application has no buttons`() async throws {
        let scene = try await DecidingScene(destination: InboxMessage.Kind.discord.keys(base: House.service(.discord)))
        #expect(await scene.house.inbox.messages(kind: .discord).first?.button("approve") == nil)
    }

    @Test func `a chat that RevKeen keeps waiting is told that it is on its way, and it goes on`() async throws {
        let scene = try await DecidingScene(destination: InboxMessage.Kind.mattermost.keys(base: House.service(.mattermost)))
        let gate = Gate(), token = try await scene.button("approve", .mattermost)
        scene.house.transport.misbehave(at: "/approve", .held(gate, .world))
        async let answer = scene.answer(Pressing.mattermost(token, user: "mmann", destination: "ops"))
        #expect(await eventually { gate.waiting == 1 && scene.house.clock.nextDeadline != nil })
        scene.house.clock.advance(by: .seconds(3))
        #expect(await answer.html.contains("on its way"))
        gate.open()
        #expect(await eventually { await scene.decisions.count == 1 })
    }
}

/// Telegram buttons: the relay polls for presses, so that no port has to be open.
struct TelegramButtonTests {
    private static let keys = InboxMessage.Kind.telegram.keys(base: House.service(.telegram))

    private func listener(_ scene: DecidingScene) async throws -> TelegramListener {
        try #require(
            await scene.house.relay.telegramListeners(keys: House.keys, tools: scene.house.tools).first)
    }

    @Test func `a press decides, whoever pressed is told, and it is asked for only once`() async throws {
        let scene = try await DecidingScene(destination: Self.keys)
        await scene.house.inbox.press(telegram: try await scene.button("approve", .telegram), user: 11, name: "Ann")
        let listener = try await listener(scene)
        try await listener.listenOnce()
        // The listener does not wait for RevKeen's response. The person who pressed gets the outcome when it is there.
        #expect(await eventually { await scene.house.inbox.told.map(\.text) == ["Approved by ann."] })
        #expect(await scene.decisions.map(\.choice) == [.approve])
        try await listener.listenOnce()
        #expect(await scene.house.inbox.told.count == 1)
        #expect(try await scene.audit() == ["ann telegram (ops) approve taken"])
    }

    @Test func `a crash between the answer and what follows neither loses a press nor repeats it`() async throws {
        let scene = try await DecidingScene(destination: Self.keys)
        await scene.house.inbox.press(telegram: try await scene.button("approve", .telegram), user: 11, name: "Ann")
        scene.house.transport.misbehave(at: "/approve", .unreachable)
        try await listener(scene).listenOnce()
        #expect(try await scene.house.ledger.answerStates() == [.asked])
        // The program starts again: the update is not read a second time, and the answer is sent to RevKeen again.
        scene.house.transport.misbehave(nil)
        let listener = try await listener(scene)
        try await listener.listenOnce()
        #expect(try await scene.house.ledger.answerStates().count == 1)
    }

    @Test func `strangers and forged buttons are told so, and change nothing`() async throws {
        let scene = try await DecidingScene(route: "approvers: [ann, bob]", destination: Self.keys)
        await scene.house.inbox.press(telegram: try await scene.button("approve", .telegram), user: 99, name: "Mallory")
        await scene.house.inbox.press(telegram: "a.00000000.forged.AAAA", user: 11, name: "Ann")
        try await listener(scene).listenOnce()
        #expect(await eventually { await scene.house.inbox.told.count == 2 })
        let told = await scene.house.inbox.told.map(\.text).sorted { $0.count > $1.count }
        #expect(told.first?.hasPrefix("This is for ann, bob to decide") == true)
        #expect(told.last == "This button is not one of this relay's, or of an older one.")
        #expect(await scene.decisions.isEmpty)
        #expect(try await scene.audit() == ["Mallory (telegram 99) telegram (ops) approve denied"])
    }

    /// Presses Reject and hears it. Returns the question.
    private func question(_ scene: DecidingScene, _ listener: TelegramListener, user: Int = 11) async throws -> InboxMessage {
        await scene.house.inbox.press(telegram: try await scene.button("reject", .telegram), user: user, name: "Ann")
        try await listener.listenOnce()
        return try #require(await scene.house.inbox.messages(kind: .telegram).last)
    }

    @Test func `a rejection in Telegram asks why, and the reply is the reason`() async throws {
        let scene = try await DecidingScene(route: "reason: required", destination: Self.keys), listener = try await listener(scene)
        let question = try await question(scene, listener)
        #expect(question.json?["reply_markup"]?["force_reply"]?.bool == true && question.said.contains("Ann</a>, why do you reject this?"))
        #expect(await scene.house.inbox.told.map(\.text) == ["Say why in a reply to the question."])
        #expect(await scene.decisions.isEmpty)
        _ = try await self.question(scene, listener)
        #expect(await scene.house.inbox.messages(kind: .telegram).count == 2, "who is asked already is not asked twice")
        await scene.house.inbox.say(telegram: "I think so too", to: question.id, user: 12, name: "Bob")
        await scene.house.inbox.say(telegram: "Good morning", to: nil, user: 11, name: "Ann")
        await scene.house.inbox.say(telegram: "Too much", to: question.id, user: 11, name: "Ann")
        try await listener.listenOnce()
        #expect(await eventually { await scene.decisions.map(\.reason) == ["Too much (ann)"] })
        #expect(await eventually { await scene.house.inbox.messages(kind: .telegram).last?.said == "Rejected by ann." })
        #expect(try await scene.audit() == ["ann telegram (ops) reject taken"])
        #expect(try await scene.house.ledger.questions(of: "telegram/\(listener.bot.bot)").isEmpty)
        await scene.house.inbox.say(telegram: "Once more", to: question.id, user: 11, name: "Ann")
        try await listener.listenOnce()
        #expect(await scene.decisions.count == 1)
    }

    @Test(arguments: [("", "-", 1), ("reason: required", "-", 0), ("reason: required", "", 0)])
    func `a dash rejects without a reason, where none is needed`(route: String, text: String, decisions: Int) async throws {
        let scene = try await DecidingScene(route: route, destination: Self.keys), listener = try await listener(scene)
        let question = try await question(scene, listener)
        await scene.house.inbox.say(telegram: text, to: question.id, user: 11, name: "Ann")
        try await listener.listenOnce()
        #expect(await eventually { await scene.house.inbox.messages(kind: .telegram).count == 3 })
        #expect(await scene.decisions.count == decisions)
        let said = try #require(await scene.house.inbox.messages(kind: .telegram).last?.said)
        #expect(said.contains(decisions == 1 ? "Rejected by ann" : "A reason is needed"))
    }

    @Test func `a reason that never comes decides nothing and says so, also after a crash`() async throws {
        let scene = try await DecidingScene(destination: Self.keys)
        _ = try await question(scene, try await listener(scene))
        scene.house.clock.advance(by: .seconds(601))
        try await listener(scene).listenOnce()
        #expect(await scene.house.inbox.messages(kind: .telegram).last?.said == "No reason came, so nothing was decided.")
        try await listener(scene).listenOnce()
        #expect(await scene.house.inbox.messages(kind: .telegram).count == 3)
        #expect(await scene.decisions.isEmpty)
    }

    @Test func `who may not decide is not asked, and a reply after a change decides nothing`() async throws {
        let scene = try await DecidingScene(route: "approvers: [ann]", destination: Self.keys), listener = try await listener(scene)
        await scene.house.inbox.press(telegram: try await scene.button("reject", .telegram), user: 99, name: "Mallory")
        try await listener.listenOnce()
        #expect(await eventually { await scene.house.inbox.told.last?.text.hasPrefix("This is for ann to decide") == true })
        #expect(await scene.house.inbox.messages(kind: .telegram).count == 1)
        let question = try await question(scene, listener)
        await scene.house.world.changeApproval(scene.approval, action: "Refund 1,000,000", actions: .null)
        try await scene.house.look()
        await scene.house.inbox.say(telegram: "Too much", to: question.id, user: 11, name: "Ann")
        try await listener.listenOnce()
        #expect(await eventually { await scene.house.inbox.messages(kind: .telegram).last?.said.contains("has changed since") == true })
        #expect(await scene.decisions.isEmpty)
    }

    @Test func `where nobody can be asked, a rejection decides, unless a reason is needed`() async throws {
        for (route, word) in [("", "Rejected by ann."), ("reason: required", "A reason is needed")] {
            let scene = try await DecidingScene(route: route, destination: Self.keys)
            await scene.house.inbox.press(telegram: try await scene.button("reject", .telegram), user: 11, name: "Ann", type: "channel")
            try await listener(scene).listenOnce()
            #expect(await eventually { await scene.house.inbox.told.last?.text.hasPrefix(word) == true })
        }
    }

    @Test func `one bot in two chats is asked by one`() async throws {
        let house = try await House(
            House.file(
                destinations: "ops: {\(Self.keys)}, room: {\(Self.keys.replacing("-100", with: "-200"))}, quiet: {\(Self.keys)}",
                routes: "{name: all, when: {kind: approval}, to: [ops, room]}, {name: rest, when: {kind: run}, to: [quiet]}"),
            channels: .real)
        let listeners = await house.relay.telegramListeners(keys: House.keys, tools: house.tools)
        #expect(listeners.map(\.destinations) == [["ops", "room"]])
    }

    @Test func `a bot that another program listens to is said once, and asked again later`() async throws {
        let scene = try await DecidingScene(destination: Self.keys)
        await scene.house.inbox.arrange {
            $0.always = InboxFaults.Refusal(
                409, body: #"{"ok":false,"error_code":409,"description":"Conflict: terminated by other getUpdates request"}"#)
        }
        let error = await #expect(throws: DeliveryError.self) { try await listener(scene).listenOnce() }
        #expect(error?.verdict == .gone && error?.detail.contains("409") == true)
    }
}

extension InboxMessage {
    /// The text of a message to Telegram.
    fileprivate var said: String { json?["text"]?.string ?? "" }
}
