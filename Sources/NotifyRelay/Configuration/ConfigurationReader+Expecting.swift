import Policy
import RelayCore
import RelaySupport

extension ConfigurationReader {
    /// Reads `expect`: what is expected of automations.
    func expectations() -> [ExpectationRule] {
        root.sections("expect").compactMap { section in
            let names = section.places("automation")
            if names == nil { section.missing("automation", "a pattern for the name of an automation, or its id") }
            let accounts = section.places("account")?.map { account in
                checkAccount(account)
                return account.text
            }
            let times = (section.duration("start_within"), section.duration("finish_within"), section.duration("succeed_every"))
            if !["start_within", "finish_within", "succeed_every"].contains(where: section.holds) {
                section.missing("start_within", "that, finish_within or succeed_every, with a duration such as 10m")
            }
            for (key, time) in zip(["start_within", "finish_within", "succeed_every"], [times.0, times.1, times.2]) where time == .zero {
                section.wrong(key, "a duration of more than nothing, such as 10m")
            }
            section.finish()
            guard let names else { return nil }
            return ExpectationRule(
                accounts: accounts, automations: names.map { Glob(pattern: $0.text) }, startWithin: times.0, finishWithin: times.1,
                succeedEvery: times.2)
        }
    }
}
