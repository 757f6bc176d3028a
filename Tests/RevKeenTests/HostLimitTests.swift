import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import RevKeen

/// What a budget learns from the host: from its refusals, and from what it says is left.
struct HostLimitTests {
    private let clock = ManualClock()

    private func budget(_ setting: RequestBudget.Setting, hostLimit: Int? = nil) -> RequestBudget {
        RequestBudget(setting: setting, hostLimit: hostLimit, clock: clock)
    }

    @Test func `a refusal halves the burst, which comes back with time`() async throws {
        let budget = budget(.perMinute(60))
        clock.advance(by: .seconds(180))
        budget.pause(.rest, for: .seconds(10))
        clock.advance(by: .seconds(20))
        try await spend(5, of: budget)
        #expect(budget.wait(.rest) == .seconds(1))
        clock.advance(by: .seconds(700))
        try await spend(10, of: budget)
        #expect(budget.wait(.rest) == .seconds(1))
    }

    @Test func `a refusal without any stated limit teaches a rate`() async throws {
        let budget = budget(.none)
        for _ in 0..<20 {
            try await spend(5, of: budget)
            clock.advance(by: .milliseconds(250))
        }
        budget.pause(.rest, for: .seconds(1))
        clock.advance(by: .seconds(2))
        // 20 a second led to it, so 16 a second are made now.
        var made = 0
        for _ in 0..<1_000 {
            if budget.wait(.rest) == .zero {
                try await spend(1, of: budget)
                made += 1
            }
            clock.advance(by: .milliseconds(10))
        }
        #expect((140...185).contains(made), "\(made)")
        // An hour without a refusal: the rate is forgotten.
        clock.advance(by: .seconds(3_600))
        try await spend(1_000, of: budget)
    }

    @Test func `a host that refuses at any rate teaches none`() async throws {
        let budget = budget(.none)
        for _ in 0..<12 {
            for _ in 0..<30 {
                // One that has learned a rate waits for it.
                while budget.wait(.rest) > .zero { clock.advance(by: .milliseconds(50)) }
                try await spend(1, of: budget)
            }
            budget.pause(.rest, for: .seconds(1))
            clock.advance(by: .seconds(1))
        }
        #expect(budget.wait(.rest) == .zero)
        try await spend(100, of: budget)
    }

    @Test func `a host that states its limit teaches no other rate`() async throws {
        let budget = budget(.none, hostLimit: 100_000)
        try await spend(50, of: budget)
        budget.pause(.rest, for: .seconds(1))
        clock.advance(by: .seconds(1))
        try await spend(500, of: budget)
    }

    @Test func `what the host says is left is not exceeded`() async throws {
        let budget = budget(.none, hostLimit: 600)
        let first = try await budget.enter(.approvals)
        try await spend(2, of: budget)
        budget.leave()
        budget.learn(remaining: 20, from: first)
        // Two entered since, and two are kept for approvals.
        try await spend(16, of: budget)
        #expect(budget.wait(.rest) == .milliseconds(100))
        #expect(budget.wait(.approvals) == .zero)
        try await spend(2, of: budget, .approvals)
        #expect(budget.wait(.approvals) == .milliseconds(100))
        #expect(budget.wait(.decision) == .zero)
        // An answer to an older request says nothing new.
        budget.learn(remaining: 500, from: first - 1)
        #expect(budget.wait(.rest) > .zero)
    }

    @Test(arguments: [(nil, 1.0), (600, 0.1)] as [(Int?, Double)])
    func `a host that always says that nothing is left is asked slowly, and not never`(limit: Int?, seconds: Double) async throws {
        let budget = budget(.none, hostLimit: limit)
        for urgency in [RequestBudget.Urgency.rest, .approvals, .rest] {
            while budget.wait(urgency) > .zero { clock.advance(by: budget.wait(urgency)) }
            let number = try await budget.enter(urgency)
            budget.leave()
            budget.learn(remaining: 0, from: number)
            #expect(budget.wait(.rest) == .seconds(seconds) && budget.wait(.approvals) == .seconds(seconds))
            #expect(budget.wait(.decision) == .zero)
        }
    }

    /// A host of 50 requests a second with a bucket of 20 that says what is left.
    @Test func `a host that says what is left is used wholly and never refuses`() async throws {
        let budget = budget(.none)
        var bucket = 20.0, refused = 0, made = 0
        let start = clock.uptime
        while clock.uptime - start < .seconds(20) {
            if budget.wait(.rest) == .zero {
                let number = try await budget.enter(.rest)
                if bucket < 1 { refused += 1 } else { bucket -= 1 }
                made += 1
                budget.learn(limit: 3_000)
                budget.learn(remaining: Int(bucket), from: number)
                budget.leave()
            }
            clock.advance(by: .milliseconds(2))
            bucket = min(20, bucket + 0.1)
        }
        #expect(refused == 0)
        #expect(made > 950, "of 1,020 that fit")
    }
}
