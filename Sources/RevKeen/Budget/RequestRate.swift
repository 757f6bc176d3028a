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
    private var tokens: Double
    private var filledAt: Duration
    private var pausedUntil: Duration?
    private var line: [Ticket] = []
    private var lastNumber = 0
    /// When decisions and approvals went, over the last minute.
    private var urgent: [Duration] = []

    init(setting: RequestBudget.Setting, hostLimit: Int?, now: Duration) {
        self.setting = setting
        self.hostLimit = hostLimit
        filledAt = now
        tokens = 0
        tokens = burst
    }

    var waiting: Int { line.count }

    var perMinute: Double? {
        switch setting {
        case .none: nil
        case .perMinute(let count): Double(max(count, 1))
        case .percent(let percent): hostLimit.map { max(1, Double($0) * Double(percent) / 100) }
        }
    }

    /// The maximum burst in requests: ten seconds of the rate.
    /// The hosts themselves allow two minutes of it.
    private var burst: Double { max(1, (perMinute ?? 0) / 6) }

    mutating func learn(limit: Int, now: Duration) {
        guard limit > 0, limit != hostLimit else { return }
        fill(now)
        hostLimit = limit
        tokens = min(tokens, burst)
    }

    mutating func pause(until moment: Duration) { pausedUntil = max(pausedUntil ?? moment, moment) }

    mutating func pauseLeft(at now: Duration) -> Duration? {
        guard let pausedUntil, pausedUntil > now else {
            pausedUntil = nil
            return nil
        }
        return pausedUntil - now
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
        if let pause = pauseLeft(at: now) { return pause }
        if let rate = perMinute {
            fill(now)
            let ahead = Double(line.count { $0.isBefore(ticket) && $0.urgency != .decision })
            let missing = 1 + ahead - tokens - allowance(ticket.urgency)
            // Tokens are fractions, and a billionth of a request is not worth a wait.
            if ticket.urgency != .decision, missing > 1e-9 { return .seconds(missing * 60 / rate) }
            tokens = max(tokens - 1, -2 * burst)
        }
        giveUp(ticket)
        if ticket.urgency != .rest { urgent.append(now) }
        return nil
    }

    mutating func stretch(demandPerMinute: Double, at now: Duration) -> Double {
        guard let rate = perMinute, demandPerMinute.isFinite else { return 1 }
        dropOldUrgent(now)
        return max(1, demandPerMinute / max(rate - Double(urgent.count), rate / 10))
    }

    /// How far this urgency may exceed the rate, in requests.
    private func allowance(_ urgency: RequestBudget.Urgency) -> Double { urgency == .rest ? 0 : burst }

    private mutating func fill(_ now: Duration) {
        let gained = (now - filledAt).inSeconds * (perMinute ?? 0) / 60
        tokens = min(burst, tokens + max(0, gained))
        filledAt = now
        dropOldUrgent(now)
    }

    private mutating func dropOldUrgent(_ now: Duration) { urgent.removeAll { now - $0 >= .seconds(60) } }
}
