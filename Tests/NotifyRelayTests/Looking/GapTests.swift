import Dedup
import RelayCore
import RelaySupport
import RelayTesting
import RevKeen
import Sandbox
import Testing

@testable import NotifyRelay

/// A list that shows a part is read on, page by page, until its end is known, whatever comes between.
struct GapTests {
    /// A house that has looked once, whose lists page.
    private func house(automations: Int = 1) async throws -> (House, automations: [String]) {
        let house = try await House()
        await house.world.arrange { $0.ignoreOffset = false }
        var ids: [String] = []
        for number in 0..<automations { ids.append(await house.world.addAutomation(name: "Invoices \(number)")) }
        try await house.look()
        house.clock.advance(by: .seconds(10))
        return (house, ids)
    }

    /// Finishes runs of an automation at one moment.
    private func finish(_ count: Int, of automation: String, _ house: House) async -> Set<String> {
        var runs: Set<String> = []
        for _ in 0..<count {
            let run = await house.world.startRun(of: automation)
            await house.world.finishRun(run, outcome: .failed)
            runs.insert(run)
        }
        return runs
    }

    private func known(_ house: House) async throws -> Set<String> {
        Set(try await house.ledger.watches(account: "live", dueBefore: nil, limit: 100_000).map(\.run))
    }

    private func gaps(_ house: House) async throws -> [Gap] { try await house.ledger.gaps(account: nil) }

    @Test func `of a thousand runs that finished at once, all are seen by one look`() async throws {
        let (house, automations) = try await house(automations: 3)
        var runs: Set<String> = []
        for automation in automations { runs.formUnion(await finish(1_000, of: automation, house)) }
        for automation in automations { #expect(try await house.poller().runs.look(at: automation)) }
        #expect(try await known(house) == runs)
        #expect(try await gaps(house) == [])
        #expect(try await house.said("saturated") == [])
    }

    @Test func `a page that fails leaves the gap open, and the next look goes on from there`() async throws {
        let (house, automations) = try await house()
        let runs = await finish(450, of: automations[0], house)
        house.transport.misbehave { $0.query.contains("offset=300") ? .status(500) : .world }
        #expect(try await !house.poller().runs.look(at: automations[0]))
        #expect(try await known(house).count == 300)
        #expect(try await gaps(house).map(\.reached) == [300])
        #expect(await house.relay.status.metricsText().contains("notify_relay_gaps{account=\"live\",feed=\"runs\"} 1\n"))
        try await house.restart()
        house.transport.misbehave(nil)
        #expect(try await house.poller().automations.look())
        let asked = house.transport.asks.count
        #expect(try await house.poller().runs.look(at: automations[0]))
        #expect(
            house.transport.asks[asked...].map(\.query) == [
                "limit=100", "limit=100&offset=200", "limit=100&offset=300", "limit=100&offset=400",
            ])
        #expect(try await known(house) == runs)
        #expect(try await gaps(house) == [])
        #expect(await house.relay.status.metricsText().contains("notify_relay_gaps{account=\"live\",feed=\"runs\"} 0\n"))
    }

    @Test func `new runs on top do not end the reading of what is below`() async throws {
        let (house, automations) = try await house()
        var runs = await finish(450, of: automations[0], house)
        house.transport.misbehave { $0.query.contains("offset=200") ? .status(500) : .world }
        #expect(try await !house.poller().runs.look(at: automations[0]))
        house.transport.misbehave(nil)
        house.clock.advance(by: .seconds(10))
        runs.formUnion(await finish(250, of: automations[0], house))
        #expect(try await house.poller().runs.look(at: automations[0]))
        #expect(try await known(house) == runs)
    }

    @Test(arguments: ["oldest", "shuffled"]) func `a list in no order is read whole`(order: String) async throws {
        let (house, automations) = try await house()
        let old = await finish(150, of: automations[0], house)
        #expect(try await house.poller().runs.look(at: automations[0]))
        house.clock.advance(by: .seconds(10))
        await house.world.arrange { $0.order = order == "oldest" ? .oldest : .shuffled }
        let new = await finish(30, of: automations[0], house)
        // A shuffled list shows other pages at each request, so that one look may miss some.
        for _ in 0..<(order == "oldest" ? 1 : 40) { #expect(try await house.poller().runs.look(at: automations[0])) }
        #expect(try await known(house) == old.union(new))
    }

    /// The top of such a list never changes, so its bytes say nothing of what stands below.
    @Test(arguments: [100, 250]) func `new runs at the end of a list that is oldest first are seen by the next look`(count: Int)
        async throws
    {
        let (house, automations) = try await house()
        await house.world.arrange { $0.order = .oldest }
        var runs: Set<String> = []
        for _ in 0..<(count / 50) {
            runs.formUnion(await finish(50, of: automations[0], house))
            house.clock.advance(by: .seconds(1))
        }
        for _ in 0..<3 {
            #expect(try await house.poller().runs.look(at: automations[0]))
            #expect(try await known(house) == runs)
            house.clock.advance(by: .seconds(10))
            runs.formUnion(await finish(1, of: automations[0], house))
        }
    }

    @Test func `a list in no order that a page cut short is read to its end, and not from its top again`() async throws {
        let (house, automations) = try await house()
        await house.world.arrange { $0.order = .oldest }
        var runs: Set<String> = []
        for _ in 0..<13 {
            runs.formUnion(await finish(50, of: automations[0], house))
            house.clock.advance(by: .seconds(1))
        }
        let pages = Locked(0)
        // The third page of each look fails.
        house.transport.misbehave { ask in
            guard ask.query.contains("offset") else { return .world }
            return pages.withLock { count in
                count += 1
                return count % 3 == 0
            } ? .status(500) : .world
        }
        for _ in 0..<8 {
            pages.withLock { $0 = 0 }
            _ = try await house.poller().runs.look(at: automations[0])
        }
        #expect(try await known(house) == runs)
        house.transport.misbehave(nil)
        #expect(try await house.poller().runs.look(at: automations[0]))
        #expect(try await gaps(house) == [])
    }

    @Test func `where lists do not page, each status is asked for`() async throws {
        let (house, automations) = try await house()
        await house.world.arrange { $0.ignoreOffset = true }
        let failed = await finish(60, of: automations[0], house)
        house.clock.advance(by: .seconds(10))
        var others: Set<String> = []
        for _ in 0..<80 {
            let run = await house.world.startRun(of: automations[0])
            await house.world.finishRun(run, outcome: .succeeded)
            others.insert(run)
        }
        #expect(try await house.poller().runs.look(at: automations[0]))
        #expect(try await known(house) == failed.union(others))
        #expect(try await house.said("saturated") == [])
        #expect(try await gaps(house) == [])
    }

    @Test func `what cannot be reached is said with its time, until the list shows a known end`() async throws {
        let (house, automations) = try await house()
        await house.world.arrange { $0.ignoreOffset = true }
        _ = await finish(150, of: automations[0], house)
        #expect(try await house.poller().runs.look(at: automations[0]))
        #expect(try await house.words("saturated").count == 1)
        #expect(try await house.words("saturated").first?.contains("may be missing") == true)
        #expect(try await gaps(house) == [])
        house.clock.advance(by: .seconds(10))
        #expect(try await house.poller().runs.look(at: automations[0]))
        #expect(try await house.said("saturated").last == "live/runs/\(automations[0]) over")
    }

    @Test func `all automations of a list that pages are watched, also after a page that failed`() async throws {
        let house = try await House()
        await house.world.arrange { $0.ignoreOffset = false }
        for number in 0..<250 { _ = await house.world.addAutomation(name: "Invoices \(number)") }
        house.transport.misbehave { $0.query.contains("offset=200") ? .status(500) : .world }
        #expect(try await !house.poller().automations.look())
        #expect(try await house.poller().book.ids.count == 200)
        house.transport.misbehave(nil)
        #expect(try await house.poller().automations.look())
        #expect(try await house.poller().book.ids.count == 250)
    }

    /// The random world: a paging API with faults, new runs between the looks, and restarts.
    @Test(arguments: 1...12) func `whatever comes between, each run is seen`(seed: Int) async throws {
        var chance = Chance(UInt64(seed))
        let (house, automations) = try await house(automations: 2)
        await house.world.arrange { $0.order = [.newest, .newest, .oldest][seed % 3] }
        var runs: Set<String> = []
        let faults = Locked(Chance(UInt64(seed) &* 977))
        house.transport.misbehave { ask in
            guard ask.path.hasSuffix("/runs") else { return .world }
            return faults.withLock { $0.next() % 4 == 0 } ? .status(500) : .world
        }
        for _ in 0..<6 {
            for automation in automations { runs.formUnion(await finish(Int(chance.next() % 350), of: automation, house)) }
            house.clock.advance(by: .seconds(Int(chance.next() % 60)))
            for automation in automations { _ = try await house.poller().runs.look(at: automation) }
            if chance.next() % 3 == 0 {
                try await house.restart()
                #expect(try await house.poller().automations.look(), "seed \(seed)")
            }
        }
        for _ in 0..<60 {
            var isWhole = true
            for automation in automations { isWhole = try await house.poller().runs.look(at: automation) && isWhole }
            if isWhole, try await gaps(house).isEmpty { break }
        }
        #expect(try await gaps(house) == [], "seed \(seed)")
        let missing = runs.subtracting(try await known(house))
        #expect(missing.isEmpty, "seed \(seed): \(missing.count) are missing")
    }

    /// The random world of small looks: few runs between them, some of which go on, an order that changes, lists that page or not, faults
    /// of lists and details, and restarts.
    @Test(arguments: 1...12) func `whatever comes between small looks, each run is told once`(seed: Int) async throws {
        var chance = Chance(UInt64(seed) &* 31)
        let (house, automations) = try await house()
        let automation = automations[0]
        let pages = seed % 2 == 0
        await house.world.arrange { $0.ignoreOffset = !pages }
        var runs: Set<String> = [], open: [String] = []
        let faults = Locked(Chance(UInt64(seed) &* 7_919))
        house.transport.misbehave { _ in
            switch faults.withLock({ $0.next() % 20 }) {
            case 0...1: .status(500)
            case 2: .unreachable
            default: .world
            }
        }
        for step in 0..<40 {
            if step == 25 { await house.world.arrange { $0.order = [.newest, .oldest, .shuffled][seed % 3] } }
            for _ in 0..<Int(chance.next() % 12) {
                house.clock.advance(by: .milliseconds(Int(chance.next() % 900)))
                let run = await house.world.startRun(of: automation)
                runs.insert(run)
                if chance.next() % 4 == 0 { open.append(run) } else { await house.world.finishRun(run, outcome: .failed) }
            }
            while !open.isEmpty, chance.next() % 3 == 0 {
                await house.world.finishRun(open.remove(at: Int(chance.next() % UInt64(open.count))), outcome: .succeeded)
            }
            house.clock.advance(by: .seconds(Int(chance.next() % 20)))
            _ = try await house.poller().runs.look(at: automation)
            if chance.next() % 3 == 0 { _ = try await house.poller().details.lookAtAll(dueBefore: house.clock.now) }
            if chance.next() % 12 == 0 {
                try await house.restart()
                _ = try await house.poller().automations.look()
            }
        }
        house.transport.misbehave(nil)
        for run in open { await house.world.finishRun(run, outcome: .failed) }
        for _ in 0..<4 {
            house.clock.advance(by: .minutes(6))
            try await house.look()
        }
        let told = try await house.told(.run)
        let ended = Set(told.map { $0.split(separator: "/")[2] }.map(String.init))
        #expect(ended == runs, "seed \(seed): \(runs.subtracting(ended).count) of \(runs.count) are missing")
        #expect(told.count == runs.count, "seed \(seed)")
    }
}
