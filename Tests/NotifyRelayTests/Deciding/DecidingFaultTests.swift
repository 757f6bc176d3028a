import Dedup
import Policy
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// The store fails while somebody decides. The text for the person is true, and nothing is decided twice or lost.
struct DecidingFaultTests {
    private static let secret = "8f742231b10e8888abcd99yyyzzz85a5"
    private static let slack = InboxMessage.Kind.slackBot.keys(base: House.service(.slackBot)) + ", signing_secret: \"\(secret)\""
    private static let telegram = InboxMessage.Kind.telegram.keys(base: House.service(.telegram))

    private func press(_ scene: DecidingScene) async throws {
        let request = Pressing.slack(
            try await scene.button("approve", .slackBot), action: "approve", user: "UANN", secret: Self.secret,
            answerTo: DecidingScene.answers, now: scene.house.clock.now)
        #expect(await scene.answer(request).status == 200)
    }

    private func answerState(_ scene: DecidingScene) async throws -> Answer.State? {
        try await scene.house.ledger.lastAnswer(account: "live", approval: scene.approval)?.state
    }

    /// Makes the store refuse to settle an answer as `taken`.
    private func refuseSettlement(_ scene: DecidingScene) async throws {
        try await scene.house.refuse("UPDATE OF state ON answer", when: "NEW.state = 'taken'")
    }

    private func isCarriedOnOnce(_ scene: DecidingScene) async throws {
        #expect(try await answerState(scene) == .asked)
        try await scene.house.refuseNothing()
        scene.house.clock.advance(by: .seconds(61))
        try await scene.house.relay.carrier.carry()
        #expect(try await answerState(scene) == .taken)
        #expect(await scene.decisions.map(\.choice) == [.approve])
        #expect(scene.house.transport.asks { $0.path.hasSuffix("/approve") }.count == 2)
    }

    // MARK: RevKeen took it, and the store could not record that

    @Test func `the page says that RevKeen took it, not to try again, and the same key is used later`() async throws {
        let scene = try await DecidingScene()
        try await refuseSettlement(scene)
        let page = await scene.post(try scene.token(), "approve")
        #expect(page.status == 200)
        #expect(page.html.contains("RevKeen took it (approved by somebody at ops); this relay could not write that down yet"))
        #expect(page.html.contains("It was approved by somebody at ops"))
        #expect(!page.html.contains("try again") && !page.offersForm)
        try await isCarriedOnOnce(scene)
    }

    @Test func `whoever pressed a button is told that RevKeen took it`() async throws {
        let scene = try await DecidingScene(destination: Self.slack)
        try await refuseSettlement(scene)
        try await press(scene)
        #expect(await eventually { await scene.saidInSlack.count == 1 })
        let said = try #require(await scene.saidInSlack.first)
        #expect(said.hasPrefix("RevKeen took it (approved by ann); this relay could not write that down yet"), "\(said)")
        try await isCarriedOnOnce(scene)
    }

    @Test func `an answer that cannot be claimed is written down all the same, and the page says so`() async throws {
        let scene = try await DecidingScene()
        try await scene.house.refuse("UPDATE OF fence ON answer")
        let page = await scene.post(try scene.token(), "approve")
        #expect(page.html.contains("The answer is written down; RevKeen is told when the store can be written again"))
        #expect(page.html.contains("On its way") && !page.html.contains("try again"))
        #expect(await scene.decisions.isEmpty)
        try await scene.house.refuseNothing()
        try await scene.house.relay.carrier.carry()
        #expect(await scene.decisions.map(\.choice) == [.approve])
    }

    @Test func `what came of it is said even if the page cannot be read after`() async throws {
        let scene = try await DecidingScene(), token = try scene.token(), page = await scene.get(token)
        let house = scene.house
        let blind = DecisionPages(
            approvals: BlindReader(reader: house.relay.approvals), deciding: house.relay.deciding, keys: House.keys,
            publicURL: DecidingScene.publicURL, clock: house.clock, logger: house.book.logger)
        let done = await scene.post(token, "approve", from: page, through: blind)
        #expect(done.status == 200 && done.html.contains("Approved by somebody at ops"))
        #expect(done.html.contains("cannot read its store"))
    }

    // MARK: Nothing was written

    @Test(arguments: ["approval", "answer", "vote"])
    func `a store that cannot be read is 503, never an approval that is not known`(table: String) async throws {
        let scene = try await DecidingScene(), token = try scene.token()
        let page = try await scene.house.without(table) { await scene.get(token) }
        #expect(page.status == 503 && page.html.contains("cannot read its store"))
        #expect(!page.html.contains("Not known") && !page.offersForm)
        #expect(await scene.get(token).offersForm)
    }

    @Test func `an answer that cannot be written is not given, and can be given again`() async throws {
        let scene = try await DecidingScene(), token = try scene.token()
        try await scene.house.refuse("INSERT ON answer")
        let page = await scene.post(token, "approve")
        #expect(page.status == 503 && page.html.contains("It cannot be written down at the moment; try again") && page.offersForm)
        #expect(await scene.decisions.isEmpty)
        try await scene.house.refuseNothing()
        #expect(await scene.post(token, "approve").html.contains("Approved by somebody at ops"))
    }

    @Test func `a press that cannot be written down is to be pressed again`() async throws {
        let scene = try await DecidingScene(destination: Self.slack)
        try await scene.house.refuse("INSERT ON answer")
        try await press(scene)
        #expect(await eventually { await scene.saidInSlack == ["It cannot be written down at the moment; press again."] })
        #expect(await scene.decisions.isEmpty)
        try await scene.house.refuseNothing()
        try await press(scene)
        #expect(await eventually { await scene.saidInSlack.last == "Approved by ann." })
    }

    // MARK: Telegram

    private func pressed() async throws -> (DecidingScene, TelegramListener) {
        let scene = try await DecidingScene(destination: Self.telegram), house = scene.house
        await house.inbox.press(telegram: try await scene.button("approve", .telegram), user: 11, name: "Ann")
        return (scene, try #require(await house.relay.telegramListeners(keys: House.keys, tools: house.tools).first))
    }

    @Test func `a position that cannot be read is not the beginning`() async throws {
        let (scene, listener) = try await pressed()
        try await scene.house.without("listener") {
            _ = await #expect(throws: LedgerError.self) { try await listener.listenOnce() }
        }
        #expect(await scene.house.inbox.told.isEmpty)
        try await listener.listenOnce()
        #expect(await eventually { await scene.house.inbox.told.map(\.text) == ["Approved by ann."] })
    }

    @Test func `a press that cannot be written down comes again, whatever was pressed after it`() async throws {
        let (scene, listener) = try await pressed()
        await scene.house.inbox.press(telegram: "a.00000000.forged.AAAA", user: 12, name: "Bob")
        try await scene.house.refuse("INSERT ON answer")
        await #expect(throws: LedgerError.self) { try await listener.listenOnce() }
        try await scene.house.refuseNothing()
        try await listener.listenOnce()
        #expect(await eventually { await scene.house.inbox.told.count == 2 })
        #expect(await scene.decisions.map(\.choice) == [.approve])
    }

    @Test func `the listener waits for the store, says so once, and asks again`() async throws {
        let (scene, listener) = try await pressed()
        let house = scene.house
        try await house.refuse("INSERT ON answer")
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { await listener.run() }
            for _ in 0..<3 {
                #expect(await eventually { house.clock.sleeperCount == 1 })
                house.clock.advance(by: .seconds(5))
            }
            #expect(await eventually { house.clock.sleeperCount == 1 })
            #expect(house.book.lines.filter { $0.contains("what is pressed there is not heard") }.count == 1)
            try await house.refuseNothing()
            house.clock.advance(by: .seconds(5))
            #expect(await eventually { await scene.decisions.count == 1 })
        }
    }

    // MARK: Reminders

    @Test func `mutes that cannot be read are not no mutes`() async throws {
        let house = try await House(House.file(routes: "{name: ask, when: {kind: approval}, to: [ops], remind: [30m]}"))
        _ = await house.world.requestApproval(
            run: await house.world.startRun(of: house.world.addAutomation(name: "Refunds")), action: "Refund 12 EUR?")
        try await house.look()
        await house.deliver()
        try await house.ledger.mute("Refunds", until: house.clock.now + .hours(5))
        house.clock.advance(by: .minutes(31))
        await #expect(throws: LedgerError.self) { try await house.without("mute") { try await house.relay.housekeeping.remind() } }
        #expect(try await house.events(.reminder).isEmpty)
        try await house.relay.housekeeping.remind()
        #expect(try await house.events(.reminder).count == 1)
        await house.deliver()
        #expect(house.channel().delivered.map(\.message.event.kind) == [.approval])
    }

    // MARK: A reload

    @Test func `pages that were made before a reload ask who may by the new file`() async throws {
        let scene = try await DecidingScene(), token = try scene.token(), house = scene.house
        #expect(await scene.get(token).offersForm)
        try await house.running {
            try await house.relay.adopt(
                try house.generation(
                    House.file(
                        destinations: "ops: {type: webhook, url: \"https://inbox.example/hooks/web/ops\"}",
                        routes: "{name: all, to: [ops], approvers: [ann]}", rest: DecidingScene.people + "\n" + DecidingScene.server)))
            #expect(await eventually { await !scene.get(token).offersForm })
        }
    }
}

/// A reader that fails after a decision, as if the store failed between the answer and the page.
private struct BlindReader: ApprovalReading {
    let reader: ApprovalReader

    func refresh(_ account: String, within age: Duration) async { await reader.refresh(account, within: age) }

    func view(of approval: String, account: String, by speaker: Speaker) async throws(LedgerError) -> ApprovalView? {
        throw LedgerError(.io, "the disk is gone")
    }

    func reader(at destination: String, mark: String?) async -> Reader { await reader.reader(at: destination, mark: mark) }
}
