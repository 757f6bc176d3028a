import Channels
import Dedup
import Foundation
import RelayCore
import RelaySupport
import RelayTesting
import Rendering
import Sandbox
import Testing

@testable import NotifyRelay

/// The same digest as each type of destination gets it, byte by byte.
struct DigestShapeTests {
    private static let now = Timestamp.at("2026-11-25T08:00:00Z")

    private static let destinations = """
        links: {run: "https://app.example/runs/{run_id}", approval: "https://app.example/approvals/{approval_id}"}
        accounts: {live: {api_key: "${KEY}"}}
        destinations:
          slack: {type: slack, url: "https://hooks.slack.com/services/T/B/x"}
          discord: {type: discord, url: "https://discord.com/api/webhooks/1/x"}
          telegram: {type: telegram, token: "1:x", chat: "5"}
          matrix: {type: matrix, server: "https://matrix.example", token: x, room: "!a:b"}
          webhook: {type: webhook, url: "https://a.example/"}
        """

    /// A digest with all its parts.
    private var digest: Event {
        var event = Samples.event(.digest, priority: nil, now: Self.now)
        guard case .digest(var detail) = event.payload.detail else { return event }
        detail.waiting = [
            DigestDetail.Waiting(
                account: "live", id: "a1", automation: "Refunds", action: "Refund batch 17", createdAt: Self.now - .seconds(7_200))
        ]
        (detail.told, detail.rest, detail.catchUp, detail.zone) = (4, 2, true, "Europe/London")
        detail.still[0].errors = [
            DigestDetail.Reason(text: "409 Conflict: another sync is running", count: 20),
            DigestDetail.Reason(text: "Timeout after # s", count: 3),
        ]
        detail.still[0].otherErrors = 1
        event.payload.detail = .digest(detail)
        return event
    }

    private func generation(_ yaml: String) throws -> Generation {
        let reading = Reading(yaml)
        let configuration = try #require(reading.configuration, "\(reading.lines)")
        let tools = Tools()
        defer { tools.end() }
        return try #require(Generation.make(configuration, tools: tools.channel, problems: ProblemList()))
    }

    @Test(arguments: ["slack", "discord", "telegram", "matrix", "webhook"])
    func `in a chat it says the same as a mail, as far as there is room`(name: String) throws {
        let generation = try generation(Self.destinations)
        let destination = try #require(generation.destinations.first { $0.name == name })
        let claim = Samples.claim(digest, destination: name, recipient: "")
        let message = generation.composer.message(claim, for: destination.target, now: Self.now).message
        expectGolden(json: destination.channel.preview(message), "digest.\(name).json")
    }

    @Test func `in a mail it is a text and a page`() throws {
        let mail = "mail: {type: email, server: \"smtps://mail.example\", from: relay@example.com, to: [ops@example.com]}"
        let generation = try generation(Self.destinations + "\n  " + mail)
        let destination = try #require(generation.destinations.first { $0.name == "mail" })
        let claim = Samples.claim(digest, destination: "mail", recipient: "ops@example.com")
        let message = generation.composer.message(claim, for: destination.target, now: Self.now).message
        expectGolden(message.title + "\n\n" + message.body + "\n", "digest.txt")
        expectGolden((message.html ?? "") + "\n", "digest.html")
    }

    /// Gmail cuts mails that are longer than 102 KB: https://support.google.com/mail/answer/6584
    @Test func `a full one is not cut by its reader`() async throws {
        let yaml = Self.full
        let house = try await House(yaml)
        try await fill(house)
        let digest = try #require(try await house.events(.digest).last)
        guard case .digest(let detail) = digest.payload.detail else { return }
        #expect(detail.new.count == 10 && detail.still.count == 10 && detail.recovered.count == 20)
        #expect(detail.events.count == 20 && detail.waiting.count == 20 && detail.rest == 15 + 15 + 5 + 10 + 10)
        let generation = try house.generation(yaml)
        let destination = try #require(generation.destinations.first)
        let claim = Samples.claim(digest, destination: "mail", recipient: "ops@example.com")
        let message = generation.composer.message(claim, for: destination.target, now: Self.now).message
        let size = (message.html ?? "").utf8.count
        #expect((60_000..<102_000).contains(size), "\(size)")
        #expect(message.body.utf8.count < size)
    }

    private static let full = House.file(
        destinations: "mail: {type: email, server: \"smtps://mail.example\", from: relay@example.com, to: [ops@example.com]}",
        routes: "{name: all, when: {kind: [run, notification]}, digest: [morning]}, {name: ask, when: {kind: approval}, to: [mail]}",
        rest: """
            links: {run: "https://automations.example.com/workspaces/acme/runs/{run_id}"}
            digests: {morning: {at: "08:00", to: [mail], waiting: true}}
            """)

    /// Makes 25 automations that still fail, 25 that newly fail, 25 that recovered, 30 messages and 30 approvals, all with long texts.
    private func fill(_ house: House) async throws {
        for number in 1...50 { try await fail(house, "Reconcile ledger \(number)", times: 1) }
        try await house.close(at: Self.now)
        for number in 26...50 { try await house.run("Reconcile ledger \(number)", .succeeded, id: "\(UUID())") }
        for number in 1...25 { try await fail(house, "Reconcile ledger \(number)", times: 8) }
        for number in 51...75 { try await fail(house, "Reconcile ledger \(number)", times: 8) }
        for number in 1...30 { try await house.notify("\(number) " + String(repeating: "words ", count: 40)) }
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        for number in 1...30 {
            await house.world.requestApproval(run: run, action: "Refund batch \(number): " + String(repeating: "words ", count: 40))
        }
        try await house.look()
        try await house.close(at: Self.now + .days(1))
    }

    private func fail(_ house: House, _ automation: String, times: Int) async throws {
        for number in 0..<times {
            let kind = String(repeating: "bcdfg"[number % 5], count: 60) + " "
            try await house.run(automation, error: String(repeating: kind, count: 8), id: "\(UUID())")
        }
    }
}

extension String {
    fileprivate subscript(offset: Int) -> Character { self[index(startIndex, offsetBy: offset)] }
}
