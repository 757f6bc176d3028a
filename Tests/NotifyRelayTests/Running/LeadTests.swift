import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import Dedup
@testable import NotifyRelay

/// A relay that loses the lead ends all that it led, stands by, and begins anew when it leads again.
struct LeadTests {
    private func leads(_ epoch: Int) -> Leader { Leader(epoch: epoch, holder: "process 1 on here", since: .distantPast) }

    @Test func `a lost lead cuts off what is in flight, and the next lead sends it again`() async throws {
        let house = try await House(), leadership = house.ledger.leadership
        try await house.owe("a", "b")
        let gate = house.channel().hold()
        try await house.running {
            #expect(await eventually { gate.waiting == 1 })
            leadership.lose()
            #expect(await house.eventuallyInTime { leadership.state == .standsBy })
            #expect(await house.relay.laneRegistry.lanes.isEmpty)
            let owed = try await house.deliveries("a", "b")
            #expect(owed.map(\.state) == [.owed, .owed])
            gate.open()
            leadership.lead(leads(2), acknowledgedFrom: .zero)
            #expect(
                await house.eventuallyInTime {
                    (try? await house.deliveries("a", "b").map(\.state)) == [.delivered, .delivered]
                })
        }
        #expect(Set(house.channel().names).isSuperset(of: ["a", "b"]))
    }

    @Test func `a relay that stands by looks at nothing and sends nothing, and takes a new configuration over`() async throws {
        let house = try await House(), leadership = house.ledger.leadership
        leadership.lose()
        leadership.standBy()
        try await house.running {
            // It was prepared as a leader, so it first finds out that it does not lead.
            #expect(await house.eventuallyInTime { await house.relay.laneRegistry.lanes.isEmpty })
            let asked = house.transport.asks.count
            try await house.owe("a")
            try await house.relay.adopt(try house.generation(House.file(destinations: "ops: {type: console}, more: {type: console}")))
            for _ in 0..<20 {
                house.clock.advance(by: .seconds(10))
                for _ in 0..<50 { await Task.yield() }
            }
            #expect(house.transport.asks.count == asked)
            #expect(house.channel().names.isEmpty)
            #expect(await house.relay.generation.destinations.map(\.name) == ["ops", "more"])
            let readiness = await house.relay.status.readiness()
            #expect(readiness.readyText == "standby\n" && readiness.wellText == "standby\n")
            leadership.lead(leads(2), acknowledgedFrom: .zero)
            #expect(await house.eventuallyInTime { house.channel().names.contains("a") })
        }
        #expect(try await house.said("leader").count == 1)
    }

    @Test func `a stop ends a relay that stands by`() async throws {
        let house = try await House()
        house.ledger.leadership.lose()
        house.ledger.leadership.standBy()
        try await house.running { #expect(await house.eventuallyInTime { await house.relay.laneRegistry.lanes.isEmpty }) }
    }

    @Test func `what is prepared is not handed over by a relay whose lead is over`() {
        let mayPass = Locked(true)
        let slots = HandoverSlots(width: 1, mayPass: { mayPass.withLock { $0 } })
        let first = HandoverSlots.Place(in: slots)
        #expect(first.enter(unless: { false }))
        first.recorded()
        mayPass.withLock { $0 = false }
        let second = HandoverSlots.Place(in: slots)
        #expect(!second.enter(unless: { false }) && second.isWithheld)
    }

    @Test func `an answer on a standby waits for the relay that leads, and says what came of it`() async throws {
        let house = try await House(), ledger = house.ledger
        let answer: Answer
        guard
            case .asked(let asked) = try await ledger.ask(
                Ballot(account: "live", approval: "a1", choice: .approve, actor: "ann", via: "test", reason: nil))
        else {
            Issue.record("it was not asked")
            return
        }
        answer = asked
        let clock = house.clock
        let carried = CarriedAnswer(ledger: ledger, clock: clock)
        let waiting = Task { await carried.outcome(of: answer, wanted: .approve) }
        let claimed = try #require(try await ledger.claimAnswer(account: "live", approval: "a1", round: 1, lease: .seconds(60)))
        _ = try await ledger.settleAnswer(claimed, as: .taken, status: 200)
        #expect(await house.eventuallyInTime { await ledger.isSettled("a1") })
        let outcome = await inItsTime(clock) { await waiting.value }
        #expect(outcome.kind == .done && outcome.text == "approved by ann")
        // The next answer is carried by no relay, so the person reads that it is written down.
        guard
            case .asked(let other) = try await ledger.ask(
                Ballot(account: "live", approval: "a2", choice: .reject, actor: "ann", via: "test", reason: nil))
        else {
            Issue.record("it was not asked")
            return
        }
        let late = await inItsTime(clock) { await carried.outcome(of: other, wanted: .reject) }
        #expect(late.kind == .kept && late.text.contains("it is written down"))
    }
}

extension Ledger {
    fileprivate func isSettled(_ approval: String) async -> Bool {
        (try? await lastAnswer(account: "live", approval: approval))?.state != .asked
    }
}
