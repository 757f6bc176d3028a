import Dedup
import Logging
import Policy
import RelayCore
import RelaySupport

/// The relay's messages about itself: one when a trouble begins, and one when it ends.
///
/// A message that neither a route nor `health_to` sends anywhere is logged as a warning. The desk shows every trouble. A message
/// that the store fails to admit is kept in memory, in order, and admitted as soon as the store works.
final class SelfReport: Sendable {
    struct Topic: Sendable, Hashable {
        /// `unreachable`, `unauthorized`, `saturated`, `closed`, `down`, …
        var name: String
        /// The account, feed or destination.
        var about: String
        /// Nil if the topic is about a destination.
        var account: String?
        /// Tells topics of one name about one thing apart; empty for most.
        var mark = ""

        /// What the id of the event names.
        var subject: String { mark.isEmpty ? about : "\(about)/\(mark)" }
    }

    struct Trouble: Sendable {
        var topic: Topic
        var began: Timestamp
        var detail: String
    }

    private struct State {
        var open: [Topic: Trouble] = [:]
        /// Messages that are not admitted yet, oldest first.
        var untold: [Sighting] = []
    }

    /// The most messages that are kept while the store fails; later ones are lost.
    private static let mostUntold = 1_000

    private let state = Locked(State())
    private let admitter: Locked<Admitter?> = Locked(nil)
    /// Only one task at a time admits messages, so that they keep their order.
    private let telling = AsyncMutex()
    private let clock: any WallClock
    private let logger: Logger

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

    /// Reports that a trouble begins, unless it has begun already.
    ///
    /// - Parameters:
    ///   - moment: when the trouble began, if that is stored, so that a restart does not report it again; nil means now.
    ///   - also: a destination that gets the message too, whatever the routes say.
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

    /// Reports that a trouble is over, if it had begun.
    func end(_ topic: Topic, _ detail: String, also: String? = nil) async {
        if let trouble = state.withLock({ $0.open.removeValue(forKey: topic) }) {
            leave(topic, detail, beganAt: trouble.began, over: true, also: also)
        }
        await tellUntold()
    }

    /// Reports something that has no end.
    func once(_ topic: Topic, _ detail: String) async {
        leave(topic, detail, beganAt: clock.now, over: false, also: nil)
        await tellUntold()
    }

    /// Admits the messages that are not admitted yet, in order. It stops if the store fails.
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

    /// Makes the message and queues it to be admitted.
    private func leave(_ topic: Topic, _ detail: String, beganAt: Timestamp, over: Bool, also: String?) {
        let id = EventID.relay(topic.name, about: topic.subject, beganAt: beganAt, over: over)
        let event = Event(
            id: id, account: topic.account, kind: .relay, subject: EventID.relay(topic.name, about: topic.subject, beganAt: beganAt),
            priority: .high, occurredAt: clock.now, seenAt: clock.now,
            payload: Payload(detail: .relay(RelayDetail(topic: topic.name, about: topic.about, detail: detail, over: over))))
        if admitter.withLock({ $0 })?.router.owed(event, dueAt: clock.now, also: also).isEmpty ?? true {
            logger.warning("\(detail)", metadata: ["topic": "\(topic.name)", "about": "\(topic.about)", "over": "\(over)"])
        }
        let isKept = state.withLock { state in
            guard state.untold.count < Self.mostUntold else { return false }
            state.untold.append(Sighting(event, also: also))
            return true
        }
        if !isKept { logger.error("a report is lost, because the store takes none: \(detail)", metadata: ["topic": "\(topic.name)"]) }
    }
}
