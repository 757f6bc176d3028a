import Dedup
import RelayCore
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// A look that the store fails is no look: nothing is concluded from it, and it is made again.
struct LookFaultTests {
    /// A house that has looked, and one running run.
    private func house(_ yaml: String = House.file()) async throws -> (House, run: String) {
        let house = try await House(yaml)
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Invoices"))
        try await house.look()
        house.clock.advance(by: .minutes(1))
        return (house, run)
    }

    private func since(_ house: House) async throws -> Timestamp? {
        try await house.ledger.feeds(account: "live").first { $0.name == "account" }?.since
    }

    @Test func `what ended while the relay was down is told, though the store could not be read at the start`() async throws {
        let (house, run) = try await house()
        let began = try await since(house)
        await house.world.finishRun(run, outcome: .failed)
        house.clock.advance(by: .hours(1))
        try await house.restart()
        let good = try await house.failing(where: { $0 == .read }) { try await house.look() }
        #expect(!good)
        #expect(try await house.events(.run).isEmpty)
        #expect(try await house.look())
        #expect(try await house.told(.run).count == 1)
        #expect(try await since(house) == began)
    }

    @Test func `a poller that cannot read what it knew does not ask RevKeen, and tries again`() async throws {
        let (house, _) = try await house()
        try await house.restart()
        let asked = house.transport.asks.count
        try await house.polling { _ in
            try await house.failing(where: { $0 == .read }) {
                for _ in 0..<5 {
                    #expect(await eventually { house.clock.sleeperCount == 1 })
                    house.clock.advance(by: .seconds(1))
                }
                let now = house.transport.asks.count
                #expect(now == asked)
            }
            #expect(await house.eventuallyInTime { house.transport.asks.count > asked })
        }
    }

    @Test func `the beginning that was stored holds, though its success was not heard of`() async throws {
        let house = try await House()
        let good = try await house.failing(StoreFault(.ioError, .after), where: { $0.writes("begin") }) { try await house.look() }
        #expect(!good)
        let began = try await since(house)
        house.clock.advance(by: .hours(1))
        try await house.look()
        #expect(try await since(house) == began)
        #expect(await house.relay.pollers.first?.since == began)
    }

    @Test func `an account is catching up while the store cannot say otherwise`() async throws {
        let (house, _) = try await house()
        let poller = try await house.poller()
        house.clock.advance(by: .hours(2))
        try await house.look()
        #expect(await !poller.isCatchingUp())
        #expect(try await house.failing { await poller.isCatchingUp() })
    }

    @Test(arguments: ["begin", "admit", "watch", "feed", "store"], StoreFault.Moment.allCases)
    func `whatever a look cannot write it brings the next time, once`(name: String, moment: StoreFault.Moment) async throws {
        let house = try await House()
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Invoices"))
        house.clock.advance(by: .seconds(1))
        let look = { try await house.failing(StoreFault(.full, moment), where: { $0.writes(name) }) { try await house.look() } }
        _ = try await look()
        try await house.look()
        house.clock.advance(by: .minutes(1))
        let note = await house.world.notify(run: run, message: "late")
        let approval = await house.world.requestApproval(run: run, action: "Refund")
        _ = try await look()
        house.clock.advance(by: .minutes(5))
        _ = try await look()
        house.clock.advance(by: .minutes(5))
        #expect(try await house.look())
        await house.deliver()
        #expect(house.channel().ids.sorted() == ["live/approval/\(approval)/v1", "live/notification/\(note)"])
    }

    @Test func `a look whose list could not be stored does not count as known`() async throws {
        let house = try await House(House.file(account: "first_look: 1d"))
        await house.world.arrange {
            $0.ignoreOffset = false
            $0.cap = 5
        }
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Invoices"))
        try await house.look()
        for number in 1...12 {
            house.clock.advance(by: .seconds(1))
            await house.world.requestApproval(run: run, action: "Refund \(number)")
        }
        _ = try await house.failing(where: { $0.writes("admit") }) { try await house.look() }
        #expect(try await house.look())
        #expect(try await house.told(.approval).count == 12)
    }

    @Test func `a list is not paged by what the store could not say`() async throws {
        let (house, run) = try await house()
        let poller = try await house.poller()
        await house.world.arrange { $0.cap = 2 }
        for number in 1...2 { await house.world.requestApproval(run: run, action: "Refund \(number)") }
        let good = try await house.failing(where: { $0 == .read }) { await poller.look(at: .approvals) }
        #expect(!good)
        #expect(house.transport.asks { $0.query.contains("offset") }.isEmpty)
    }

    @Test func `a detail that was put off is not asked for again before that is stored`() async throws {
        let (house, run) = try await house()
        await house.world.finishRun(run, outcome: .failed)
        house.transport.misbehave(at: "/runs/\(run)", .status(500))
        _ = try await house.failing(where: { $0.writes("watch") }) { try await house.look() }
        let asked = house.transport.asks { $0.path.hasSuffix(run) }.count
        _ = try await house.failing(where: { $0.writes("watch") }) { try await house.look() }
        #expect(house.transport.asks { $0.path.hasSuffix(run) }.count == asked)
        try await house.look()
        #expect(house.transport.asks { $0.path.hasSuffix(run) }.count == asked)
        #expect(try #require(try await house.ledger.watch(account: "live", run: run)).dueAt > house.clock.now)
    }

    @Test func `a look once that the store failed in the end is not good`() async throws {
        let (house, _) = try await house()
        let poller = try await house.poller()
        // The last read of a look asks for details that are due.
        let reads = Locked(0)
        house.ledger.faults.follow { access in
            if access == .read { reads.withLock { $0 += 1 } }
            return nil
        }
        #expect(await poller.lookOnce())
        let all = reads.withLock { $0 }
        let seen = Locked(0)
        house.ledger.faults.follow { access in
            guard access == .read else { return nil }
            return seen.withLock { seen in
                seen += 1
                return seen >= all ? StoreFault(.busy) : nil
            }
        }
        #expect(await !poller.lookOnce())
        house.ledger.faults.follow(nil)
    }

    @Test func `how far a feed was read is written down at the next good look`() async throws {
        let (house, _) = try await house()
        let read = { try await house.ledger.feeds(account: "live").first { $0.name == "approvals" }?.lastReadAt }
        let before = try await read()
        _ = try await house.failing(where: { $0.writes("feed") }) { try await house.look() }
        #expect(try await read() == before)
        house.clock.advance(by: .seconds(1))
        try await house.look()
        #expect(try await read() == house.clock.now)
    }

    @Test func `a report that the store could not take is told later, once`() async throws {
        let house = try await House(House.file(routes: "{name: all, when: {kind: relay}, to: [ops]}"))
        try await house.look()
        house.transport.misbehave { _ in .unreachable }
        try await house.failing(where: { $0.writes("admit") }) { _ = try? await house.look() }
        #expect(try await house.said("unreachable").isEmpty)
        house.transport.misbehave(nil)
        try await house.look()
        try await house.look()
        #expect(try await house.said("unreachable") == ["live", "live over"])
        #expect(try await house.told(.relay).count == 2)
    }

    @Test func `an approval whose row is damaged is made good by the next look`() async throws {
        let (house, run) = try await house()
        let approval = await house.world.requestApproval(run: run, action: "Refund")
        try await house.look()
        try await house.damage("UPDATE approval SET payload = '{'")
        house.clock.advance(by: .minutes(1))
        try await house.look()
        let row = try #require(try await house.ledger.approval(account: "live", id: approval))
        #expect(row.detail?.action == "Refund")
        #expect(try await house.events(.approval, .decision).count == 1)
    }

    @Test func `an approval whose row holds something else ends nothing`() async throws {
        let (house, run) = try await house()
        let approval = await house.world.requestApproval(run: run, action: "Refund")
        try await house.look()
        try await house.damage("UPDATE approval SET payload = '{\"is\":\"run\",\"outcome\":\"failed\"}'")
        await house.world.decide(approval, approved: true)
        house.clock.advance(by: .minutes(1))
        #expect(try await house.look())
        #expect(try await house.events(.decision).map(\.id) == ["live/approval/\(approval)/v2"])
    }
}
