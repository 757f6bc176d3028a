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

    /// A budget that was not used for a while.
    private func filled(_ setting: RequestBudget.Setting) -> RequestBudget {
        let budget = budget(setting)
        clock.advance(by: .seconds(120))
        return budget
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
        let budget = filled(.perMinute(60))
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

    @Test func `there is no burst at the start`() async throws {
        let budget = budget(.perMinute(60))
        try await spend(1, of: budget)
        #expect(budget.wait(.rest) == .seconds(1))
    }

    @Test func `no minute has more requests than the budget`() async throws {
        let budget = budget(.perMinute(60))
        var moments: [Duration] = []
        for step in 0..<52_000 {
            let urgency: RequestBudget.Urgency = step % 300 == 0 ? .approvals : .rest
            // The rest comes after two minutes, so there is a burst.
            if step > 12_000 || urgency == .approvals, budget.wait(urgency) == .zero {
                try await spend(1, of: budget, urgency)
                moments.append(clock.uptime)
            }
            clock.advance(by: .milliseconds(10))
        }
        let most = moments.indices.map { index in moments[...index].count { moments[index] - $0 < .seconds(60) } }.max()
        #expect(most.map { $0 <= 60 } == true, "\(most ?? 0)")
        #expect(moments.count > 360, "of 400 that fit")
    }

    @Test func `approvals that take the whole budget leave a tenth of it to the rest`() async throws {
        let budget = filled(.perMinute(20))
        var rest = 0
        for second in 0..<1_200 {
            if second % 2 == 0, budget.wait(.approvals) == .zero { try await spend(1, of: budget, .approvals) }
            if second > 300, budget.wait(.rest) == .zero {
                try await spend(1, of: budget)
                rest += 1
            }
            clock.advance(by: .seconds(1))
        }
        #expect((25...35).contains(rest), "\(rest) in 15 minutes")
    }

    @Test func `what is reserved is one request of the rest`() async throws {
        let budget = budget(.perMinute(60))
        let reservation = try #require(budget.reserve())
        #expect(budget.reserve() == nil && budget.wait(.rest) == .seconds(1))
        try await RequestBudget.$reservation.withValue(reservation) { try await spend(1, of: budget) }
        #expect(budget.requests == 1 && budget.wait(.rest) == .seconds(1))
        // It is used up.
        async let next: Void = RequestBudget.$reservation.withValue(reservation) { try await spend(1, of: budget) }
        #expect(await clock.settle { clock.sleeperCount == 1 })
        clock.advance(by: .seconds(1))
        try await next
        #expect(budget.requests == 2)
    }

    @Test func `approvals go while the rest waits, and decisions always`() async throws {
        let budget = filled(.perMinute(60))
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
        let budget = filled(.perMinute(60))
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
            // One that has its place is still to write that down.
            #expect(await clock.settle { order.withLock { $0.count } == 3 })
            group.cancelAll()
            while await group.nextResult() != nil {}
        }
        #expect(order.withLock { $0 } == [.approvals, .rest, .rest])
    }

    @Test func `six of the rest, seven with approvals and eight with decisions are under way at most`() async throws {
        let budget = budget(.percent(50))
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

    @Test func `without a budget sixty-two of the rest are under way, and two more places are kept`() async throws {
        let budget = budget(.none)
        #expect(budget.mostOfRest == 62)
        for _ in 0..<62 { try await budget.enter(.rest) }
        async let next = budget.enter(.rest)
        #expect(await clock.settle { budget.waiting == 1 })
        try await budget.enter(.decision)
        budget.leave()
        budget.leave()
        _ = try await next
        #expect(budget.requests == 64)
    }

    @Test func `one who is cancelled while waiting for a place takes none`() async throws {
        let budget = budget(.percent(50))
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

    @Test func `a pause holds whoever was refused, the longer one counts`() async throws {
        let budget = budget(.none)
        budget.pause(.approvals, for: .seconds(8))
        budget.pause(.approvals, for: .seconds(2))
        async let asked: Void = spend(1, of: budget, .approvals)
        #expect(await clock.settle { clock.sleeperCount == 1 })
        clock.advance(by: .seconds(5))
        #expect(await clock.settle { clock.sleeperCount == 1 })
        clock.advance(by: .milliseconds(2999))
        #expect(budget.requests == 0)
        clock.advance(by: .milliseconds(1))
        try await asked
        #expect(budget.requests == 1)
    }

    @Test(arguments: RequestBudget.Urgency.allCases)
    func `the rest pauses whatever was refused, and others only if they were`(refused: RequestBudget.Urgency) async throws {
        let budget = budget(.none)
        budget.pause(refused, for: .seconds(4))
        for urgency in RequestBudget.Urgency.allCases {
            #expect((budget.wait(urgency) == .seconds(4)) == (urgency == refused || urgency == .rest))
        }
    }

    @Test func `a decision waits for a short pause, and is told of a longer one`() async throws {
        let budget = budget(.none)
        budget.pause(.decision, for: .seconds(5))
        async let decided: Void = spend(1, of: budget, .decision)
        #expect(await clock.settle { clock.sleeperCount == 1 })
        clock.advance(by: .seconds(5))
        try await decided
        budget.pause(.decision, for: .seconds(300))
        await #expect(throws: RequestBudget.NotEntered.paused(.seconds(300))) { try await budget.enter(.decision) }
        #expect(budget.requests == 1 && budget.waiting == 0)
    }

    @Test func `a pause also holds who waited for a place when it began`() async throws {
        let budget = budget(.percent(50))
        for _ in 0..<6 { try await budget.enter(.rest) }
        async let seventh = budget.enter(.rest)
        #expect(await clock.settle { budget.waiting == 1 })
        budget.pause(.rest, for: .seconds(4))
        budget.leave()
        #expect(await clock.settle { clock.sleeperCount == 1 })
        #expect(budget.requests == 6)
        clock.advance(by: .seconds(4))
        _ = try await seventh
        #expect(budget.requests == 7)
    }

    @Test func `a jump of the wall clock gives nothing and takes nothing`() async throws {
        let budget = filled(.perMinute(60))
        try await spend(10, of: budget)
        clock.jump(by: .seconds(3600))
        async let next: Void = spend(1, of: budget)
        #expect(await clock.settle { clock.sleeperCount == 1 })
        #expect(budget.requests == 10)
        clock.jump(by: .seconds(-7200))
        clock.advance(by: .seconds(3600 + 3600 + 1))
        try await next
    }

    @Test(arguments: [(0, 50), (10, 40), (40, 10), (200, 5)] as [(Int, Double)])
    func `what is urgent leaves the rest of the budget, and at least a tenth`(urgent: Int, left: Double) async throws {
        let budget = budget(.perMinute(50))
        try await spend(urgent, of: budget, .decision)
        #expect(budget.leftForRest == left)
        clock.advance(by: .seconds(60))
        #expect(budget.leftForRest == 50)
    }

    @Test func `without a bound everything is left`() { #expect(budget(.none).leftForRest == nil) }
}
