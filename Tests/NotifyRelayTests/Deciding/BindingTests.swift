import Dedup
import Policy
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing
import Transport

@testable import NotifyRelay

/// RevKeen is called only for what the person saw: the approval is read before each call, and compared.
struct SeenBeforeCallTests {
    private static let slack = InboxMessage.Kind.slack.keys(base: House.service(.slack)) + ", signing_secret: \"a secret\""

    private func calls(_ scene: DecidingScene) -> Int {
        scene.house.transport.asks { $0.path.hasSuffix("/approve") || $0.path.hasSuffix("/reject") }.count
    }

    private func change(_ scene: DecidingScene) async {
        await scene.house.world.changeApproval(scene.approval, action: "Refund 9,000 EUR?", actions: .null)
    }

    private func answer(_ scene: DecidingScene) async throws -> Answer? {
        try await scene.house.ledger.lastAnswer(account: "live", approval: scene.approval)
    }

    /// The store still holds what the page showed, so only the read before the call can tell.
    @Test func `a request that changes under an open page is not decided, and the page shows it anew`() async throws {
        let scene = try await DecidingScene(), token = try scene.token(), page = await scene.get(token)
        await change(scene)
        scene.house.clock.advance(by: .seconds(2))
        let answered = await scene.post(token, "approve", from: page)
        #expect(answered.html.contains("It has changed since") && answered.html.contains("Refund 9,000 EUR?"))
        #expect(calls(scene) == 0)
        #expect(try await scene.audit().last?.hasSuffix("approve lost") == true)
        // It is free again.
        #expect(await scene.post(token, "approve").html.contains("Approved by somebody at ops"))
        #expect(calls(scene) == 1)
    }

    @Test func `a button that is pressed three seconds after a change decides nothing`() async throws {
        let scene = try await DecidingScene(destination: Self.slack)
        let press = Pressing.slack(
            try await scene.button("approve", .slack), action: "approve", user: "UANN", secret: "a secret", answerTo: DecidingScene.answers,
            now: scene.house.clock.now)
        await change(scene)
        scene.house.clock.advance(by: .seconds(3))
        #expect(await scene.answer(press).status == 200)
        #expect(await eventually { await scene.saidInSlack == ["It has changed since; look at what is asked now."] })
        #expect(calls(scene) == 0)
        #expect(try await answer(scene)?.state == .lost)
    }

    @Test func `while RevKeen does not answer nothing is sent, and the person is told`() async throws {
        let scene = try await DecidingScene(), token = try scene.token(), page = await scene.get(token)
        await scene.house.world.arrange { $0.unavailable = 503 }
        let answered = await scene.post(token, "approve", from: page)
        #expect(answered.html.contains("RevKeen is not answering; kept, and will be checked again"))
        #expect(answered.html.contains("It was not sent to RevKeen yet"))
        #expect(calls(scene) == 0)
        let kept = try #require(try await answer(scene))
        #expect(kept.state == .asked && kept.calledAt == nil)
        #expect(kept.shown == (try await scene.row.shownHash))
        // RevKeen is back, and shows the same.
        await scene.house.world.arrange { $0.unavailable = nil }
        scene.house.clock.advance(by: .seconds(6))
        try await scene.house.relay.carrier.carry()
        #expect(await scene.decisions.map(\.choice) == [.approve])
    }

    @Test func `an answer that waited is lost if the request changed meanwhile, and that is told`() async throws {
        let scene = try await DecidingScene(), token = try scene.token()
        let page = await scene.get(token)
        await scene.house.world.arrange { $0.unavailable = 503 }
        _ = await scene.post(token, "approve", from: page)
        await scene.house.world.arrange { $0.unavailable = nil }
        await change(scene)
        scene.house.clock.advance(by: .seconds(6))
        try await scene.house.relay.carrier.carry()
        #expect(calls(scene) == 0)
        #expect(try await answer(scene)?.state == .lost)
        let told = try #require(try await scene.house.events(.relay).last)
        #expect(told.subject.contains("answer_lost"), "\(told)")
        #expect(await scene.get(token).offersForm)
    }

    @Test func `an approval that RevKeen does not show any more is not decided`() async throws {
        let scene = try await DecidingScene(), token = try scene.token(), page = await scene.get(token)
        scene.house.transport.misbehave { ask in
            ask.path.hasSuffix("/approvals") || ask.path.contains("/runs/")
                ? .changed { response in
                    var response = response
                    response.body = Array(#"{"data":[]}"#.utf8)
                    return response
                } : .world
        }
        let answered = await scene.post(token, "approve", from: page)
        #expect(calls(scene) == 0)
        #expect(!answered.html.contains("Approved by"))
    }

    /// The response of the first call is lost. The read shows the approval as decided, and the same call under the same key tells by whom.
    @Test func `a call that may have taken effect is repeated under its key, never judged by the read alone`() async throws {
        let scene = try await DecidingScene(), token = try scene.token()
        await scene.house.world.arrange { $0.lostAnswers = 1 }
        let answered = await scene.post(token, "approve")
        #expect(answered.html.contains("the answer is kept and sent again"))
        #expect(answered.html.contains("It was sent to RevKeen") && !answered.offersForm)
        scene.house.clock.advance(by: .seconds(6))
        try await scene.house.relay.carrier.carry()
        #expect(try await answer(scene)?.state == .taken)
        #expect(await scene.decisions.map(\.choice) == [.approve])
        #expect(calls(scene) == 2)
    }

    /// RevKeen forgets a key after 24 h. A repeated call could then only fail, so the result that is read counts.
    @Test func `a call whose key RevKeen has forgotten is judged by what RevKeen shows`() async throws {
        let scene = try await DecidingScene(), token = try scene.token()
        await scene.house.world.arrange { $0.lostAnswers = 1 }
        _ = await scene.post(token, "approve")
        scene.house.clock.advance(by: .hours(25))
        try await scene.house.relay.carrier.carry()
        #expect(try await answer(scene)?.state == .taken)
        #expect(calls(scene) == 1)
    }

    /// A proxy or a login page in front of RevKeen answers 200 too.
    @Test(arguments: [
        "<html>sign in</html>", #"{"error":{"code":"forbidden"}}"#, #"{"data":{"approval_id":"another"}}"#, #"{"data":{"approval"#, "[]",
    ])
    func `a response that is not RevKeen's own does not count, and what RevKeen shows decides`(body: String) async throws {
        let scene = try await DecidingScene(), token = try scene.token()
        scene.house.transport.misbehave(at: "/approve", .status(200, body))
        let answered = await scene.post(token, "approve")
        #expect(!answered.html.contains("Approved by") && answered.html.contains("the answer is kept and checked again"))
        #expect(try await answer(scene)?.state == .asked)
        scene.house.transport.misbehave(nil)
        scene.house.clock.advance(by: .seconds(6))
        try await scene.house.relay.carrier.carry()
        #expect(await scene.decisions.map(\.choice) == [.approve])
        #expect(try await answer(scene)?.state == .taken)
    }

    /// Changes the run's detail before it is read.
    private func detail(_ scene: DecidingScene, _ change: @escaping @Sendable (JSONValue) -> JSONValue) {
        scene.house.transport.misbehave { ask in
            guard ask.path.contains("/runs/") else { return .world }
            return .changed { response in
                var response = response
                guard let json = try? JSONValue(parsing: response.body), let data = json["data"] else { return response }
                response.body = JSONValue.object(["data": change(data)]).bytes
                return response
            }
        }
    }

    @Test func `a run that is over, another run, and an id that is shown in two ways are not decided`() async throws {
        let changes: [@Sendable (JSONValue) -> JSONValue] = [
            { .object(($0.object ?? [:]).merging(["completed_at": "2026-11-24T09:00:00Z"]) { $1 }) },
            { .object(($0.object ?? [:]).merging(["id": "another-run"]) { $1 }) },
            { data in
                let first = data["approvals"]?.array?.first?.object ?? [:]
                let second = JSONValue.object(first.merging(["action_summary": "Refund 9,000 EUR?"]) { $1 })
                return .object((data.object ?? [:]).merging(["approvals": .array([.object(first), second])]) { $1 })
            },
        ]
        for change in changes {
            let scene = try await DecidingScene(), token = try scene.token(), page = await scene.get(token)
            detail(scene, change)
            let answered = await scene.post(token, "approve", from: page)
            #expect(calls(scene) == 0 && !answered.html.contains("Approved by"))
        }
    }

    // MARK: Withdrawing

    @Test func `what was not sent yet can be withdrawn, and is free again`() async throws {
        let scene = try await DecidingScene(), token = try scene.token(), page = await scene.get(token)
        await scene.house.world.arrange { $0.unavailable = 503 }
        let kept = await scene.post(token, "approve", from: page)
        #expect(kept.html.contains("Withdraw the answer"))
        let withdrawn = await scene.post(token, "withdraw", from: kept, cookie: page.cookie)
        #expect(withdrawn.html.contains("is not sent to RevKeen") && withdrawn.html.contains("value=\"approve\""))
        #expect(try await answer(scene)?.state == .withdrawn)
        await scene.house.world.arrange { $0.unavailable = nil }
        scene.house.clock.advance(by: .minutes(10))
        try await scene.house.relay.carrier.carry()
        #expect(calls(scene) == 0)
        #expect(try await scene.audit().last?.hasSuffix("approve withdrawn") == true)
        #expect(await scene.post(token, "reject").html.contains("Rejected by somebody at ops"))
    }

    @Test func `what RevKeen may have taken cannot be withdrawn`() async throws {
        let scene = try await DecidingScene(), token = try scene.token(), page = await scene.get(token)
        await scene.house.world.arrange { $0.lostAnswers = 1 }
        let kept = await scene.post(token, "approve", from: page)
        #expect(!kept.html.contains("Withdraw the answer"))
        let refused = await scene.post(token, "withdraw", from: page)
        #expect(refused.html.contains("it cannot be withdrawn"))
        #expect(try await answer(scene)?.state == .asked)
    }

    @Test func `who may not decide may not withdraw`() async throws {
        let scene = try await DecidingScene(route: "approvers: [ann]")
        let speaker = Speaker(person: "ann", fallbackName: "ann", way: "link", destination: "ops", address: nil)
        let eve = Speaker(person: "eve", fallbackName: "eve", way: "link", destination: "ops", address: nil)
        await scene.house.world.arrange { $0.unavailable = 503 }
        let deciding = scene.house.relay.deciding
        _ = try await deciding.decide(
            DecisionRequest(account: "live", approval: scene.approval, choice: .approve, reason: nil, shown: nil, speaker: speaker))
        #expect(try await deciding.withdraw(scene.approval, of: "live", by: eve).kind == .denied)
        #expect(try await answer(scene)?.state == .asked)
        #expect(try await deciding.withdraw(scene.approval, of: "live", by: speaker).kind == .withdrawn)
    }
}

/// Links and buttons name for whom they are, where, and until when.
struct BoundToReaderTests {
    private static let telegram = InboxMessage.Kind.telegram.keys(base: House.service(.telegram))

    private func restart(_ scene: DecidingScene, _ destination: String) async throws -> DecisionPages {
        try await scene.house.restart(
            House.file(
                destinations: "ops: {\(destination)}", routes: "{name: all, to: [ops]}",
                rest: DecidingScene.people + "\n" + DecidingScene.server))
        return scene.house.pages(at: DecidingScene.publicURL)
    }

    private func get(_ token: String, _ pages: DecisionPages) async -> PublicResponse {
        await pages.show(token, PublicRequest(method: "GET", segments: ["a", token]))
    }

    @Test func `a link that was sent to a chat decides nothing after the chat became another one`() async throws {
        let scene = try await DecidingScene(destination: Self.telegram.replacing("-100", with: "11")), token = try scene.token()
        #expect(await scene.get(token).html.contains("<strong>ann</strong>"))
        let page = await get(token, try await restart(scene, Self.telegram.replacing("-100", with: "12")))
        #expect(!page.offersForm && page.html.contains("gets no requests there any more"))
    }

    @Test func `a link of a recipient who was removed only reads`() async throws {
        let mail = "type: email, server: \"smtps://mail.example:465\", from: relay@example.com, to: "
        let scene = try await DecidingScene(destination: mail + "[ann@example.com, bob@example.com]")
        let token = try scene.token(to: "ann@example.com")
        #expect(await scene.get(token).offersForm)
        let page = await get(token, try await restart(scene, mail + "[bob@example.com]"))
        #expect(!page.offersForm && page.html.contains("gets no requests there any more"))
        #expect(page.html.contains("Refund 12 EUR?"))
    }

    private func pressed(chat: Int?, after wait: Duration = .zero) async throws -> (DecidingScene, String?) {
        let scene = try await DecidingScene(destination: Self.telegram)
        await scene.house.inbox.press(telegram: try await scene.button("approve", .telegram), user: 11, name: "Ann", chat: chat)
        scene.house.clock.advance(by: wait)
        let listener = try #require(
            await scene.house.relay.telegramListeners(keys: House.keys, tools: scene.house.tools).first)
        try await listener.listenOnce()
        #expect(await eventually { await scene.house.inbox.told.count == 1 })
        return (scene, await scene.house.inbox.told.first?.text)
    }

    @Test(arguments: [-200, 11, nil])
    func `a press that was copied into another chat decides nothing`(chat: Int?) async throws {
        let (scene, said) = try await pressed(chat: chat)
        #expect(said == "This button is not one of this relay's, or of an older one.")
        #expect(try await scene.audit().isEmpty)
    }

    @Test func `a button expires as a link does`() async throws {
        let (early, _) = try await pressed(chat: -100, after: .days(7))
        #expect(try await early.audit().isEmpty == false)
        let (late, said) = try await pressed(chat: -100, after: .days(8) + .seconds(1))
        #expect(said == "This button has expired; a newer message has one that works.")
        #expect(try await late.audit().isEmpty)
    }

    @Test func `a Slack press from another channel decides nothing`() async throws {
        let bot = InboxMessage.Kind.slackBot.keys(base: House.service(.slackBot)) + ", signing_secret: \"a secret\""
        let scene = try await DecidingScene(destination: bot)
        _ = await scene.answer(
            Pressing.slack(
                try await scene.button("approve", .slackBot), action: "approve", user: "UANN", secret: "a secret",
                answerTo: DecidingScene.answers, channel: "C999", now: scene.house.clock.now))
        #expect(await eventually { await scene.saidInSlack.count == 1 })
        #expect(await scene.decisions.isEmpty)
    }

    @Test func `who was told that it is on its way is told by a report if it is lost`() async throws {
        let scene = try await DecidingScene(destination: InboxMessage.Kind.mattermost.keys(base: House.service(.mattermost)))
        let gate = Gate(), token = try await scene.button("approve", .mattermost)
        await scene.house.world.changeApproval(scene.approval, action: "Refund 9,000 EUR?", actions: .null)
        scene.house.transport.misbehave(at: "/runs/", .held(gate, .world))
        async let answer = scene.answer(Pressing.mattermost(token, user: "mmann", destination: "ops"))
        #expect(await eventually { gate.waiting == 1 && scene.house.clock.nextDeadline != nil })
        scene.house.clock.advance(by: .seconds(3))
        #expect(await answer.html.contains("on its way"))
        gate.open()
        #expect(await eventually { (try? await scene.house.events(.relay).last?.subject.contains("answer_lost")) == true })
        #expect(await scene.decisions.isEmpty)
    }

    @Test func `Telegram is answered in time though RevKeen is slow, and the decision goes on`() async throws {
        let scene = try await DecidingScene(destination: Self.telegram), gate = Gate()
        await scene.house.inbox.press(telegram: try await scene.button("approve", .telegram), user: 11, name: "Ann")
        scene.house.transport.misbehave(at: "/approve", .held(gate, .world))
        let listener = try #require(
            await scene.house.relay.telegramListeners(keys: House.keys, tools: scene.house.tools).first)
        try await listener.listenOnce()
        #expect(await eventually { gate.waiting == 1 && scene.house.clock.nextDeadline != nil })
        scene.house.clock.advance(by: .seconds(3))
        #expect(await eventually { await scene.house.inbox.told.first?.text.contains("on its way") == true })
        gate.open()
        #expect(await eventually { await scene.decisions.count == 1 })
    }
}
