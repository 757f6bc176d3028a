import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// Responses that are valid JSON with strange contents. Nothing is dropped because of them, and nothing is invented.
struct StrangeAnswerTests {
    /// A world with a run that has an item of each kind, and a relay that looked before that run.
    private func house(_ rest: String = "") async throws -> (House, run: String) {
        let house = try await House(House.file(rest: rest))
        let automation = await house.world.addAutomation(name: "Invoices")
        try await house.look()
        house.clock.advance(by: .minutes(1))
        let run = await house.world.startRun(of: automation)
        await house.world.notify(run: run, priority: "high", message: "hello")
        _ = await house.world.requestApproval(run: run, action: "Send")
        return (house, run)
    }

    private func isID(_ name: String) -> Bool { name == "id" || name.hasSuffix("_id") && name != "approved_by_user_id" }

    private func outcomes(_ house: House) async throws -> [RunDetail.Outcome] {
        try await house.events(.run).compactMap { if case .run(let detail) = $0.payload.detail { detail.outcome } else { nil } }
    }

    @Test func `nulls everywhere are empty lists`() async throws {
        let (house, _) = try await house()
        let before = try await house.events().count
        house.transport.misbehave { _ in .changed { $0.rewriting { name, value in name == "data" ? value : .null } } }
        #expect(try await house.look())
        #expect(try await house.events().count == before)
    }

    @Test func `nothing but ids is enough to tell of it`() async throws {
        let (house, _) = try await house()
        house.transport.misbehave { _ in
            .changed {
                $0.rewriting { name, value in
                    ["data", "approvals", "notifications", "automation"].contains(name) || isID(name) ? value : .null
                }
            }
        }
        try await house.look()
        #expect(try await house.told(.notification, .approval).count == 2)
        #expect(try await house.events(.notification).map(\.priority) == [.normal])
        #expect(try await house.events(.notification).map(\.oneLine) == ["notification without a message"])
    }

    @Test func `the word string for every value but ids is told as it is`() async throws {
        let (house, _) = try await house()
        house.transport.misbehave { _ in
            .changed {
                $0.rewriting { name, value in
                    ["data", "approvals", "notifications", "steps", "automation"].contains(name) || isID(name) ? value : "string"
                }
            }
        }
        try await house.look()
        #expect(try await house.events(.notification).map(\.oneLine) == ["string"])
        #expect(try await house.told(.notification).count == 1)
        // A completion time that cannot be read still ends the run. The id contains its hash.
        #expect(try await house.events(.run).map { $0.id.suffix(17) } == ["/473287f8298dba71"])
        #expect(try await outcomes(house) == [.failed])
    }

    @Test func `the word string for every value, ids too, harms nobody`() async throws {
        let (house, _) = try await house()
        house.transport.misbehave { _ in
            .changed { $0.rewriting { name, value in value.array == nil && value.object == nil ? "string" : value } }
        }
        try await house.look()
        try await house.look()
        house.transport.misbehave(nil)
        #expect(try await house.look())
        #expect(try await house.told(.notification).count >= 1)
    }

    @Test func `an unknown word is logged once, passes through and drops nothing`() async throws {
        let (house, run) = try await house()
        await house.world.arrange { $0.words = ["pending": "frobnicated", "succeeded": "zonked"] }
        try await house.look()
        await house.world.finishRun(run, outcome: .succeeded)
        try await house.look()
        try await house.look()
        #expect(try await house.told(.approval).count == 1)
        #expect(try await outcomes(house) == [.succeeded])
        #expect(try await house.events(.run).map(\.payload.origin.runStatus) == ["zonked"])
        for word in ["frobnicated", "zonked"] { #expect(house.book.lines.count { $0.contains("unknown word '\(word)'") } == 1) }
    }

    @Test func `words of the configuration say what a status means`() async throws {
        let (house, run) = try await house("words: {failed: [kaputt], rejected: [abgelehnt]}")
        await house.world.arrange { $0.words = ["succeeded": "kaputt", "pending": "offen"] }
        try await house.look()
        await house.world.arrange { $0.words["pending"] = "abgelehnt" }
        await house.world.finishRun(run, outcome: .succeeded)
        try await house.look()
        #expect(try await outcomes(house) == [.failed])
        let states = try await house.events(.decision).compactMap { event -> ApprovalDetail.State? in
            if case .approval(let detail) = event.payload.detail { detail.state } else { nil }
        }
        #expect(states == [.rejected])
    }

    @Test func `priority_words of the configuration say how loud a notification is`() async throws {
        let (house, run) = try await house("priority_words: {brennt: urgent, high: low}")
        await house.world.notify(run: run, priority: "Brennt", message: "fire")
        try await house.look()
        #expect(Set(try await house.events(.notification).map(\.priority)) == [.urgent, .low])
    }

    @Test(arguments: [Faults.TimeFormat.withoutZone, .unixSeconds, .unixMilliseconds])
    func `a time in any usual form is the same moment`(format: Faults.TimeFormat) async throws {
        let (house, run) = try await house()
        await house.world.arrange { $0.timeFormat = format }
        await house.world.finishRun(run, outcome: .succeeded)
        try await house.look()
        #expect(try await house.events(.run).map(\.id) == ["live/run/\(run)/2026-11-24T09:01:00Z"])
        #expect(try await house.events(.notification).map(\.occurredAt) == [house.clock.now])
    }
}
