import Policy
import RelayCore
import RelaySupport
import RevKeen

/// What a person should know of rules beside the automations that an account shows, and the rules that fit these.
enum ExpectedRules {
    /// What rules cannot do with these automations: one that names none, and a start that is expected without a schedule.
    static func remarks(_ rules: [ExpectationRule], account: String, _ automations: [Automation]) -> [String] {
        rules.filter { $0.accounts?.contains(account) != false }.flatMap { rule -> [String] in
            let named = automations.filter { rule.names(id: $0.id, name: $0.name, account: account) }
            let who = rule.automations.map(\.pattern).joined(separator: ", ")
            if named.isEmpty { return ["expect: \(who) names no automation that is visible"] }
            guard rule.startWithin != nil else { return [] }
            return named.filter { ExpectedMoments($0) == nil }.map {
                "expect: \(($0.name ?? $0.id).oneLine(most: 100)) has no schedule that can be read, so start_within expects nothing of it"
            }
        }
    }

    /// The rule that fits an automation with a schedule, as a line of the configuration; nil without a schedule.
    ///
    /// - Parameters:
    ///   - longest: how long its longest run took; nil if no run was seen from its start to its end.
    ///   - now: a moment after which its schedule is read.
    static func line(for automation: Automation, longest: Duration?, now: Timestamp) -> String? {
        guard let moments = ExpectedMoments(automation), let cron = automation.cronExpression else { return nil }
        let name = JSONValue.string((automation.name ?? automation.id).oneLine(most: 200)).text
        var keys = ["automation: \(name)", "start_within: \(within(moments, after: now))"]
        // Four times the longest, because an alarm that is often false is soon ignored.
        if let longest { keys.append("finish_within: \(max(10, longest.components.seconds * 4 / 60 + 1))m") }
        let took = longest.map { ", takes up to \($0.spoken)" } ?? ""
        return
            "- {\(keys.joined(separator: ", "))}   # \(cron.oneLine(most: 60)) \((automation.timezone ?? "UTC").oneLine(most: 60))\(took)"
    }

    /// Ten minutes, or half of the time between two starts where that is shorter.
    private static func within(_ moments: ExpectedMoments, after now: Timestamp) -> String {
        guard let first = moments.next(after: now), let second = moments.next(after: first.countedFrom) else { return "10m" }
        let half = first.countedFrom.duration(to: second.countedFrom).components.seconds / 2
        return half >= 600 ? "10m" : "\(max(1, half))s"
    }
}

extension ExpectedMoments {
    fileprivate init?(_ automation: Automation) {
        guard let cron = automation.cronExpression else { return nil }
        self.init(cron: cron, zone: automation.timezone)
    }
}
