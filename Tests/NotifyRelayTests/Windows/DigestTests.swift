import Dedup
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// One message at a set time with what newly fails, what still fails and what recovered. Each test begins at 9 o'clock in the morning.
struct DigestTests {
    private static func file(
        _ digest: String = "", routes: String = "", destinations: String = "oncall: {type: console}, ops: {type: console}"
    )
        -> String
    {
        House.file(
            destinations: destinations,
            routes: routes.isEmpty ? "{name: failures, when: {kind: run, outcome: failed}, digest: [morning]}" : routes,
            rest: "digests: {morning: {at: \"08:00\", to: [oncall]\(digest)}}")
    }

    private static let morning = Timestamp.at("2026-11-25T08:00:00Z")
    private static func morning(_ days: Int) -> Timestamp { morning + .days(days) }

    @Test func `what fails is told at the hour, by automation, with its kinds of errors and the end of the last`() async throws {
        let house = try await House(Self.file())
        for number in 1...3 {
            house.clock.advance(by: .minutes(10))
            try await house.run("Invoices", error: "Timeout after \(number * 10) s at 10.0.0.\(number):443", id: "r\(number)")
        }
        try await house.run("Stock", error: "409 Conflict", id: "r4")
        try await house.close(at: Self.morning - .seconds(1))
        #expect(try await house.gathered().isEmpty)
        try await house.close(at: Self.morning)
        let digest = try await house.lastGathered()
        #expect(digest.headline == "2 automations newly failing")
        #expect(digest.new.map(\.automation) == ["Invoices", "Stock"] && digest.new.map(\.count) == [3, 1])
        let invoices = try #require(digest.new.first)
        #expect(invoices.errors == [DigestDetail.Reason(text: "Timeout after # s at #:#", count: 3)])
        #expect(invoices.error == "Timeout after 30 s at 10.0.0.3:443" && invoices.runs == ["r3", "r2", "r1"])
        #expect(invoices.streak == 3 && invoices.before == nil && !digest.catchUp)
        #expect(try await house.deliveries(of: "digest/morning/2026-11-25T08:00:00Z") == ["oncall owed"])
    }

    @Test(arguments: ["'{'", "replace(payload, '\"{', '\"{{')"])
    func `a digest before that cannot be read is said, and is no digest without failures`(damage: String) async throws {
        let house = try await House(Self.file())
        try await house.run("Invoices", id: "r1")
        try await house.close(at: Self.morning)
        try await house.run("Invoices", id: "r2")
        try await house.damage("UPDATE event SET payload = \(damage) WHERE kind = 'digest'")
        try await house.close(at: Self.morning(1))
        let digest = try await house.lastGathered()
        #expect(
            digest.headline
                == "1 automation still failing (the digest before cannot be read from the store; its days are missing here)")
        #expect(digest.days.map(\.date) == ["2026-11-25", "2026-11-26"] && digest.days.map(\.failed) == [1, 0])
        try await house.close(at: Self.morning(2))
        try await house.run("Invoices", id: "r3")
        try await house.close(at: Self.morning(3))
        let next = try await house.lastGathered()
        #expect(next.headline == "1 automation still failing" && next.days.map(\.failed) == [1, 0, 1, 0])
    }

    @Test func `the next says what fails still, since when and how often, and what recovered`() async throws {
        let house = try await House(Self.file())
        let start = house.clock.now
        try await house.run("Invoices", id: "r1")
        try await house.run("Stock", id: "r2")
        try await house.run("Mail", id: "r3")
        try await house.close(at: Self.morning)
        try await house.run("Invoices", id: "r4")
        try await house.run("Invoices", id: "r5")
        try await house.run("Stock", .succeeded, id: "r6")
        try await house.run("Export", id: "r7")
        try await house.close(at: Self.morning(1))
        let digest = try await house.lastGathered()
        #expect(digest.headline == "1 automation newly failing, 1 still failing, 1 recovered")
        #expect(digest.new.map(\.automation) == ["Export"])
        let still = try #require(digest.still.first)
        #expect(still.automation == "Invoices" && still.count == 2 && still.streak == 3 && still.since == start && still.before == 1)
        let recovered = try #require(digest.recovered.first)
        #expect(recovered.automation == "Stock" && recovered.streak == 1)
    }

    @Test func `what recovered is told once, though it failed in no later window`() async throws {
        let house = try await House(Self.file())
        try await house.run("Stock", id: "r1")
        try await house.close(at: Self.morning)
        try await house.run("Stock", .succeeded, id: "r2")
        try await house.run("Other", .succeeded, id: "r3")
        try await house.close(at: Self.morning(1))
        #expect(try await house.lastGathered().headline == "1 automation recovered")
        try await house.run("Stock", .succeeded, id: "r4")
        try await house.close(at: Self.morning(2))
        #expect(try await house.gathered().count == 2)
    }

    @Test func `what failed and recovered within one window is recovered`() async throws {
        let house = try await House(Self.file())
        try await house.run("Stock", id: "r1")
        house.clock.advance(by: .minutes(1))
        try await house.run("Stock", .succeeded, id: "r2")
        try await house.close(at: Self.morning)
        let digest = try await house.lastGathered()
        #expect(digest.headline == "1 automation recovered" && digest.recovered.first?.count == 1)
    }

    @Test func `a cancelled run neither fails nor recovers`() async throws {
        let house = try await House(Self.file())
        try await house.run("Stock", id: "r1")
        house.clock.advance(by: .minutes(1))
        try await house.run("Stock", .cancelled, id: "r2")
        try await house.close(at: Self.morning)
        #expect(try await house.lastGathered().headline == "1 automation newly failing")
    }

    @Test func `nothing is told of nothing, unless asked`() async throws {
        let house = try await House(Self.file())
        try await house.close(at: Self.morning)
        #expect(try await house.gathered().isEmpty)
        let asking = try await House(Self.file(", send_empty: true"))
        try await asking.close(at: Self.morning)
        let digest = try await asking.lastGathered()
        #expect(digest.headline == "Nothing failed" && digest.isEmpty)
    }

    @Test func `what the same people were told at once is counted, and told again if asked`() async throws {
        let routes = "{name: failures, when: {kind: run, outcome: failed}, to: [oncall], digest: [morning]}"
        let house = try await House(Self.file(routes: routes))
        for number in 1...4 { try await house.run("Stock", id: "r\(number)") }
        try await house.close(at: Self.morning)
        let digest = try await house.lastGathered()
        #expect(digest.told == 4 && digest.new.isEmpty && digest.headline == "Nothing new, 4 told at once")
        let again = try await House(Self.file(", tell_again: true", routes: routes))
        try await again.run("Stock", id: "r1")
        try await again.close(at: Self.morning)
        #expect(try await again.lastGathered().headline == "1 automation newly failing")
    }

    @Test func `what others were told at once is told to those who were not`() async throws {
        let house = try await House(Self.file(routes: "{name: failures, when: {kind: run, outcome: failed}, to: [ops], digest: [morning]}"))
        try await house.run("Stock", id: "r1")
        try await house.close(at: Self.morning)
        let digest = try await house.lastGathered()
        #expect(digest.told == 0 && digest.new.map(\.automation) == ["Stock"])
    }

    @Test func `it takes whatever a route sends it`() async throws {
        let house = try await House(Self.file(routes: "{name: all, digest: [morning]}"))
        try await house.notify("twelve invoices wait")
        try await house.notify("nothing urgent", .low)
        for number in 1...3 { try await house.run("Stock", .succeeded, id: "r\(number)") }
        try await house.close(at: Self.morning)
        let digest = try await house.lastGathered()
        #expect(digest.headline == "2 notifications" && digest.succeeded == 3)
        #expect(digest.events.map(\.message) == ["twelve invoices wait", "nothing urgent"])
    }

    @Test func `the approvals that wait are listed, the longest first, as they are when it closes`() async throws {
        let house = try await House(Self.file(", waiting: true", routes: "{name: all, when: {kind: approval}, to: [ops]}"))
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        let first = await house.world.requestApproval(run: run, action: "Refund batch 1")
        house.clock.advance(by: .minutes(5))
        await house.world.requestApproval(run: run, action: "Refund batch 2")
        try await house.look()
        try await house.close(at: Self.morning)
        let digest = try await house.lastGathered()
        #expect(digest.headline == "2 approvals wait")
        #expect(digest.waiting.map(\.action) == ["Refund batch 1", "Refund batch 2"])
        await house.world.decide(first, approved: true)
        try await house.look()
        try await house.close(at: Self.morning(1))
        #expect(try await house.lastGathered().waiting.map(\.action) == ["Refund batch 2"])
    }

    @Test func `the days of the last fortnight go on from one digest to the next`() async throws {
        let house = try await House(Self.file())
        for number in 1...3 { try await house.run("Stock", id: "r\(number)") }
        try await house.close(at: Self.morning)
        house.clock.advance(by: .hours(1))
        for number in 4...5 { try await house.run("Stock", id: "r\(number)") }
        try await house.close(at: Self.morning(1))
        let days = try await house.lastGathered().days
        #expect(days.count == 14 && days.last?.date == "2026-11-26")
        #expect(days.filter { $0.failed > 0 } == [.init(date: "2026-11-24", failed: 3), .init(date: "2026-11-25", failed: 2)])
    }

    @Test func `what is more than a message holds is counted`() async throws {
        let house = try await House(Self.file())
        for number in 1...40 { try await house.run("Automation \(number)", id: "r\(number)") }
        try await house.close(at: Self.morning)
        let digest = try await house.lastGathered()
        #expect(digest.headline == "40 automations newly failing" && digest.new.count == 20 && digest.rest == 20)
    }

    @Test func `a route that asks for digests gets them too, and one that takes everything does not`() async throws {
        let routes =
            "{name: failures, when: {kind: run}, digest: [morning]}, {name: every, to: [ops]}, {name: copies, when: {kind: digest}, to: [copy]}"
        let house = try await House(
            Self.file(routes: routes, destinations: "oncall: {type: console}, ops: {type: console}, copy: {type: console}"))
        try await house.run("Stock", id: "r1")
        try await house.close(at: Self.morning)
        #expect(try await house.deliveries(of: "digest/morning/2026-11-25T08:00:00Z") == ["oncall owed", "copy owed"])
    }

    @Test func `sent before its time it closes, and the rest of the slot is a window of its own`() async throws {
        let house = try await House(Self.file())
        try await house.run("Stock", id: "r1")
        house.clock.advance(by: .hours(1))
        let digest = try #require(await house.relay.generation.configuration.digests.first)
        let told = try #require(try await house.relay.closer.closeNow(digest))
        #expect(told.id == "digest/morning/2026-11-24T10:00:00Z")
        house.clock.advance(by: .hours(1))
        try await house.run("Mail", id: "r2")
        try await house.close(at: Self.morning)
        let (first, second) = (try await house.gathered()[0], try await house.lastGathered())
        #expect(first.until == second.from && second.until == Self.morning && second.new.map(\.automation) == ["Mail"])
    }
}
