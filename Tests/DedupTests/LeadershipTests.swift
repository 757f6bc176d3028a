import RelayCore
import RelaySupport
import Testing

@testable import Dedup

/// Who may act: the one that leads, for as long as nobody can have taken over.
struct LeadershipTests {
    private let time = Locked(Duration.seconds(100))

    private func make(_ state: LeadState = .standsBy, hasLease: Bool = true) -> Leadership {
        Leadership(state, hasLease: hasLease, now: { [time] in time.withLock { $0 } })
    }

    private func pass(_ duration: Duration) { time.withLock { $0 += duration } }

    private func leader(_ epoch: Int) -> Leader { Leader(epoch: epoch, holder: "process 1 on here", since: .distantPast) }

    @Test func `a leader acts until its lease ends, counted from before the last acknowledged request`() {
        let leadership = make()
        #expect(!leadership.mayAct)
        leadership.lead(leader(1), acknowledgedFrom: .seconds(100))
        #expect(leadership.mayAct)
        pass(.milliseconds(4_499))
        #expect(leadership.mayAct)
        pass(.milliseconds(1))
        #expect(!leadership.mayAct)
        leadership.renew(from: .seconds(104))
        #expect(leadership.mayAct)
        // An answer that comes late renews nothing that a later one has renewed.
        leadership.renew(from: .seconds(101))
        #expect(leadership.mayAct)
    }

    @Test func `where no other can take over there is no lease`() {
        let leadership = make(hasLease: false)
        leadership.lead(leader(1), acknowledgedFrom: .zero)
        pass(.seconds(1_000_000))
        #expect(leadership.mayAct)
    }

    @Test func `who lost the lead stands by only when all that it led has ended`() {
        let leadership = make()
        leadership.lead(leader(3), acknowledgedFrom: .seconds(100))
        leadership.lose()
        #expect(leadership.state == .lost(epoch: 3) && !leadership.mayAct)
        leadership.standBy()
        #expect(leadership.state == .standsBy && !leadership.mayAct)
    }

    @Test func `a command and a standby lose nothing`() {
        for state in [LeadState.beside, .standsBy] {
            let leadership = make(state)
            leadership.lose()
            leadership.standBy()
            #expect(leadership.state == state)
        }
    }

    @Test func `who waits is woken by a change, and by the end of its task`() async {
        let leadership = make()
        let waiting = Task { await leadership.wait { if case .leads = $0 { true } else { false } } }
        leadership.lead(leader(1), acknowledgedFrom: .seconds(100))
        await waiting.value
        let endless = Task { await leadership.wait { $0 == .beside } }
        endless.cancel()
        await endless.value
        #expect(leadership.state == .leads(epoch: 1))
    }

    @Test func `who may not act any more is told so at once`() async {
        let leadership = make()
        leadership.lead(leader(1), acknowledgedFrom: .seconds(100))
        #expect(await leadership.waitToAct())
        pass(.seconds(10))
        let waiting = Task { await leadership.waitToAct() }
        leadership.lose()
        #expect(await waiting.value == false)
    }
}
