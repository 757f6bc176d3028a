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
    package internal(set) var stretch = 1.0

    var lists: [ListState] = []
    /// Where each automation stands in `lists`. None is ever removed.
    var places: [String: Int] = [:]
    var details = WaitingDetails()
    var hasAsked = false
    var areAutomationsInFlight = false
    var automationsDueAt = Timestamp.distantPast
    var prior = ListOutlook.Prior()
    var found = ExpectedFinds()

    /// The most lists that are read at once. An answer may have a hundred kilobytes and more, and what is made of it as much again.
    package static let mostLists = 12
    var listsInFlight = 0
    /// What failed when it was last looked at, and is looked at again now. It has at most half of the places, because a host that does not
    /// answer for some lists and details may keep each of them for 30 s.
    var failing: FailingLooks

    /// The runs whose detail is read now.
    package internal(set) var runsInFlight: Set<String> = []

    /// A list, and what is reckoned of it once for each look.
    struct ListState: Sendable {
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
