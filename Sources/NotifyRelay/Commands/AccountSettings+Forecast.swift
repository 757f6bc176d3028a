import Policy
import RelayCore
import RevKeen

extension AccountSettings {
    /// What this account can be expected to see within, for people.
    ///
    /// - Parameters:
    ///   - automations: how many it has; nil if that is not known.
    ///   - hostLimit: the requests a minute that the host allows; nil if that is not known.
    func forecastText(automations: Int?, hostLimit: Int?) -> String {
        let count = automations ?? 20
        let budget = poll.budget.perMinute(hostLimit: hostLimit)
        let pace = poll.approvalsPace(budget: budget)
        let forecast = LookForecast(
            automations: count, budget: budget, approvals: pace, every: poll.automations, bounds: poll.runs, effort: poll.effort)
        let requests = Int(forecast.requestsPerMinute.rounded())
        let limit = budget.map { " of \(Int($0))" } ?? ""
        let bound = forecast.isBudgetTheBound ? "; the budget is the bound" : ""
        let longer = poll.approvals == nil && pace > .seconds(3) ? " (each \(pace.secondsText), a quarter of the budget)" : ""
        return """
            account \(name): an approval is seen after about \(forecast.approval.secondsText)\(longer), a run after about \
            \(forecast.run.secondsText) with \(count) automation\(count == 1 ? "" : "s")\(automations == nil ? ", if it has so many," : "") of a run an hour each: \
            \(requests)\(limit) requests a minute\(bound)
            """
    }
}
