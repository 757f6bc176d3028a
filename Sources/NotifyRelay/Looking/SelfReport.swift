import Dedup
import Logging
import RelayCore

/// Reports about the relay itself: one event when a trouble begins, one more when it is over.
///
/// A report that no route and no `health_to` takes is a warning in the log. Every trouble is a line on the status page while it lasts.
final class SelfReport: Sendable {
    struct Topic: Sendable, Hashable {
        /// `unreachable`, `unauthorized`, `saturated`, `closed`, `down`, …
        var name: String
        /// The account, feed or destination.
        var about: String
        var account: String?
    }

    struct Trouble: Sendable {
        var topic: Topic
        var began: Timestamp
        var detail: String
    }

    private let open = Locked<[Topic: Trouble]>([:])
    /// Reports that the store could not admit yet, oldest first. A stop loses them; what lasts is reported again after a start.
    private let pending = Locked<[Sighting]>([])
    private let admitter: Locked<Admitter?> = Locked(nil)
    private let clock: any WallClock
    private let logger: Logger

    /// More reports than this do not wait for the store; the oldest are given up.
    private static let mostPending = 1_000

    init(clock: any WallClock, logger: Logger) {
        self.clock = clock
        self.logger = logger
    }

    func attach(_ admitter: Admitter) { self.admitter.withLock { $0 = admitter } }

    /// The troubles that last, oldest first.
    var troubles: [Trouble] { open.withLock { $0.values.sorted { $0.began < $1.began } } }

    /// Forgets troubles of accounts and destinations that left the configuration. A topic without an account is about a destination.
    func forget(besides accounts: Set<String>, _ destinations: Set<String>) {
        open.withLock { open in
            open = open.filter { topic, _ in topic.account.map(accounts.contains) ?? destinations.contains(topic.about) }
        }
    }

    /// Reports that a trouble begins, unless it lasts already.
    ///
    /// - Parameters:
    ///   - moment: when it began, if that is known from before a restart: then the restart does not report it again. Nil is now.
    ///   - also: a destination that is told too, whatever the routes say.
    func begin(_ topic: Topic, _ detail: String, at moment: Timestamp? = nil, also: String? = nil) async {
        let began = open.withLock { open -> Timestamp? in
            guard open[topic] == nil else { return nil }
            let began = moment ?? clock.now
            open[topic] = Trouble(topic: topic, began: began, detail: detail)
            return began
        }
        if let began { await say(topic, detail, beganAt: began, over: false, also: also) }
    }

    /// Reports that a trouble is over, if it lasts.
    func end(_ topic: Topic, _ detail: String, also: String? = nil) async {
        guard let trouble = open.withLock({ $0.removeValue(forKey: topic) }) else { return }
        await say(topic, detail, beganAt: trouble.began, over: true, also: also)
    }

    /// Reports something that has no end.
    func once(_ topic: Topic, _ detail: String) async { await say(topic, detail, beganAt: clock.now, over: false, also: nil) }

    private func say(_ topic: Topic, _ detail: String, beganAt: Timestamp, over: Bool, also: String?) async {
        let id = EventID.relay(topic.name, about: topic.about, beganAt: beganAt, over: over)
        let event = Event(
            id: id, account: topic.account, kind: .relay, subject: EventID.relay(topic.name, about: topic.about, beganAt: beganAt),
            priority: .high, occurredAt: clock.now, seenAt: clock.now,
            payload: Payload(detail: .relay(RelayDetail(topic: topic.name, about: topic.about, detail: detail, over: over))))
        let router = admitter.withLock { $0 }?.router
        if router?.owed(event, dueAt: clock.now, also: also).isEmpty ?? true {
            logger.warning("\(detail)", metadata: ["topic": "\(topic.name)", "about": "\(topic.about)", "over": "\(over)"])
        }
        pending.withLock { $0 = Array(($0 + [Sighting(event, also: also)]).suffix(Self.mostPending)) }
        await sayPending()
    }

    /// Admits the reports that wait. Those that the store cannot take stay, and the next call tries again. A report that is admitted twice
    /// is one event, since its id stays the same.
    func sayPending() async {
        let waiting = pending.withLock { $0 }
        guard !waiting.isEmpty, let admitter = admitter.withLock({ $0 }) else { return }
        do {
            for report in waiting {
                try await admitter.admit([report])
                pending.withLock { $0.removeAll { $0.event.id == report.event.id } }
            }
        } catch {
            logger.error("\(error.detail)", metadata: ["topic": "store"])
        }
    }
}
