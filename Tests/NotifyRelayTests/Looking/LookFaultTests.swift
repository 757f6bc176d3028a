import Dedup
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing

@testable import NotifyRelay

/// A look during which the store fails does not count: nothing is concluded from it, and it is repeated.
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
        house.fail { $0 == .read }
        try await house.polling { _ in
            for _ in 0..<5 {
                #expect(await eventually { house.clock.sleeperCount == 1 })
                house.clock.advance(by: .seconds(1))
            }
            let now = house.transport.asks.count
            #expect(now == asked)
            house.endFaults()
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
        #expect(await house.relay.pollers.first?.account.since == began)
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

    /// A house with `count` open approvals, one second apart.
    private func house(waiting count: Int, paging: Bool) async throws -> House {
        let house = try await House()
        await house.world.arrange { $0.ignoreOffset = !paging }
        let run = await house.world.startRun(of: house.world.addAutomation(name: "Refunds"))
        for number in 1...count {
            house.clock.advance(by: .seconds(1))
            await house.world.requestApproval(run: run, action: "Refund \(number)")
        }
        return house
    }

    @Test func `what a list showed and could not be stored is not known, so that its further pages are read again`() async throws {
        let house = try await house(waiting: 150, paging: true)
        let poller = try await house.poller()
        let good = try await house.failing(where: { $0.writes("admit") }) { await poller.approvals.look() }
        #expect(!good)
        #expect(await poller.approvals.look())
        #expect(try await house.told(.approval).count == 150)
    }

    @Test(arguments: 1...4) func `a list is not paged by what the store could not say`(read: Int) async throws {
        let house = try await house(waiting: 150, paging: true)
        let poller = try await house.poller()
        #expect(await poller.automations.look())
        let reads = Locked(0)
        house.ledger.faults.follow { access in
            guard access == .read else { return nil }
            let number = reads.withLock { reads in
                reads += 1
                return reads
            }
            return number == read ? StoreFault(.busy) : nil
        }
        let good = await poller.approvals.look()
        house.ledger.faults.follow(nil)
        #expect(!good)
        #expect(await poller.approvals.look())
        #expect(try await house.told(.approval).count == 150)
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

    @Test func `details that the store cannot name are not said to be none`() async throws {
        let (house, _) = try await house()
        let poller = try await house.poller()
        await #expect(throws: LedgerError.self) {
            try await house.failing(where: { $0 == .read }) { try await poller.details.lookAtAll(dueBefore: house.clock.now) }
        }
        #expect(try await house.failing(where: { $0 == .read }) { await poller.lookOnce() } == false)
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
