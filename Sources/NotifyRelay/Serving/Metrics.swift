import Dedup
import Policy
import RelayCore
import RelaySupport
import RevKeen

/// The program's counters and gauges, in the text form that Prometheus reads (exposition format 0.0.4).
///
/// Labels come from the configuration and from closed sets only, so that no outside input can make a series. Every counter exists at zero
/// before anything happens, so that an alert sees the first increase.
final class Metrics: Sendable {
    struct State {
        var admitted: [Labels: Int] = [:]
        var deliveries: [Labels: Int] = [:]
        var seconds: [String: Histogram] = [:]
        var pollFailures: [Labels: Int] = [:]
        var lastRead: [Labels: Timestamp] = [:]
        var saturated: [Labels: Bool] = [:]
        var gaps: [Labels: Int] = [:]
        var absences: [String: Int] = [:]
        var requests: [Labels: Int] = [:]
        var seen: [Labels: Histogram] = [:]
        var lately: [Labels: RecentDelays] = [:]
        var decisions: [Labels: Int] = [:]
        var decisionSeconds: [String: Histogram] = [:]
        var accounts: [String] = []
        var destinations: [String] = []
        var reloadSucceeded = true
        /// When the running configuration was read.
        var reloadedAt = Timestamp.distantPast

        /// Removes the series of accounts and destinations that left the configuration.
        mutating func forgetOthers() {
            let accounts = Set(accounts + [""]), destinations = Set(destinations)
            admitted = admitted.filter { accounts.contains($0.key.parts[0]) }
            pollFailures = pollFailures.filter { accounts.contains($0.key.parts[0]) }
            lastRead = lastRead.filter { accounts.contains($0.key.parts[0]) }
            saturated = saturated.filter { accounts.contains($0.key.parts[0]) }
            gaps = gaps.filter { accounts.contains($0.key.parts[0]) }
            absences = absences.filter { accounts.contains($0.key) }
            requests = requests.filter { accounts.contains($0.key.parts[0]) }
            seen = seen.filter { accounts.contains($0.key.parts[0]) }
            lately = lately.filter { accounts.contains($0.key.parts[0]) }
            deliveries = deliveries.filter { destinations.contains($0.key.parts[0]) }
            seconds = seconds.filter { destinations.contains($0.key) }
        }
    }

    private let state = Locked(State())

    func register(accounts: [String], destinations: [String: DeliveryOutcome.Carrier], at now: Timestamp) {
        state.withLock { state in
            state.accounts = accounts
            state.destinations = destinations.keys.sorted()
            state.forgetOthers()
            for account in accounts {
                for kind in Event.Kind.allCases { state.admitted[[account, kind.rawValue], default: 0] += 0 }
                for feed in Feed.allCases {
                    if state.lastRead[[account, feed.rawValue]] == nil { state.lastRead[[account, feed.rawValue]] = now }
                    for result in RequestResult.allCases { state.requests[[account, feed.rawValue, result.rawValue], default: 0] += 0 }
                    if state.saturated[[account, feed.rawValue]] == nil { state.saturated[[account, feed.rawValue]] = false }
                }
                for kind in Feed.kinds.values.joined() where state.seen[[account, kind.rawValue]] == nil {
                    state.seen[[account, kind.rawValue]] = Histogram(bounds: Histogram.waits)
                }
                for feed in Gap.Feed.allCases { state.gaps[[account, feed.rawValue], default: 0] += 0 }
                for reason in Self.pollReasons { state.pollFailures[[account, reason], default: 0] += 0 }
            }
            for via in WayIn.allCases {
                for verdict in Self.verdicts { state.decisions[[via.rawValue, verdict.rawValue], default: 0] += 0 }
                if state.decisionSeconds[via.rawValue] == nil { state.decisionSeconds[via.rawValue] = Histogram(bounds: Histogram.waits) }
            }
            for kind in [Event.Kind.relay, .digest] { state.admitted[["", kind.rawValue], default: 0] += 0 }
            for (destination, carrier) in destinations {
                for (outcome, reason) in DeliveryOutcome.pairs(by: carrier) {
                    state.deliveries[[destination, outcome, reason.snakeCase], default: 0] += 0
                }
                if state.seconds[destination] == nil { state.seconds[destination] = Histogram() }
            }
        }
    }

    func admitted(account: String?, kind: Event.Kind) {
        state.withLock { $0.admitted[[account ?? "", kind.rawValue], default: 0] += 1 }
    }

    func delivered(_ destination: String, _ outcome: DeliveryOutcome, took: Duration) {
        state.withLock { state in
            state.deliveries[[destination, outcome.word, outcome.reason.snakeCase], default: 0] += 1
            state.seconds[destination, default: Histogram()].observe(took.inSeconds)
        }
    }

    func pollFailed(account: String, reason: String) {
        state.withLock { $0.pollFailures[[account, reason.snakeCase], default: 0] += 1 }
    }

    /// Records how many expectations of an account are open.
    func absences(account: String, open: Int) {
        state.withLock { $0.absences[account] = open }
    }

    /// Records a decision.
    ///
    /// - Parameter took: from the request to the decision; nil if that is not known.
    func decided(via: WayIn, _ verdict: ApprovalDetail.State, took: Duration?) {
        state.withLock { state in
            state.decisions[[via.rawValue, verdict.rawValue], default: 0] += 1
            if let took { state.decisionSeconds[via.rawValue, default: Histogram(bounds: Histogram.waits)].observe(max(0, took.inSeconds)) }
        }
    }

    func requested(account: String, feed: Feed, _ result: RequestResult) {
        state.withLock { $0.requests[[account, feed.rawValue, result.rawValue], default: 0] += 1 }
    }

    /// Records how long a thing waited, from its own time until it was admitted.
    func seen(account: String, kind: Event.Kind, after delay: Duration) {
        guard let feed = Feed.allCases.first(where: { Feed.kinds[$0]?.contains(kind) == true }) else { return }
        let seconds = max(0, delay.inSeconds)
        state.withLock { state in
            state.seen[[account, kind.rawValue], default: Histogram(bounds: Histogram.waits)].observe(seconds)
            state.lately[[account, feed.rawValue], default: RecentDelays()].add(seconds)
        }
    }

    /// How long things of a feed waited lately until they were seen; nil if none was seen.
    func measuredDelay(account: String, feed: Feed) -> (median: Duration, most: Duration)? {
        state.withLock { $0.lately[[account, feed.rawValue]]?.quantiles }
    }

    func read(account: String, feed: String, at now: Timestamp) { state.withLock { $0.lastRead[[account, feed]] = now } }

    /// Counts the lists of a feed of which a part was not read yet.
    func gaps(account: String, feed: String, _ count: Int) {
        state.withLock { $0.gaps[[account, feed]] = count }
    }

    func saturated(account: String, feed: String, _ isSaturated: Bool) {
        state.withLock { $0.saturated[[account, feed]] = isSaturated }
    }

    /// Records a read of the configuration, at the start or by a reload. If it failed, the old configuration is still in force.
    func reloaded(_ succeeded: Bool, at now: Timestamp) {
        state.withLock { state in
            state.reloadSucceeded = succeeded
            if succeeded { state.reloadedAt = now }
        }
    }

    /// How long ago each feed was last read without an error, whether something of it cannot be seen, and in how many lists it is read on.
    func feedAges(_ now: Timestamp) -> [(account: String, feed: String, age: Duration, saturated: Bool, gaps: Int)] {
        state.withLock { state in
            state.lastRead.sorted { $0.key < $1.key }
                .map {
                    (
                        $0.key.parts[0], $0.key.parts[1], $0.value.duration(to: now), state.saturated[$0.key] ?? false,
                        state.gaps[$0.key] ?? 0
                    )
                }
        }
    }

    /// The page, with what else is known of the relay at this moment.
    func text(_ moment: MetricsMoment) -> String { MetricsText(state: state.withLock { $0 }, moment: moment).text }

    private static let verdicts = ApprovalDetail.State.allCases.filter { $0 != .open }
    /// A request that is cancelled is not counted.
    private static let pollReasons = RevKeenError.Reason.allCases.filter { $0 != .cancelled }.map { $0.rawValue.snakeCase } + ["store"]
}

/// The values of a series' labels, in the order of the family's label names.
struct Labels: Hashable, Comparable, Sendable, ExpressibleByArrayLiteral {
    var parts: [String]
    init(arrayLiteral elements: String...) { parts = elements }
    static func < (a: Labels, b: Labels) -> Bool { a.parts.lexicographicallyPrecedes(b.parts) }
}

extension String {
    /// A word of ours as a value of a label: `rateLimited` becomes `rate_limited`.
    var snakeCase: String {
        reduce(into: "") { text, letter in text += letter.isUppercase ? "_\(letter.lowercased())" : String(letter) }
    }
}
