package import RelayCore
import RelaySupport

/// What the queue is told, and what it learns of it.
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
