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
    private struct State {
        var admitted: [Labels: Int] = [:]
        var deliveries: [Labels: Int] = [:]
        var seconds: [String: Histogram] = [:]
        var pollFailures: [Labels: Int] = [:]
        var lastRead: [Labels: Timestamp] = [:]
        var saturated: [Labels: Bool] = [:]
        var gaps: [Labels: Int] = [:]
        var requests: [Labels: Int] = [:]
        var seen: [Labels: Histogram] = [:]
        var lately: [Labels: RecentDelays] = [:]
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
            requests = requests.filter { accounts.contains($0.key.parts[0]) }
            seen = seen.filter { accounts.contains($0.key.parts[0]) }
            lately = lately.filter { accounts.contains($0.key.parts[0]) }
            deliveries = deliveries.filter { destinations.contains($0.key.parts[0]) }
            seconds = seconds.filter { destinations.contains($0.key) }
        }
    }

    private let state = Locked(State())

    func register(accounts: [String], destinations: [String], at now: Timestamp) {
        state.withLock { state in
            state.accounts = accounts
            state.destinations = destinations
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
            for kind in [Event.Kind.relay, .digest] { state.admitted[["", kind.rawValue], default: 0] += 0 }
            for destination in destinations {
                for (outcome, reason) in Self.outcomes { state.deliveries[[destination, outcome, reason], default: 0] += 0 }
                if state.seconds[destination] == nil { state.seconds[destination] = Histogram() }
            }
        }
    }

    func admitted(account: String?, kind: Event.Kind) {
        state.withLock { $0.admitted[[account ?? "", kind.rawValue], default: 0] += 1 }
    }

    func delivered(_ destination: String, _ outcome: DeliveryOutcome, took: Duration) {
        state.withLock { state in
            state.deliveries[[destination, outcome.word, outcome.reason], default: 0] += 1
            state.seconds[destination, default: Histogram()].observe(took.inSeconds)
        }
    }

    func pollFailed(account: String, reason: String) {
        state.withLock { $0.pollFailures[[account, reason], default: 0] += 1 }
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

    /// - Parameters:
    ///   - overview: nil while the store cannot be read; then the series that need it are left out.
    /// - shut: the destinations whose lane is down or closed.
    /// - budgets: requests a minute by account; nil means no limit.
    func text(overview: Overview?, shut: Set<String>, budgets: [String: Double?], now: Timestamp) -> String {
        let state = state.withLock { $0 }
        var page = MetricsPage()
        page.family("events_admitted_total", "counter", "Events admitted, by account and kind.")
        page.lines("events_admitted_total", ["account", "kind"], state.admitted.mapValues(Double.init))
        page.family("deliveries_total", "counter", "Attempts to deliver, by how they ended.")
        page.lines("deliveries_total", ["destination", "outcome", "reason"], state.deliveries.mapValues(Double.init))
        page.family("delivery_seconds", "histogram", "How long an attempt took.")
        for (destination, histogram) in state.seconds.sorted(by: { $0.key < $1.key }) {
            page.histogram("delivery_seconds", [("destination", destination)], histogram)
        }
        if let overview { page.owed(overview, destinations: state.destinations, now: now) }
        page.family("lane_open", "gauge", "1 while the lane is open, 0 while it is down or closed.")
        page.lines("lane_open", ["destination"], state.destinations.labelled { shut.contains($0) ? 0 : 1 })
        page.family("feed_age_seconds", "gauge", "Since the feed was last read well.")
        page.lines("feed_age_seconds", ["account", "feed"], state.lastRead.mapValues { max(0, $0.duration(to: now).inSeconds) })
        page.family("feed_saturated", "gauge", "1 while a list is full, so that older items may not be seen.")
        page.lines("feed_saturated", ["account", "feed"], state.saturated.mapValues { $0 ? 1 : 0 })
        page.family("gaps", "gauge", "Lists of which a part was not read yet.")
        page.lines("gaps", ["account", "feed"], state.gaps.mapValues(Double.init))
        page.family("seen_delay_seconds", "histogram", "From a thing's own time until it was seen.")
        for (labels, histogram) in state.seen.sorted(by: { $0.key < $1.key }) {
            page.histogram("seen_delay_seconds", Array(zip(["account", "kind"], labels.parts)), histogram)
        }
        page.family("requests_total", "counter", "Requests to RevKeen, by feed and by how they ended.")
        page.lines("requests_total", ["account", "feed", "result"], state.requests.mapValues(Double.init))
        page.family("poll_failures_total", "counter", "Requests to RevKeen that brought no answer to use.")
        page.lines("poll_failures_total", ["account", "reason"], state.pollFailures.mapValues(Double.init))
        page.family("budget_per_minute", "gauge", "Requests a minute that the account may make; +Inf is without limit.")
        page.lines("budget_per_minute", ["account"], state.accounts.labelled { (budgets[$0] ?? nil) ?? .infinity })
        page.family("config_reload_success", "gauge", "1 if the last reading of the configuration was taken over, 0 if the old one stays.")
        page.line("config_reload_success", [], state.reloadSucceeded ? 1 : 0)
        page.family("config_reload_timestamp_seconds", "gauge", "When the configuration that runs was read.")
        page.line("config_reload_timestamp_seconds", [], Double(state.reloadedAt.milliseconds) / 1_000)
        return page.text
    }

    private static let pollReasons = RevKeenError.Reason.allCases.map(\.rawValue) + ["store"]
    private static let outcomes: [(String, String)] =
        [("delivered", "ok")]
        + ["retry", "throttled", "refused", "gone", "uncertain", "vanished"].flatMap { outcome in
            DeliveryError.Reason.allCases.map { (outcome, $0.rawValue) }
        }
}

/// The values of a series' labels, in the order of the family's label names.
struct Labels: Hashable, Comparable, Sendable, ExpressibleByArrayLiteral {
    var parts: [String]
    init(arrayLiteral elements: String...) { parts = elements }
    static func < (a: Labels, b: Labels) -> Bool { a.parts.lexicographicallyPrecedes(b.parts) }
}

extension [String] {
    fileprivate func labelled(_ value: (String) -> Double) -> [Labels: Double] {
        Dictionary(map { ([$0], value($0)) }, uniquingKeysWith: { $1 })
    }
}
