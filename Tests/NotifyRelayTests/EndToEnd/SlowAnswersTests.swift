import Foundation
import RelayCore
import RelaySupport
import Sandbox
import Testing

@testable import NotifyRelay

/// Two answers for which RevKeen's response does not arrive, and a daemon that sends them again.
enum KeptAnswers {
    struct Findings: Sendable {
        var approvals: [String]
        var said: [Finished]
        var statesBefore: [String]
        var statesAfter: [String]
        var decisions: [EffectiveDecision]
        var log: String
    }

    static func play() async throws -> Findings {
        try await Stage.with { stage in
            let approvals = [await stage.ask("Refund batch 17"), await stage.ask("Refund batch 18")]
            try await stage.once()
            // RevKeen takes the first answer, and its response is lost. libcurl sends a POST anew, under the same key, if a kept connection
            // ends without a response; so that is lost too. The second answer does not reach RevKeen.
            await stage.world.arrange { $0.lostAnswers = 2 }
            let first = try await stage.relay("approvals", "approve", approvals[0])
            await stage.world.arrange { $0.unavailable = 503 }
            let second = try await stage.relay("approvals", "reject", approvals[1], "--reason", "no")
            let before = try await stage.answerStates()
            await stage.world.arrange { $0.unavailable = nil }
            let relay = try stage.start("run")
            _ = await comesTrue { (try? await stage.answerStates().contains("asked")) == false }
            _ = await relay.stopped()
            return Findings(
                approvals: approvals, said: [first, second], statesBefore: before, statesAfter: try await stage.answerStates(),
                decisions: await stage.world.decisions, log: relay.errorText)
        }
    }
}

extension Stage {
    /// The states of the answers in the audit, oldest first.
    fileprivate func answerStates() async throws -> [String] {
        try await relay("approvals", "log", "--json").json.array?.compactMap { $0["state"]?.string } ?? []
    }
}

struct KeptAnswersTests {
    @Test func `not reached it is 69 and kept, and the daemon carries it on without deciding anything twice`() async throws {
        let seen = try await SlowScenes.keptAnswers.value
        for said in seen.said { #expect(said.status == 69, "\(said.all)") }
        #expect(seen.said[0].out.contains("the answer is kept"), "\(seen.said[0].all)")
        #expect(seen.said[1].out.contains("RevKeen is not answering; kept, and will be checked again"), "\(seen.said[1].all)")
        #expect(seen.statesBefore == ["asked", "asked"])
        #expect(seen.statesAfter == ["taken", "taken"], "\(seen.log)")
        #expect(seen.decisions.map(\.approval) == seen.approvals && seen.decisions.map(\.choice) == [.approve, .reject])
    }
}
