import Dedup
import Logging
import RelayCore
import RelaySupport

/// What the relay says about itself: once when something begins, once more when it is over.
///
/// Where no route and no `health_to` takes it, it is a warning in the log, and always a line on the status page.
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
    private let admitter: Locked<Admitter?> = Locked(nil)
    private let clock: any WallClock
    private let logger: Logger

    init(clock: any WallClock, logger: Logger) {
        self.clock = clock
        self.logger = logger
    }

    func attach(_ admitter: Admitter) { self.admitter.withLock { $0 = admitter } }

    /// What is wrong now, oldest first.
    var troubles: [Trouble] { open.withLock { $0.values.sorted { $0.began < $1.began } } }

    /// What left the configuration troubles nobody any more. What is about no account is about a destination.
    func forget(besides accounts: Set<String>, _ destinations: Set<String>) {
        open.withLock { open in
            open = open.filter { topic, _ in topic.account.map(accounts.contains) ?? destinations.contains(topic.about) }
        }
    }

    /// - Parameters:
    ///   - moment: when it began, where that outlasts the program: then a restart does not tell it again. Nil is now.
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

    func end(_ topic: Topic, _ detail: String, also: String? = nil) async {
        guard let trouble = open.withLock({ $0.removeValue(forKey: topic) }) else { return }
        await say(topic, detail, beganAt: trouble.began, over: true, also: also)
    }

    /// Something that is said once and has no end.
    func once(_ topic: Topic, _ detail: String) async { await say(topic, detail, beganAt: clock.now, over: false, also: nil) }

    private func say(_ topic: Topic, _ detail: String, beganAt: Timestamp, over: Bool, also: String?) async {
        let id = EventID.relay(topic.name, about: topic.about, beganAt: beganAt, over: over)
        let event = Event(
            id: id, account: topic.account, kind: .relay, subject: EventID.relay(topic.name, about: topic.about, beganAt: beganAt),
            priority: .high, occurredAt: clock.now, seenAt: clock.now,
            payload: Payload(detail: .relay(RelayDetail(topic: topic.name, about: topic.about, detail: detail, over: over))))
        let admitter = admitter.withLock { $0 }
        if admitter?.router.owed(event, dueAt: clock.now, also: also).isEmpty ?? true {
            logger.warning("\(detail)", metadata: ["topic": "\(topic.name)", "about": "\(topic.about)", "over": "\(over)"])
        }
        do {
            try await admitter?.admit([Sighting(event, also: also)])
        } catch {
            logger.error("\(error.detail)", metadata: ["topic": "store"])
        }
    }
}
