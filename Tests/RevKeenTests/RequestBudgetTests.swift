import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import RevKeen

struct RequestBudgetTests {
    private let clock = ManualClock()

    private func budget(_ setting: RequestBudget.Setting, hostLimit: Int? = nil) -> RequestBudget {
        RequestBudget(setting: setting, hostLimit: hostLimit, clock: clock)
    }

    /// Enters and leaves `count` times, so that it never waits for a place.
    private func spend(_ count: Int, of budget: RequestBudget, _ urgency: RequestBudget.Urgency = .rest) async throws {
        for _ in 0..<count {
            try await budget.enter(urgency)
            budget.leave()
        }
    }

    @Test(
        arguments: [
            (.percent(50), 1000, 500), (.percent(50), 100, 50), (.percent(50), nil, nil), (.percent(1), 10, 1),
            (.perMinute(7), 1000, 7),
            (.perMinute(7), nil, 7), (.none, 1000, nil),
        ] as [(RequestBudget.Setting, Int?, Double?)])
    func `a budget is a share of the host's limit, or as it is said`(setting: RequestBudget.Setting, host: Int?, perMinute: Double?) {
        #expect(budget(setting, hostLimit: host).perMinute == perMinute)
    }

    @Test func `a limit that the host states replaces the known one`() {
        let share = budget(.percent(50), hostLimit: 100)
        share.learn(limit: 60)
        #expect(share.perMinute == 30)
        let unknown = budget(.percent(50))
        unknown.learn(limit: 60)
        #expect(unknown.perMinute == 30)
        let stated = budget(.perMinute(7))
        stated.learn(limit: 60)
        #expect(stated.perMinute == 7)
    }

    @Test func `ten seconds' worth goes at once, then one after the other`() async throws {
        let budget = budget(.perMinute(60))
        try await spend(10, of: budget)
        #expect(clock.sleeperCount == 0)
        async let next: Void = spend(1, of: budget)
        #expect(await clock.settle { clock.sleeperCount == 1 })
        clock.advance(by: .milliseconds(999))
        #expect(await clock.settle { clock.sleeperCount == 1 })
        #expect(budget.requests == 10)
        clock.advance(by: .milliseconds(1))
        try await next
        #expect(budget.requests == 11)
    }

    @Test func `approvals go while the rest waits, and decisions always`() async throws {
        let budget = budget(.perMinute(60))
        try await spend(10, of: budget)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { try await spend(1, of: budget) } }
            #expect(await clock.settle { clock.sleeperCount == 20 })
            try await spend(10, of: budget, .approvals)
            try await spend(30, of: budget, .decision)
            #expect(budget.requests == 50)
            #expect(clock.sleeperCount == 20)
            group.cancelAll()
            while await group.nextResult() != nil {}
        }
        #expect(budget.waiting == 0)
    }

    @Test func `approvals that outrun the budget wait, but never behind the rest`() async throws {
        let budget = budget(.perMinute(60))
        try await spend(20, of: budget, .approvals)
        let order = Locked<[RequestBudget.Urgency]>([])
        await withThrowingTaskGroup(of: Void.self) { group in
            for (count, urgency) in [(1, .rest), (2, .rest), (3, .approvals)] as [(Int, RequestBudget.Urgency)] {
                group.addTask {
                    try await budget.enter(urgency)
                    order.withLock { $0.append(urgency) }
                    budget.leave()
                }
                #expect(await clock.settle { clock.sleeperCount == count })
            }
            for _ in 0..<13 {
                clock.advance(by: .seconds(1))
                #expect(await clock.settle { clock.sleeperCount == budget.waiting })
            }
            group.cancelAll()
            while await group.nextResult() != nil {}
        }
        #expect(order.withLock { $0 } == [.approvals, .rest, .rest])
    }

    @Test func `six of the rest, seven with approvals and eight with decisions are under way at most`() async throws {
        let budget = budget(.none)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<9 { group.addTask { try await budget.enter(.rest) } }
            #expect(await clock.settle { budget.waiting == 3 })
            for _ in 0..<3 { group.addTask { try await budget.enter(.approvals) } }
            // A request that has its place may not be counted yet.
            #expect(await clock.settle { budget.waiting == 5 && budget.requests == 7 })
            try await budget.enter(.decision)
            #expect(budget.requests == 8)
            budget.leave()
            // The next place goes to an approval, although requests of the rest have waited longer.
            budget.leave()
            #expect(await clock.settle { budget.requests == 9 && budget.waiting == 4 })
            for _ in 0..<11 { budget.leave() }
            try await group.waitForAll()
        }
        #expect(budget.requests == 13)
        #expect(budget.waiting == 0)
    }

    @Test func `one who is cancelled while waiting for a place takes none`() async throws {
        let budget = budget(.none)
        for _ in 0..<6 { try await budget.enter(.rest) }
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                do {
                    try await budget.enter(.rest)
                    return false
                } catch {
                    return true
                }
            }
            #expect(await clock.settle { budget.waiting == 1 })
            group.cancelAll()
            #expect(await group.next() == true)
        }
        budget.leave()
        try await budget.enter(.rest)
        #expect(budget.requests == 7)
    }

    @Test func `a pause holds everyone, the longer one counts`() async throws {
        let budget = budget(.none)
        budget.pause(for: .seconds(8))
        budget.pause(for: .seconds(2))
        async let decided: Void = spend(1, of: budget, .approvals)
        #expect(await clock.settle { clock.sleeperCount == 1 })
        clock.advance(by: .seconds(5))
        #expect(await clock.settle { clock.sleeperCount == 1 })
        clock.advance(by: .milliseconds(2999))
        #expect(budget.requests == 0)
        clock.advance(by: .milliseconds(1))
        try await decided
        #expect(budget.requests == 1)
    }

    @Test func `a decision waits for a short pause, and is told of a longer one`() async throws {
        let budget = budget(.none)
        budget.pause(for: .seconds(5))
        async let decided: Void = spend(1, of: budget, .decision)
        #expect(await clock.settle { clock.sleeperCount == 1 })
        clock.advance(by: .seconds(5))
        try await decided
        budget.pause(for: .seconds(300))
        await #expect(throws: RequestBudget.NotEntered.paused(.seconds(300))) { try await budget.enter(.decision) }
        #expect(budget.requests == 1 && budget.waiting == 0)
    }

    @Test func `a pause also holds who waited for a place when it began`() async throws {
        let budget = budget(.none)
        for _ in 0..<6 { try await budget.enter(.rest) }
        async let seventh: Void = budget.enter(.rest)
        #expect(await clock.settle { budget.waiting == 1 })
        budget.pause(for: .seconds(4))
        budget.leave()
        #expect(await clock.settle { clock.sleeperCount == 1 })
        #expect(budget.requests == 6)
        clock.advance(by: .seconds(4))
        try await seventh
        #expect(budget.requests == 7)
    }

    @Test func `a jump of the wall clock gives nothing and takes nothing`() async throws {
        let budget = budget(.perMinute(60))
        try await spend(10, of: budget)
        clock.jump(by: .seconds(3600))
        async let next: Void = spend(1, of: budget)
        #expect(await clock.settle { clock.sleeperCount == 1 })
        #expect(budget.requests == 10)
        clock.jump(by: .seconds(-7200))
        clock.advance(by: .seconds(3600 + 3600 + 1))
        try await next
    }

    @Test(arguments: [(0, 50, 1), (0, 100, 2), (10, 80, 2), (40, 100, 10), (200, 100, 20), (0, 0, 1)] as [(Int, Double, Double)])
    func `all else stretches by one factor beside what is urgent`(urgent: Int, demand: Double, factor: Double) async throws {
        let budget = budget(.perMinute(50))
        try await spend(urgent, of: budget, .decision)
        #expect(budget.stretch(demandPerMinute: demand) == factor)
        clock.advance(by: .seconds(60))
        #expect(budget.stretch(demandPerMinute: demand) == max(1, demand / 50))
    }

    @Test func `nothing stretches without a bound`() {
        #expect(budget(.none).stretch(demandPerMinute: 1e9) == 1)
        #expect(budget(.perMinute(5)).stretch(demandPerMinute: .infinity) == 1)
    }
}
