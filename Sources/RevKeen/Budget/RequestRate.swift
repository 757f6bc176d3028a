import RelayCore

/// The token bucket of a budget: it decides who may go and how long the others wait.
/// All moments are uptimes.
///
/// Long-run use stays within the rate: the rest pays back what decisions and approvals take ahead of it.
struct RequestRate {
    /// A waiting request.
    /// Tickets are ordered by urgency, then by arrival.
    struct Ticket: Equatable {
        var urgency: RequestBudget.Urgency
        var number: Int

        func isBefore(_ other: Ticket) -> Bool { (urgency.rawValue, number) < (other.urgency.rawValue, other.number) }
    }

    private let setting: RequestBudget.Setting
    private var hostLimit: Int?
    private var host = HostAllowance()
    private var learned = LearnedLimit()
    private var tokens: Double
    private var filledAt: Duration
    private var pausedUntil: [RequestBudget.Urgency: Duration] = [:]
    private var line: [Ticket] = []
    private var lastNumber = 0
    /// When decisions and approvals went, over the last minute.
    private var urgent: [Duration] = []
    /// The requests of the rest.
    private var restOfMinute = LastMinute()
    /// Since when no request of the rest could enter; nil if one could.
    private var blockedAt: Duration?
    private let beganAt: Duration

    init(setting: RequestBudget.Setting, hostLimit: Int?, now: Duration) {
        self.setting = setting
        self.hostLimit = hostLimit
        filledAt = now
        beganAt = now
        // A program that starts again and again stays within its rate: it may begin with one second of it.
        tokens = max(1, (setting.perMinute(hostLimit: hostLimit) ?? 0) / 60)
    }

    var waiting: Int { line.count }

    var perMinute: Double? {
        setting.perMinute(hostLimit: hostLimit)
    }

    /// The rate in force: the budget, or what refusals taught if that is less.
    private var rate: Double? { [perMinute, learned.perMinute].compactMap(\.self).min() }

    /// The maximum burst in requests: ten seconds of the rate, less after a refusal. RevKeen itself allows two minutes of it.
    /// A host that states no limit may allow no burst at all, so a learned rate allows one second of it.
    private var burst: Double {
        let seconds = learned.perMinute.map { $0 < perMinute ?? .infinity } == true ? 1 : 10 * learned.burstShare
        return max(1, (rate ?? 0) / 60 * seconds)
    }

    /// The requests a minute that decisions and approvals leave to the rest, of which at least a tenth of the budget; nil without a limit.
    mutating func leftForRest(at now: Duration) -> Double? {
        dropOldUrgent(now)
        return rate.map { max($0 - Double(urgent.count), $0 / 10) }
    }

    mutating func learn(limit: Int, now: Duration) {
        guard limit > 0, limit != hostLimit else { return }
        fill(now)
        hostLimit = limit
        tokens = min(tokens, burst)
    }

    /// The host said how many requests it still allows.
    ///
    /// - Parameters:
    ///   - request: the number of the request that it answered.
    ///   - newest: the number of the newest request.
    mutating func learn(remaining: Int, from request: Int, newest: Int, now: Duration) {
        host.told(remaining, by: request, newest: newest, perMinute: hostLimit, now: now)
    }

    /// The host refused a request for now.
    ///
    /// - Parameter urgency: the refused request's. The rest pauses too, whatever was refused.
    mutating func pause(_ urgency: RequestBudget.Urgency, until moment: Duration, isTooMany: Bool, now: Duration) {
        for paused in Set([urgency, .rest]) { pausedUntil[paused] = max(pausedUntil[paused] ?? moment, moment) }
        guard isTooMany else { return }
        fill(now)
        learned.refused(at: now, until: moment, isRateKnown: host.isTold || hostLimit != nil)
        tokens = min(tokens, burst)
    }

    mutating func pauseLeft(_ urgency: RequestBudget.Urgency, at now: Duration) -> Duration? {
        guard let until = pausedUntil[urgency], until > now else {
            pausedUntil[urgency] = nil
            return nil
        }
        return until - now
    }

    mutating func draw(_ urgency: RequestBudget.Urgency) -> Ticket {
        lastNumber += 1
        let ticket = Ticket(urgency: urgency, number: lastNumber)
        line.append(ticket)
        return ticket
    }

    /// Removes a ticket from the queue; does nothing if the ticket is no longer in it.
    mutating func giveUp(_ ticket: Ticket) { line.removeAll { $0 == ticket } }

    /// Takes a token, leaves the queue and returns nil, or returns how long to wait before the next try.
    mutating func take(_ ticket: Ticket, at now: Duration) -> Duration? {
        let ahead = line.count { $0.isBefore(ticket) && $0.urgency != .decision }
        if let wait = wait(ticket.urgency, behind: ahead, at: now) { return wait }
        tokens = max(tokens - 1, -2 * burst)
        host.entered()
        learned.entered(at: now)
        giveUp(ticket)
        guard ticket.urgency == .rest else {
            urgent.append(now)
            return nil
        }
        blockedAt = nil
        restOfMinute.add(at: now)
        return nil
    }

    /// How long a request would have to wait that came now; nil if it could enter.
    mutating func wait(_ urgency: RequestBudget.Urgency, at now: Duration) -> Duration? {
        wait(urgency, behind: line.count { $0.urgency <= urgency && $0.urgency != .decision }, at: now)
    }

    private mutating func wait(_ urgency: RequestBudget.Urgency, behind ahead: Int, at now: Duration) -> Duration? {
        if let pause = pauseLeft(urgency, at: now) { return pause }
        fill(now)
        // A person waits for a decision.
        if urgency == .decision { return nil }
        if let rate, let wait = waitForRate(rate, urgency, behind: ahead, at: now) { return wait }
        return host.wait(for: 1 + ahead, isUrgent: urgency != .rest, at: now)
    }

    private mutating func waitForRate(_ rate: Double, _ urgency: RequestBudget.Urgency, behind ahead: Int, at now: Duration) -> Duration? {
        let missing = 1 + Double(ahead) - tokens - allowance(urgency)
        // Tokens are fractions, and a billionth of a request is not worth a wait.
        let wait: Duration? = missing > 1e-9 ? .seconds(missing * 60 / pace) : urgency == .rest ? waitForMinute(rate, at: now) : nil
        guard urgency == .rest, ahead == 0 else { return wait }
        guard let wait else {
            blockedAt = nil
            return nil
        }
        // Urgent requests that take the whole budget leave a tenth of it to the rest.
        let since = blockedAt ?? now
        blockedAt = since
        let tenth = since + .seconds(600 / rate) - now
        return tenth > .zero ? min(wait, tenth) : nil
    }

    /// No minute has more requests than the rate allows, with as many urgent ones as came lately and one more.
    private mutating func waitForMinute(_ rate: Double, at now: Duration) -> Duration? {
        restOfMinute.roll(to: now)
        let counted = min(max((now - beganAt).inSeconds, 3), 60)
        let most = rate - Double(urgent.count) * 60 / counted - 1
        guard Double(restOfMinute.total) + 1 > most else { return nil }
        // Tokens that are saved up meanwhile would go at once, minute after minute.
        tokens = min(tokens, 1)
        return restOfMinute.untilFewer(at: now)
    }

    /// How far this urgency may exceed the rate, in requests.
    private func allowance(_ urgency: RequestBudget.Urgency) -> Double { urgency == .rest ? 0 : burst }

    /// Tokens a minute. A large rate is a little slower than the minute allows, which is counted by the second, so that requests go evenly.
    private var pace: Double { rate.map { $0 >= 100 ? $0 * 0.98 : $0 } ?? 0 }

    private mutating func fill(_ now: Duration) {
        learned.pass(to: now)
        let gained = (now - filledAt).inSeconds * pace / 60
        tokens = min(burst, tokens + max(0, gained))
        filledAt = now
        dropOldUrgent(now)
    }

    private mutating func dropOldUrgent(_ now: Duration) { urgent.removeAll { now - $0 >= .seconds(60) } }
}

extension RequestBudget.Setting {
    /// The requests a minute that it allows; nil means no limit.
    package func perMinute(hostLimit: Int?) -> Double? {
        switch self {
        case .none: nil
        case .perMinute(let count): Double(max(count, 1))
        case .percent(let percent): hostLimit.map { max(1, Double($0) * Double(percent) / 100) }
        }
    }
}
