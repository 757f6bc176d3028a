import Dedup
import Policy
import RelayCore
import RelaySupport
import RelayTesting
import Sandbox
import Testing
import Transport

@testable import NotifyRelay

/// When a run's detail is read, and in which order its items are admitted (design §4).
struct DetailTests {
    /// A world with one running run that was looked at.
    private func house(_ yaml: String = House.file()) async throws -> (House, automation: String, run: String) {
        let house = try await House(yaml)
        let automation = await house.world.addAutomation(name: "Invoices")
        let run = await house.world.startRun(of: automation)
        try await house.look()
        house.clock.advance(by: .minutes(1))
        return (house, automation, run)
    }

    private func watch(_ house: House, _ run: String) async throws -> RunWatch {
        try #require(try await house.ledger.watch(account: "live", run: run))
    }

    /// Reads the detail whenever it is due, until it is settled.
    private func looks(_ house: House, _ run: String, since completed: Timestamp) async throws -> [Duration] {
        var looks: [Duration] = []
        let poller = try await house.poller()
        while looks.count < 20 {
            let watch = try await watch(house, run)
            if watch.settled { break }
            house.clock.advance(by: max(.zero, house.clock.now.duration(to: watch.dueAt)))
            looks.append(completed.duration(to: house.clock.now))
            _ = try await poller.details.lookAtAll(dueBefore: house.clock.now)
        }
        return looks
    }

    @Test func `a finished run is read at once, then 2 min, 10 min, 1 h and 24 h after its end, and never again`() async throws {
        let (house, automation, run) = try await house()
        await house.world.finishRun(run, outcome: .succeeded)
        let end = house.clock.now
        _ = try await house.poller().runs.look(at: automation)
        #expect(try await looks(house, run, since: end) == [.zero, .minutes(2), .minutes(10), .hours(1), .hours(24)])
    }

    @Test func `while late looks bring nothing few runs are read again, and one late notification makes it all`() async throws {
        let (house, automation, _) = try await house()
        let poller = try await house.poller()
        for _ in 0..<2_000 { await poller.account.sawLate(somethingNew: false) }
        func finished(_ count: Int) async throws -> [RunWatch] {
            var watches: [RunWatch] = []
            for _ in 0..<count {
                let run = await house.world.startRun(of: automation)
                await house.world.finishRun(run, outcome: .succeeded)
                _ = await poller.runs.look(at: automation)
                _ = try await poller.details.lookAtAll(dueBefore: house.clock.now)
                watches.append(try await watch(house, run))
            }
            return watches
        }
        #expect(try await finished(60).count { !$0.settled } < 15)
        // A restart knows it too.
        try await poller.account.storeOutlooks()
        try await house.restart()
        #expect(try await house.poller().automations.look())
        let share = try await house.poller().account.late.share
        #expect(share == 0.05)
        await poller.account.sawLate(somethingNew: true)
        #expect(try await finished(5).allSatisfy { !$0.settled })
    }

    @Test func `a notification that follows the end is told, and starts the ladder again`() async throws {
        let (house, automation, run) = try await house()
        await house.world.finishRun(run, outcome: .succeeded)
        let poller = try await house.poller()
        _ = await poller.runs.look(at: automation)
        _ = try await poller.details.lookAtAll(dueBefore: house.clock.now)
        let late = await house.world.notify(run: run, message: "one more thing")
        house.clock.advance(by: .minutes(2))
        let found = house.clock.now
        _ = try await poller.details.lookAtAll(dueBefore: found)
        #expect(try await house.told(.notification) == ["live/notification/\(late)"])
        #expect(try await looks(house, run, since: found) == [.minutes(2), .minutes(10), .hours(1), .hours(24)])
    }

    @Test func `a settled run whose row changes is read at once`() async throws {
        let (house, automation, run) = try await house()
        await house.world.finishRun(run, outcome: .succeeded)
        house.clock.advance(by: .days(3))
        try await house.look()
        #expect(try await watch(house, run).settled)
        let late = await house.world.notify(run: run, message: "an afterthought")
        house.transport.misbehave { _ in .changed { $0.rewriting(["summary": "amended"]) } }
        let poller = try await house.poller()
        _ = await poller.runs.look(at: automation)
        _ = try await poller.details.lookAtAll(dueBefore: house.clock.now)
        #expect(try await house.told(.notification) == ["live/notification/\(late)"])
    }

    @Test func `a settled run whose row stays is not read`() async throws {
        let (house, _, run) = try await house()
        await house.world.finishRun(run, outcome: .succeeded)
        house.clock.advance(by: .days(3))
        try await house.look()
        let before = house.transport.asks { $0.path.hasSuffix(run) }.count
        house.clock.advance(by: .days(1))
        try await house.look()
        #expect(house.transport.asks { $0.path.hasSuffix(run) }.count == before)
    }

    @Test func `a run that nobody can show any more is asked for at the slowest pace, for a day`() async throws {
        let (house, _, run) = try await house()
        house.transport.misbehave(at: run, .status(404, "{}"))
        let looks = try await looks(house, run, since: house.clock.now)
        #expect(looks.count == 20)
        #expect(zip(looks, looks.dropFirst()).allSatisfy { $1 - $0 == .minutes(5) })
        house.clock.advance(by: .days(1))
        _ = try await house.poller().details.lookAtAll(dueBefore: house.clock.now)
        #expect(try await watch(house, run).settled)
        #expect(try await house.said("unreachable") == [])
    }

    @Test func `what one detail brings is admitted oldest first`() async throws {
        let (house, _, run) = try await house()
        var ids: [String] = []
        for number in 0..<3 {
            house.clock.advance(by: .seconds(1))
            ids.append(await house.world.notify(run: run, message: "number \(number)"))
        }
        house.transport.misbehave(
            at: run,
            .changed { answer in
                answer.rewriting { name, value in name == "notifications" ? .array((value.array ?? []).reversed()) : value }
            })
        try await house.look()
        #expect(try await house.told(.notification) == ids.map { "live/notification/\($0)" })
    }

    @Test func `runs are read in the order in which they ended, whatever the list's order`() async throws {
        let (house, automation, _) = try await house()
        var runs: [String] = []
        for _ in 0..<3 { runs.append(await house.world.startRun(of: automation)) }
        for run in runs.reversed() {
            house.clock.advance(by: .seconds(1))
            await house.world.finishRun(run, outcome: .succeeded)
        }
        _ = try await house.poller().runs.look(at: automation)
        let due = try await house.ledger.watches(account: "live", dueBefore: house.clock.now, limit: 10).map(\.run)
        #expect(due.filter(runs.contains) == runs.reversed())
    }

    @Test func `a look that fails admits nothing, and the next brings it all`() async throws {
        let (house, _, run) = try await house()
        let one = await house.world.notify(run: run, message: "one")
        house.transport.misbehave(at: run, .error(.init(.noAnswer, sent: true, "reset")))
        #expect(try await !house.look())
        #expect(try await house.told(.notification) == [])
        house.transport.misbehave(nil)
        house.clock.advance(by: .minutes(5))
        #expect(try await house.look())
        #expect(try await house.told(.notification) == ["live/notification/\(one)"])
    }

    @Test func `where every third connection is cut, each thing is told once all the same`() async throws {
        let (house, automation, _) = try await house()
        await house.world.arrange { $0.dropEvery = 3 }
        var ids: Set<String> = []
        for number in 0..<6 {
            let run = await house.world.startRun(of: automation)
            ids.insert("live/notification/\(await house.world.notify(run: run, message: "number \(number)"))")
        }
        for _ in 0..<12 {
            house.clock.advance(by: .minutes(5))
            try await house.look()
        }
        let told = try await house.told(.notification)
        #expect(Set(told) == ids)
        #expect(told.count == ids.count)
    }
}
