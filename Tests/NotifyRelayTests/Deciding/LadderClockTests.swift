import Policy
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// Housekeeping as it runs: each step of a ladder is told at its own moment, not at the next round of a slow look.
struct LadderClockTests {
    @Test func `steps of seconds are told soon after they are due`() async throws {
        let route = "{name: ask, when: {kind: approval}, to: [ops], remind: [5s, 12s], overdue: 20s, escalate: {after: 15s, to: [boss]}}"
        let house = try await House(House.file(destinations: "ops: {type: console}, boss: {type: console}", routes: route))
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        let running = Task { [relay = house.relay] in await relay.run() }
        // The first rounds find no ladder.
        try await pass(house, .seconds(4))
        _ = await house.world.requestApproval(run: run, action: "Refund 12 EUR?")
        try await pass(house, .seconds(40))
        await house.relay.stop()
        await running.value
        let told = try #require(house.channel().delivered.first { $0.message.event.kind == .approval }).at
        let seconds = { (name: String, kind: Event.Kind) in
            house.channel(name).delivered.filter { $0.message.event.kind == kind }.map { told.duration(to: $0.at).milliseconds / 100 }
        }
        #expect(seconds("ops", .reminder).count == 3, "two steps and the end of its time: \(seconds("ops", .reminder))")
        for (found, due) in zip(seconds("ops", .reminder), [50, 120, 200] as [Int64]) { #expect(found >= due && found <= due + 30) }
        for found in seconds("boss", .approval) { #expect(found >= 150 && found <= 180) }
        #expect(seconds("boss", .approval).count == 1)
    }

    /// Lets time pass in tenths of a second. What wakes up has a few milliseconds of real time before the next one.
    private func pass(_ house: House, _ duration: Duration) async throws {
        let end = house.clock.now + duration
        while house.clock.now < end {
            house.clock.advance(by: .milliseconds(100))
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
