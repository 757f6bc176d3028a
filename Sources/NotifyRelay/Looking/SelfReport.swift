import Dedup
import Logging
import Policy
import RelayCore
import RelaySupport

/// The relay's messages about itself: one when a trouble begins, and one when it ends.
///
/// A message that no route and no `health_to` takes is a warning in the log. The status page shows every trouble. A message that the
/// store does not take is kept in memory, in its order, and told as soon as the store takes it.
final class SelfReport: Sendable {
    struct Topic: Sendable, Hashable {
        /// `unreachable`, `unauthorized`, `saturated`, `closed`, `down`, …
        var name: String
        /// The account, feed or destination.
        var about: String
        /// Nil if the topic is about a destination.
        var account: String?
    }

    struct Trouble: Sendable {
        var topic: Topic
        var began: Timestamp
        var detail: String
    }

    private struct State {
        var open: [Topic: Trouble] = [:]
        /// Messages that the store has not taken yet, oldest first.
        var untold: [Sighting] = []
    }

    /// More messages than this are not kept while the store takes none.
    private static let mostUntold = 1_000

    private let state = Locked(State())
    private let admitter: Locked<Admitter?> = Locked(nil)
    /// Only one task at a time hands messages over, so that they keep their order.
    private let telling = AsyncMutex()
    private let clock: any WallClock
    private let logger: Logger

    /// More reports than this do not wait for the store; the oldest are given up.
    private static let mostPending = 1_000

    init(clock: any WallClock, logger: Logger) {
        self.clock = clock
        self.logger = logger
    }

    func attach(_ admitter: Admitter) { self.admitter.withLock { $0 = admitter } }

    /// The present troubles, oldest first.
    var troubles: [Trouble] { state.withLock { $0.open.values.sorted { $0.began < $1.began } } }

    /// Forgets the troubles of accounts and destinations that left the configuration.
    func forget(besides accounts: Set<String>, _ destinations: Set<String>) {
        state.withLock { state in
            state.open = state.open.filter { topic, _ in topic.account.map(accounts.contains) ?? destinations.contains(topic.about) }
        }
    }

    /// Reports that a trouble begins, unless it lasts already.
    ///
    /// - Parameters:
    ///   - moment: when the trouble began, if that outlasts the program: then a restart does not tell it again. Nil is now.
    ///   - also: a destination that is told too, whatever the routes say.
    func begin(_ topic: Topic, _ detail: String, at moment: Timestamp? = nil, also: String? = nil) async {
        let began = moment ?? clock.now
        let isNews = state.withLock { state -> Bool in
            guard state.open[topic] == nil else { return false }
            state.open[topic] = Trouble(topic: topic, began: began, detail: detail)
            return true
        }
        if isNews { leave(topic, detail, beganAt: began, over: false, also: also) }
        await tellUntold()
    }

    /// Reports that a trouble is over, if it lasts.
    func end(_ topic: Topic, _ detail: String, also: String? = nil) async {
        if let trouble = state.withLock({ $0.open.removeValue(forKey: topic) }) {
            leave(topic, detail, beganAt: trouble.began, over: true, also: also)
        }
        await tellUntold()
    }

    /// Tells something that has no end.
    func once(_ topic: Topic, _ detail: String) async {
        leave(topic, detail, beganAt: clock.now, over: false, also: nil)
        await tellUntold()
    }

    /// Hands over what the store did not take before. Does nothing if there is nothing.
    func tellUntold() async {
        guard state.withLock({ !$0.untold.isEmpty }), let admitter = admitter.withLock({ $0 }) else { return }
        await telling.withLock {
            while let next = state.withLock({ $0.untold.first }) {
                do throws(LedgerError) {
                    try await admitter.admit([next])
                    state.withLock { _ = $0.untold.removeFirst() }
                } catch {
                    return logger.error("\(error.detail)", metadata: ["topic": "store"])
                }
            }
        }
    }

    /// Makes the message and puts it last in the line of those to be told.
    private func leave(_ topic: Topic, _ detail: String, beganAt: Timestamp, over: Bool, also: String?) {
        let id = EventID.relay(topic.name, about: topic.about, beganAt: beganAt, over: over)
        let event = Event(
            id: id, account: topic.account, kind: .relay, subject: EventID.relay(topic.name, about: topic.about, beganAt: beganAt),
            priority: .high, occurredAt: clock.now, seenAt: clock.now,
            payload: Payload(detail: .relay(RelayDetail(topic: topic.name, about: topic.about, detail: detail, over: over))))
        if admitter.withLock({ $0 })?.router.owed(event, dueAt: clock.now, also: also).isEmpty ?? true {
            logger.warning("\(detail)", metadata: ["topic": "\(topic.name)", "about": "\(topic.about)", "over": "\(over)"])
        }
        state.withLock { state in
            if state.untold.count < Self.mostUntold { state.untold.append(Sighting(event, also: also)) }
        }
    }
}
