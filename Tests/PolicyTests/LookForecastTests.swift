import RelayCore
import Testing

@testable import Policy

/// What `check` says that a configuration can be expected to see within.
struct LookForecastTests {
    private func forecast(
        _ automations: Int, runsPerHour: Double = 1, budget: Double? = 500, _ effort: LookQueue.Effort = .normal
    ) -> LookForecast {
        LookForecast(
            automations: automations, runsPerHour: runsPerHour, budget: budget, approvals: .seconds(3), every: .seconds(300),
            bounds: .seconds(2) ... .seconds(300), effort: effort)
    }

    @Test(arguments: [(LookQueue.Effort.thrifty, 30.0), (.normal, 6), (.eager, 1)])
    func `without a bound the effort says how long a run waits`(effort: LookQueue.Effort, seconds: Double) {
        let forecast = forecast(20, budget: nil, effort)
        #expect(abs(forecast.run.inSeconds - seconds) < 0.01 && !forecast.isBudgetTheBound)
        #expect(forecast.approval == .milliseconds(1_500))
    }

    @Test func `a budget that does not hold the looks makes them wait`() {
        // 500 - 22.2 - 16.7 requests a minute are left for the lists of 1,000 automations.
        let forecast = forecast(1_000)
        #expect(forecast.isBudgetTheBound)
        #expect(abs(forecast.run.inSeconds - 30 * 1_000 / 461.1) < 0.1)
        #expect(abs(forecast.requestsPerMinute - 500) < 0.1)
    }

    @Test func `a rare run is waited for no longer than the upper bound lets it`() {
        #expect(forecast(20, runsPerHour: 0.0001, .thrifty).run == .seconds(150))
    }

    @Test(arguments: [0, -5, Int.max]) func `any number of automations has a forecast`(count: Int) {
        #expect(forecast(count).run >= .seconds(1))
    }
}
