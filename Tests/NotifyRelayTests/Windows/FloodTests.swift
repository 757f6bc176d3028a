import Dedup
import Policy
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// 10,000 failures in ten minutes become a handful of messages and a digest that counts each failure.
struct FloodTests {
    private static let count = 10_000, kinds = 16

    private static func house(route: String = "", ops: String = "") async throws -> House {
        try await House(
            House.file(
                destinations: """
                    ops: {\(InboxMessage.Kind.slack.keys(base: House.service(.slack)))\(ops)},
                    mail: {type: email, server: "smtp://127.0.0.1:25", from: "relay@example.com", to: [ops@example.com]}
                    """,
                routes: "{name: failures, when: {kind: run, outcome: failed}, to: [ops], digest: [hourly]\(route)}",
                rest: "digests: {hourly: {every: 1h, to: [mail]}}"), channels: .real)
    }

    /// Eight automations with two kinds of errors each, whose texts are all different.
    private func flood(_ house: House) async throws {
        var number = 0
        for second in 0..<600 {
            let upTo = Self.count * (second + 1) / 600
            var sightings: [Sighting] = []
            while number < upTo {
                sightings.append(Sighting(failure(number, at: house.clock.now)))
                number += 1
            }
            try await house.relay.admitter.admit(sightings)
            try await house.close()
            house.clock.advance(by: .seconds(1))
            // The lanes deliver once a minute during the flood.
            if second % 60 == 59 { await house.deliver() }
        }
    }

    private func failure(_ number: Int, at now: Timestamp) -> Event {
        let automation = "Automation \(number % 8)"
        let error =
            number / 8 % 2 == 0
            ? "Timeout after \(number) ms at 10.0.0.\(number % 250)" : "409 Conflict: order \(1_000_000 + number) is taken"
        let id = "r\(number)"
        return Event(
            id: EventID.run(id, completed: now.description, account: "live"), account: "live", kind: .run,
            subject: EventID.runSubject(id, account: "live"), priority: .high, occurredAt: now, seenAt: now,
            payload: Payload(
                origin: Origin(automation: automation, automationID: automation, runID: id),
                detail: .run(RunDetail(outcome: .failed, error: error))))
    }

    private func expectDigest(_ house: House) async throws {
        try await house.close(at: .at("2026-11-24T10:00:00Z"))
        await house.deliver()
        let hourly = try #require(try await house.gathered().last { $0.name == "hourly" })
        #expect(hourly.headline == "8 automations newly failing")
        #expect(hourly.new.reduce(0) { $0 + $1.count } == Self.count)
        #expect(hourly.new.flatMap(\.errors).reduce(0) { $0 + $1.count } == Self.count)
        #expect(hourly.new.allSatisfy { $0.errors.count == 2 && $0.otherErrors == 0 })
        #expect(house.mail.mails.count == 1)
    }

    @Test func `collapsed, each kind is told once, and then one count of all the rest`() async throws {
        let house = try await Self.house(route: ", collapse: {by: [automation, error], within: 30m}")
        try await flood(house)
        try await house.close(at: .at("2026-11-24T09:31:00Z"))
        await house.deliver()
        let texts = await house.inbox.messages(kind: .slack).map { $0.json?["text"]?.string ?? "" }
        #expect(texts.count == Self.kinds + 1)
        #expect(texts.last?.contains("\(Self.count - Self.kinds) more like those already told") == true, "\(texts.last ?? "")")
        let counts = (texts.last ?? "").matches(of: /(\d+) more like it/).compactMap { Int($0.1) }
        #expect(counts.count == Self.kinds && counts.reduce(0, +) == Self.count - Self.kinds, "\(texts.last ?? "")")
        try await expectDigest(house)
    }

    @Test func `under a ceiling so many are told, and one summary`() async throws {
        let house = try await Self.house(ops: ", ceiling: {most: 20, within: 5m}")
        try await flood(house)
        try await house.close(at: .at("2026-11-24T09:17:00Z"))
        await house.deliver()
        let texts = await house.inbox.messages(kind: .slack).map { $0.json?["text"]?.string ?? "" }
        #expect(texts.count == 21)
        #expect(texts.last?.contains("\(Self.count - 20) events more than the ceiling of ops lets through") == true, "\(texts.last ?? "")")
        try await expectDigest(house)
    }
}
