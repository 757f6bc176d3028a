import Dedup
import Policy
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// One message from the request to the end of the run after the decision, byte for byte, for every way of deciding.
struct LivingSequenceTests {
    enum Way: String, CaseIterable { case link, button, command, dashboard }

    private static let secret = "8f742231b10e8888abcd99yyyzzz85a5"
    private static let bot = InboxMessage.Kind.slackBot.keys(base: House.service(.slackBot)) + ", signing_secret: \"\(secret)\""

    @Test(arguments: Way.allCases)
    func `the same message is edited, wherever it was decided`(way: Way) async throws {
        let scene = try await DecidingScene(
            route: "remind: [30m]", destination: Self.bot, actions: [["type": "refund", "amount": "12 EUR"]])
        let house = scene.house
        var stages = [try await shown(house)]
        house.clock.advance(by: .minutes(31))
        try await house.relay.housekeeping.remind()
        await house.deliver()
        stages.append(try await shown(house))
        try await decide(way, scene)
        try await house.look()
        await house.deliver()
        stages.append(try await shown(house))
        let run = try #require(try await scene.row.payload.origin.runID)
        await house.world.finishRun(run, outcome: .failed)
        house.clock.advance(by: .minutes(1))
        try await house.look()
        await house.deliver()
        stages.append(try await shown(house))
        // The request was edited three times. The reminder and the failure of the run are messages of their own.
        #expect(await house.inbox.messages(kind: .slackBot).map(\.edits) == [3, 0, 0])
        expectGolden(JSONValue.array(stages).indented() + "\n", "\(way.rawValue).json")
    }

    private func shown(_ house: House) async throws -> JSONValue {
        try #require(await house.inbox.messages(kind: .slackBot).first?.json)
    }

    private func decide(_ way: Way, _ scene: DecidingScene) async throws {
        switch way {
        case .link: #expect(await scene.post(try scene.token(), "approve").html.contains("Approved by somebody at ops"))
        case .button:
            let press = Pressing.slack(
                try await scene.button("approve", .slackBot), action: "approve", user: "UANN", secret: Self.secret,
                answerTo: DecidingScene.answers, now: scene.house.clock.now)
            #expect(await scene.answer(press).status == 200)
            #expect(await eventually { await scene.decisions.count == 1 })
        case .command:
            let speaker = Speaker(person: "bob", fallbackName: "bob", way: "command line", destination: nil, address: nil)
            let outcome = try await scene.house.relay.deciding.decide(
                DecisionRequest(
                    account: "live", approval: scene.approval, choice: .reject, reason: "too dear", shown: nil, speaker: speaker))
            #expect(outcome.text == "rejected by bob")
        case .dashboard: #expect(await scene.house.world.decide(scene.approval, approved: true, by: "user-1"))
        }
    }
}
