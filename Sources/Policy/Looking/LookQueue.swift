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

    private var lists: [ListState] = []
    /// Where each automation stands in `lists`. None is ever removed.
    private var places: [String: Int] = [:]
    private var details = WaitingDetails()
    private var hasAsked = false
    private var areAutomationsInFlight = false
    private var automationsDueAt = Timestamp.distantPast
    private var prior = ListOutlook.Prior()
    private var found = ExpectedFinds()

    /// The most lists that are read at once. An answer may have a hundred kilobytes and more, and what is made of it as much again.
    package static let mostLists = 12
    private var listsInFlight = 0
    /// What failed when it was last looked at, and is looked at again now. It has at most half of the places, because a host that does not
    /// answer for some lists and details may keep each of them for 30 s.
    private var failing: FailingLooks

    /// The runs whose detail is read now.
    package private(set) var runsInFlight: Set<String> = []

    /// A list, and what is reckoned of it once for each look.
    private struct ListState: Sendable {
        let automation: String
        var outlook: ListOutlook
        /// When its worth reaches what a look is worth, within the bounds.
        var dueAt = Timestamp.distantPast
        /// A part of it waits to be read.
        var hasGap = false
        /// It is read now.
        var isInFlight = false
        /// The last look at it failed.
        var hasFailed = false
        /// A look at this moment or after it is needed to judge what did not happen; nil if none is.
        var wantedAt: Timestamp?

        func isWanted(at now: Timestamp) -> Bool { wantedAt.map { $0 <= now } ?? false && outlook.notBefore <= now }
    }

    /// - Parameter places: the most looks at lists and details at once.
    package init(bounds: ClosedRange<Duration>, effort: Effort, automations: Duration, places: Int = 6) {
        failing = FailingLooks(places: places)
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
        began(look)
        return look
    }

    /// The look to make now for an approval's sake, which waits for no budget; nil if there is none.
    package mutating func nextForApprovals(at now: Timestamp) -> Look? {
        guard let look = askedFor(at: now) else { return nil }
        began(look)
        return look
    }

    private func askedFor(at now: Timestamp) -> Look? {
        guard hasAsked, let detail = details.firstCertain(at: now), detail.kind == .asked else { return nil }
        return .detail(detail.run)
    }

    private func choice(at now: Timestamp) -> Look? {
        if automationsDueAt <= now, !areAutomationsInFlight { return .automations }
        if let list = oldestBeyondBound(at: now) { return .runs(list) }
        if let detail = details.firstCertain(at: now, besides: failing.details) { return .detail(detail.run) }
        return firstWanted(at: now) ?? firstGap(at: now) ?? mostWorth(at: now)
    }

    private var isListFree: Bool { listsInFlight < Self.mostLists }

    /// Whether a list may be looked at now if it is due.
    private func isFree(_ place: Int) -> Bool {
        !lists[place].isInFlight && (!lists[place].hasFailed || failing.hasRoomForList)
    }

    private func oldestBeyondBound(at now: Timestamp) -> String? {
        guard isListFree else { return nil }
        let latest = now - bounds.upperBound * stretch
        var oldest: (place: Int, at: Timestamp)?
        for place in lists.indices where isFree(place) && lists[place].outlook.notBefore <= now {
            let at = lists[place].outlook.lookedAt ?? .distantPast
            if at <= latest, at < oldest?.at ?? .distantFuture { oldest = (place, at) }
        }
        return oldest.map { lists[$0.place].automation }
    }

    private func firstWanted(at now: Timestamp) -> Look? {
        guard isListFree else { return nil }
        let wanted = lists.indices.filter { lists[$0].isWanted(at: now) && isFree($0) }
        let first = wanted.min { (lists[$0].wantedAt ?? now, lists[$0].automation) < (lists[$1].wantedAt ?? now, lists[$1].automation) }
        return first.map { .runs(lists[$0].automation) }
    }

    private func firstGap(at now: Timestamp) -> Look? {
        guard isListFree else { return nil }
        let gaps = lists.indices.filter { lists[$0].hasGap && lists[$0].dueAt <= now && isFree($0) }
        let first = gaps.min { (lists[$0].dueAt, lists[$0].automation) < (lists[$1].dueAt, lists[$1].automation) }
        return first.map { .runs(lists[$0].automation) }
    }

    private func mostWorth(at now: Timestamp) -> Look? {
        var best: (look: Look, worth: Double)?
        for place in lists.indices where isListFree && lists[place].dueAt <= now && isFree(place) {
            let worth = lists[place].outlook.worth(at: now, prior: prior)
            if worth > best?.worth ?? -1 { best = (.runs(lists[place].automation), worth) }
        }
        let guess = details.best(at: now, besides: failing.details) { worth(of: $0, at: now) }
        if let guess, guess.worth > best?.worth ?? -1 { best = (.detail(guess.detail.run), guess.worth) }
        return best?.look
    }

    private func worth(of detail: Detail, at now: Timestamp) -> Double {
        let age = (detail.dueAt.duration(to: now) + wait(forRate: detail.rate)).inSeconds
        return detail.rate * age * age / 2
    }

    /// The next moment at which a look becomes due, if nothing new is learned. The end of a look is news for what has no place until then.
    package func nextDueAt() -> Timestamp {
        var next = min(areAutomationsInFlight ? .distantFuture : automationsDueAt, details.nextDueAt(besides: failing.details))
        guard isListFree else { return next }
        for place in lists.indices where isFree(place) {
            next = min(next, lists[place].dueAt, lists[place].wantedAt.map { max($0, lists[place].outlook.notBefore) } ?? .distantFuture)
        }
        return next
    }

    /// When an automation's runs are due; nil if it is not watched.
    package func nextDueAt(of automation: String) -> Timestamp? { places[automation].map { lists[$0].dueAt } }

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
    package var automationIDs: Set<String> { Set(places.keys) }

    package func outlook(of automation: String) -> ListOutlook? { places[automation].map { lists[$0].outlook } }

    /// Takes in an automation, or a change of its schedule.
    ///
    /// - Parameter stored: what earlier runs of the program learned of it.
    package mutating func watch(_ automation: String, schedule: RunSchedule?, stored: ListOutlook? = nil) {
        if let place = places[automation] {
            let known = lists[place].outlook.schedule
            guard known != schedule, schedule?.isSame(as: known) != true else { return }
            lists[place].outlook.schedule = schedule
            return reckon(place)
        }
        var outlook = stored ?? ListOutlook()
        outlook.schedule = schedule
        // After a pause of the program each list is looked at first of all, whatever it is worth.
        places[automation] = lists.count
        lists.append(ListState(automation: automation, outlook: outlook))
    }

    package mutating func automationsRead(at now: Timestamp) {
        areAutomationsInFlight = false
        automationsDueAt = now + automations
        learnPrior()
    }

    /// A look began. One that the queue did not choose is said to have begun by its caller.
    package mutating func began(_ look: Look) {
        switch look {
        case .automations: areAutomationsInFlight = true
        case .runs(let id): if let place = places[id] { list(place, isInFlight: true) }
        case .detail(let run):
            details.take(run)
            runsInFlight.insert(run)
            failing.began(detail: run)
        }
    }

    private mutating func list(_ place: Int, isInFlight: Bool) {
        guard lists[place].isInFlight != isInFlight else { return }
        lists[place].isInFlight = isInFlight
        listsInFlight += isInFlight ? 1 : -1
        if lists[place].hasFailed { failing.lists += isInFlight ? 1 : -1 }
    }

    /// Asks for a look at an automation's runs at a moment or soon after it. A look that began before it does not count.
    package mutating func want(_ automation: String, at moment: Timestamp) {
        guard let place = places[automation] else { return }
        lists[place].wantedAt = lists[place].wantedAt.map { min($0, moment) } ?? moment
    }

    /// Asks for the list of automations now.
    package mutating func wantAutomations(at now: Timestamp) { automationsDueAt = min(automationsDueAt, now) }

    /// A look failed. It is made again after a wait.
    package mutating func failed(_ look: Look, again: Timestamp) {
        switch look {
        case .automations:
            areAutomationsInFlight = false
            automationsDueAt = again
        case .runs(let id):
            guard let place = places[id] else { return }
            list(place, isInFlight: false)
            lists[place].hasFailed = true
            lists[place].outlook.notBefore = again
            lists[place].dueAt = again
        case .detail(let run): detailEnded(run, failed: true)
        }
    }

    /// A look at a list of runs was good.
    ///
    /// - Parameters:
    ///   - moment: when it was requested.
    ///   - hasGap: a part of the list waits to be read.
    package mutating func looked(_ automation: String, at moment: Timestamp, _ sight: ListOutlook.Sight, hasGap: Bool) {
        guard let place = places[automation] else { return }
        found.add(lists[place].outlook.expectation(at: moment, prior: prior), at: moment)
        list(place, isInFlight: false)
        lists[place].hasFailed = false
        if let wanted = lists[place].wantedAt, wanted <= moment { lists[place].wantedAt = nil }
        lists[place].outlook.looked(at: moment, sight)
        lists[place].hasGap = hasGap
        reckon(place)
    }

    /// A run's detail showed its end before a list did.
    package mutating func ended(_ run: String, of automation: String, seconds: Double?) {
        guard let place = places[automation] else { return }
        if let seconds { lists[place].outlook.duration.saw(seconds: seconds) }
        lists[place].outlook.running.removeAll { $0.id == run }
        reckon(place)
    }

    /// Notifications that a run's detail showed before the run's end, and the time in which they came.
    package mutating func sawInside(_ automation: String, _ count: Int, in duration: Duration) {
        if let place = places[automation] { lists[place].outlook.inside.saw(count, in: duration.inSeconds) }
    }

    /// The rate at which notifications come inside an automation's runs that go on.
    package func insideRate(of automation: String) -> Double {
        (places[automation].map { lists[$0].outlook.inside } ?? LearnedRate()).rate(prior: prior.inside)
    }

    /// Replaces the details that are known to be due, or to become due soon.
    package mutating func offer(_ offered: [Detail]) {
        details.replace(with: offered.filter { !runsInFlight.contains($0.run) })
        hasAsked = offered.contains { $0.kind == .asked }
    }

    /// Adds details that became due to those that are known. None of them may be known already.
    package mutating func add(_ more: [Detail]) {
        details.add(more)
        hasAsked = hasAsked || more.contains { $0.kind == .asked }
    }

    /// Forgets a detail that is not in flight.
    package mutating func forget(_ run: String) { details.take(run) }

    /// The details that were offered and not taken yet.
    package var waitingDetails: Int { details.count }

    package mutating func detailEnded(_ run: String, failed: Bool = false) {
        runsInFlight.remove(run)
        failing.ended(detail: run, failed: failed)
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
        for place in lists.indices {
            lists[place].outlook.shift(by: difference)
            lists[place].dueAt.shift(by: difference)
            lists[place].wantedAt?.shift(by: difference)
        }
        details.shift(by: difference)
    }

    /// How long a run is expected to wait until it is seen, in seconds; nil while that is not known.
    package var expectedDelay: Double? { found.events > 0 ? found.waiting / found.events : nil }

    private mutating func learnPrior() {
        var rate = (events: 0.0, seconds: 0.0), inside = (events: 0.0, seconds: 0.0)
        for list in lists {
            rate = (rate.events + list.outlook.rate.events, rate.seconds + list.outlook.rate.seconds)
            inside = (inside.events + list.outlook.inside.events, inside.seconds + list.outlook.inside.seconds)
        }
        prior.rate = LearnedRate.mean(ofEvents: rate.events, seconds: rate.seconds)
        prior.inside = LearnedRate.mean(ofEvents: inside.events, seconds: inside.seconds)
        for place in lists.indices where !lists[place].isInFlight { reckon(place) }
    }

    /// Finds when a list's worth reaches what a look is worth.
    private mutating func reckon(_ place: Int) {
        let list = lists[place]
        guard let lookedAt = list.outlook.lookedAt else { return }
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
        lists[place].dueAt = max(earliest + .seconds(high), list.outlook.notBefore)
    }
}
