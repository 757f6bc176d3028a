package import RelayCore
import RelaySupport

/// Says which look at an account is worth the next request. It holds no I/O and no clock, so it runs in a simulation as it runs for real.
///
/// A look's worth is the waiting that it is expected to end, in event-seconds: for a list whose events come at a rate λ and that was looked
/// at τ ago, λτ²/2. With known rates, to look where the worth is largest is the optimum (the looks at a list are then as √λ). Work that is
/// certain comes before what is guessed, and a list that is older than its upper bound before both. Approvals are not in this queue: they
/// have requests of their own.
package struct LookQueue: Sendable {
    /// The youngest and the oldest age at which a list is looked at.
    package let bounds: ClosedRange<Duration>
    package let effort: Effort
    /// How often the list of automations is read.
    package let automations: Duration
    /// The factor (at least 1) by which the upper bounds are stretched, because the budget does not hold them.
    package private(set) var stretch = 1.0

    private var lists: [String: ListState] = [:]
    private var details: [String: Detail] = [:]
    private var hasAsked = false
    private var inFlight: Set<Look> = []
    private var automationsDueAt = Timestamp.distantPast
    private var prior = ListOutlook.Prior()
    private var found = ExpectedFinds()

    /// A list, and what is reckoned of it once for each look.
    private struct ListState: Sendable {
        var outlook: ListOutlook
        /// When its worth reaches what a look is worth, within the bounds.
        var dueAt = Timestamp.distantPast
        /// A part of it waits to be read.
        var hasGap = false
    }

    package init(bounds: ClosedRange<Duration>, effort: Effort, automations: Duration) {
        self.bounds = bounds
        self.effort = effort
        self.automations = automations
    }
}

// MARK: - What to look at

extension LookQueue {
    /// The look to make now; nil if none is due. It counts as in flight until it is said to have ended or failed.
    package mutating func next(at now: Timestamp) -> Look? {
        guard let look = askedFor(at: now) ?? choice(at: now) else { return nil }
        inFlight.insert(look)
        return look
    }

    /// The look to make now for an approval's sake, which waits for no budget; nil if there is none.
    package mutating func nextForApprovals(at now: Timestamp) -> Look? {
        guard let look = askedFor(at: now) else { return nil }
        inFlight.insert(look)
        return look
    }

    private func askedFor(at now: Timestamp) -> Look? {
        guard hasAsked, let detail = firstDetail(at: now), detail.kind == .asked else { return nil }
        return .detail(detail.run)
    }

    private func choice(at now: Timestamp) -> Look? {
        if automationsDueAt <= now, !inFlight.contains(.automations) { return .automations }
        if let list = oldestBeyondBound(at: now) { return .runs(list) }
        if let certain = firstCertain(at: now) { return certain }
        return mostWorth(at: now)
    }

    private func oldestBeyondBound(at now: Timestamp) -> String? {
        let latest = now - bounds.upperBound * stretch
        var oldest: (id: String, at: Timestamp)?
        for (id, list) in lists where list.outlook.notBefore <= now {
            let at = list.outlook.lookedAt ?? .distantPast
            guard at <= latest, at < oldest?.at ?? .distantFuture, !inFlight.contains(.runs(id)) else { continue }
            oldest = (id, at)
        }
        return oldest?.id
    }

    private func firstCertain(at now: Timestamp) -> Look? {
        if let detail = firstDetail(at: now), detail.kind != .guessed { return .detail(detail.run) }
        let gaps = lists.filter { $0.value.hasGap && $0.value.dueAt <= now && !inFlight.contains(.runs($0.key)) }
        return gaps.min { ($0.value.dueAt, $0.key) < ($1.value.dueAt, $1.key) }.map { .runs($0.key) }
    }

    private func firstDetail(at now: Timestamp) -> Detail? {
        var first: Detail?
        for detail in details.values where detail.dueAt <= now && !inFlight.contains(.detail(detail.run)) {
            if let best = first, !detail.isBefore(best) { continue }
            first = detail
        }
        return first
    }

    private func mostWorth(at now: Timestamp) -> Look? {
        var best: (look: Look, worth: Double)?
        for (id, list) in lists where list.dueAt <= now && !inFlight.contains(.runs(id)) {
            let worth = list.outlook.worth(at: now, prior: prior)
            if worth > best?.worth ?? -1 { best = (.runs(id), worth) }
        }
        for detail in details.values where detail.dueAt <= now && !inFlight.contains(.detail(detail.run)) {
            let worth = worth(of: detail, at: now)
            if worth > best?.worth ?? -1 { best = (.detail(detail.run), worth) }
        }
        return best?.look
    }

    private func worth(of detail: Detail, at now: Timestamp) -> Double {
        let age = (detail.dueAt.duration(to: now) + wait(forRate: detail.rate)).inSeconds
        return detail.rate * age * age / 2
    }

    /// The next moment at which a look becomes due, if nothing new is learned.
    package func nextDueAt() -> Timestamp {
        var next = inFlight.contains(.automations) ? .distantFuture : automationsDueAt
        for (id, list) in lists where !inFlight.contains(.runs(id)) { next = min(next, list.dueAt) }
        for detail in details.values where !inFlight.contains(.detail(detail.run)) { next = min(next, detail.dueAt) }
        return next
    }

    /// When an automation's runs are due; nil if it is not watched.
    package func nextDueAt(of automation: String) -> Timestamp? { lists[automation]?.dueAt }

    /// How long to wait before a guessed look at something with a rate, within the bounds.
    package func wait(forRate rate: Double) -> Duration {
        guard rate > 0 else { return bounds.upperBound }
        let seconds = (2 * effort.leastWorth / rate).squareRoot()
        return min(max(.seconds(min(seconds, 1e8)), bounds.lowerBound), bounds.upperBound)
    }
}

// MARK: - What was learned

extension LookQueue {
    /// The lists that are looked at.
    package var automationIDs: Set<String> { Set(lists.keys) }

    package func outlook(of automation: String) -> ListOutlook? { lists[automation]?.outlook }

    /// Takes in an automation, or a change of its schedule.
    ///
    /// - Parameter stored: what earlier runs of the program learned of it.
    package mutating func watch(_ automation: String, schedule: RunSchedule?, stored: ListOutlook? = nil) {
        if let known = lists[automation] {
            guard known.outlook.schedule != schedule, schedule?.isSame(as: known.outlook.schedule) != true else { return }
            lists[automation]?.outlook.schedule = schedule
            return reckon(automation)
        }
        var outlook = stored ?? ListOutlook()
        outlook.schedule = schedule
        // After a pause of the program each list is looked at first of all, whatever it is worth.
        lists[automation] = ListState(outlook: outlook)
    }

    package mutating func automationsRead(at now: Timestamp) {
        inFlight.remove(.automations)
        automationsDueAt = now + automations
        learnPrior()
    }

    /// A look failed. It is made again after a wait.
    package mutating func failed(_ look: Look, again: Timestamp) {
        inFlight.remove(look)
        switch look {
        case .automations: automationsDueAt = again
        case .runs(let id):
            lists[id]?.outlook.notBefore = again
            lists[id]?.dueAt = again
        case .detail(let run): details[run] = nil
        }
    }

    /// A look at a list of runs was good.
    ///
    /// - Parameters:
    ///   - moment: when it was requested.
    ///   - hasGap: a part of the list waits to be read.
    package mutating func looked(_ automation: String, at moment: Timestamp, _ sight: ListOutlook.Sight, hasGap: Bool) {
        inFlight.remove(.runs(automation))
        guard var list = lists[automation] else { return }
        found.add(list.outlook.expectation(at: moment, prior: prior), at: moment)
        list.outlook.looked(at: moment, sight)
        list.hasGap = hasGap
        lists[automation] = list
        reckon(automation)
    }

    /// A run's detail showed its end before a list did.
    package mutating func ended(_ run: String, of automation: String, seconds: Double?) {
        guard lists[automation] != nil else { return }
        if let seconds { lists[automation]?.outlook.duration.saw(seconds: seconds) }
        lists[automation]?.outlook.running.removeAll { $0.id == run }
        reckon(automation)
    }

    /// Notifications that a run's detail showed before the run's end, and the time in which they came.
    package mutating func sawInside(_ automation: String, _ count: Int, in duration: Duration) {
        lists[automation]?.outlook.inside.saw(count, in: duration.inSeconds)
    }

    /// The rate at which notifications come inside an automation's runs that go on.
    package func insideRate(of automation: String) -> Double {
        (lists[automation]?.outlook.inside ?? LearnedRate()).rate(prior: prior.inside)
    }

    /// Replaces the details that are known to be due, or to become due soon.
    package mutating func offer(_ offered: [Detail]) {
        details = Dictionary(offered.map { ($0.run, $0) }, uniquingKeysWith: { $1 })
        hasAsked = offered.contains { $0.kind == .asked }
    }

    /// The details that were offered and not taken yet.
    package var waitingDetails: Int { details.keys.count { !inFlight.contains(.detail($0)) } }

    /// The runs whose detail is read now.
    package var runsInFlight: Set<String> {
        Set(
            inFlight.compactMap { look in
                guard case .detail(let run) = look else { return nil }
                return run
            })
    }

    /// A look began that the queue did not choose.
    package mutating func began(_ look: Look) { inFlight.insert(look) }

    package mutating func detailEnded(_ run: String) {
        inFlight.remove(.detail(run))
        details[run] = nil
    }

    /// Learns how far the budget holds the upper bounds.
    ///
    /// - Parameters:
    ///   - perMinute: the requests that are left for looks at lists and details; nil if there is no limit.
    ///   - details: the details that are read in a minute.
    package mutating func fit(into perMinute: Double?, details: Double) {
        guard let perMinute else { return stretch = 1 }
        let needed = Double(lists.count) * 60 / max(0.5, bounds.upperBound.inSeconds) + 60 / max(1, automations.inSeconds)
        stretch = max(1, needed / max(perMinute / 2, perMinute - details, 0.1))
    }

    package mutating func shift(by difference: Duration) {
        automationsDueAt.shift(by: difference)
        for id in lists.keys {
            lists[id]?.outlook.shift(by: difference)
            lists[id]?.dueAt.shift(by: difference)
        }
        for run in details.keys { details[run]?.dueAt.shift(by: difference) }
    }

    /// How long a run is expected to wait until it is seen, in seconds; nil while that is not known.
    package var expectedDelay: Double? { found.events > 0 ? found.waiting / found.events : nil }

    private mutating func learnPrior() {
        var rate = (events: 0.0, seconds: 0.0), inside = (events: 0.0, seconds: 0.0)
        for list in lists.values {
            rate = (rate.events + list.outlook.rate.events, rate.seconds + list.outlook.rate.seconds)
            inside = (inside.events + list.outlook.inside.events, inside.seconds + list.outlook.inside.seconds)
        }
        prior.rate = LearnedRate.mean(ofEvents: rate.events, seconds: rate.seconds)
        prior.inside = LearnedRate.mean(ofEvents: inside.events, seconds: inside.seconds)
        for id in lists.keys where !inFlight.contains(.runs(id)) { reckon(id) }
    }

    /// Finds when a list's worth reaches what a look is worth.
    private mutating func reckon(_ id: String) {
        guard let list = lists[id], let lookedAt = list.outlook.lookedAt else { return }
        let earliest = lookedAt + bounds.lowerBound
        var low = 0.0, high = (bounds.upperBound * stretch - bounds.lowerBound).inSeconds
        if list.hasGap || effort.leastWorth == 0 {
            high = 0
        } else if list.outlook.worth(at: earliest, prior: prior) >= effort.leastWorth {
            high = 0
        } else {
            // The worth never falls with time, so halving finds the moment; to a fiftieth of the wait, which is enough.
            while high - low > max(0.05, low / 50) {
                let middle = (low + high) / 2
                if list.outlook.worth(at: earliest + .seconds(middle), prior: prior) < effort.leastWorth {
                    low = middle
                } else {
                    high = middle
                }
            }
        }
        lists[id]?.dueAt = max(earliest + .seconds(high), list.outlook.notBefore)
    }
}
