import Dedup
import Policy
import RelayCore
import RelaySupport

/// Counts what lanes did, so that housekeeping need not ask the store each second.
final class LaneCount: Sendable {
    private let count = Locked(0)

    func note() { count.withLock { $0 += 1 } }

    var value: Int { count.withLock { $0 } }
}

/// Decides when dead deliveries are looked for, and remembers what was told of them.
struct DeadWatch {
    /// How often a group that grows is told again.
    static let again = Duration.seconds(3_600)
    /// Without a new death the store is asked this often, because a command may have retried or dropped deliveries.
    static let roundEvery = Duration.seconds(15)

    struct Told {
        var count: Int
        var at: Timestamp
    }

    var told: [SelfReport.Topic: Told] = [:]
    private var seen = -1
    private var nextRound = Timestamp.distantPast

    mutating func isRoundDue(deaths: Int, at now: Timestamp) -> Bool {
        guard deaths != seen || now >= nextRound || nextRound > now + Self.roundEvery else { return false }
        seen = deaths
        nextRound = now + Self.roundEvery
        return true
    }

    /// A failed round is made again in the next turn.
    mutating func repeatRound() { seen = -1 }
}

/// Gives dead deliveries a voice: a report for each destination and kind of reason, with their count, and the fallback for what is urgent.
/// The store has all that it needs, so a restart tells nothing twice and forgets nothing.
struct DeadHelp: Sendable {
    /// What died longer ago is not given to a fallback that is new.
    static let memory = Duration.seconds(86_400)

    let ledger: Ledger
    let router: Router
    let lanes: LaneRegistry
    let reports: SelfReport
    let clock: any WallClock

    /// Does one round. If the store fails, the next round tries again.
    func help(_ watch: inout DeadWatch) async throws(LedgerError) {
        let fallbacks = await fallbacks()
        let groups = merged(try await ledger.deadGroups().filter { fallbacks[$0.destination] != nil })
        for group in groups.values.sorted(by: { $0.since < $1.since }) {
            await tell(group, fallback: fallbacks[group.destination] ?? nil, &watch)
        }
        for topic in watch.told.keys where groups[topic] == nil {
            watch.told[topic] = nil
            await reports.end(topic, "no message to \(topic.about) is dead any more for that reason", also: fallbacks[topic.about] ?? nil)
        }
        for destination in Set(groups.values.map(\.destination)).sorted() {
            if let fallback = fallbacks[destination] ?? nil { try await divert(from: destination, to: fallback) }
        }
    }

    /// The fallback of each destination, or nil if it has none.
    private func fallbacks() async -> [String: String?] {
        var found: [String: String?] = [:]
        for lane in lanes.lanes {
            let destination = await lane.destination
            found[destination.name] = .some(destination.fallback)
        }
        return found
    }

    /// One group for each kind of reason: reasons that differ in numbers and ids alone are of one kind.
    private func merged(_ groups: [DeadGroup]) -> [SelfReport.Topic: DeadGroup] {
        var merged: [SelfReport.Topic: DeadGroup] = [:]
        for group in groups {
            let topic = SelfReport.Topic.dead(group.destination, reason: group.reason)
            guard var known = merged[topic] else {
                merged[topic] = group
                continue
            }
            known.count += group.count
            known.since = min(known.since, group.since)
            merged[topic] = known
        }
        return merged
    }

    private func tell(_ group: DeadGroup, fallback: String?, _ watch: inout DeadWatch) async {
        let topic = SelfReport.Topic.dead(group.destination, reason: group.reason), now = clock.now
        guard let told = watch.told[topic] else {
            watch.told[topic] = DeadWatch.Told(count: group.count, at: now)
            return await reports.begin(topic, Self.words(group), at: group.since, also: fallback)
        }
        guard group.count > told.count, told.at.duration(to: now) >= DeadWatch.again else { return }
        watch.told[topic] = DeadWatch.Told(count: group.count, at: now)
        await reports.once(topic, Self.words(group))
    }

    private static func words(_ group: DeadGroup) -> String {
        let what =
            group.count == 1 ? "a message to \(group.destination) is dead" : "\(group.count) messages to \(group.destination) are dead"
        let reason = group.reason.isEmpty ? "" : ": \(group.reason)"
        return "\(what)\(reason); `status` lists them, `retry` sends them and `drop` gives them up"
    }

    private func divert(from destination: String, to fallback: String) async throws(LedgerError) {
        let quiet = router.rules[fallback]?.quiet, now = clock.now
        let added = try await ledger.divertDead(
            from: destination, to: fallback, recipients: router.recipients[fallback] ?? [""], since: now - Self.memory,
            quiet: { quiet?.end(for: $0, at: now) })
        if added > 0 { lanes.wake([fallback]) }
    }
}

extension SelfReport.Topic {
    static func dead(_ destination: String, reason: String) -> Self {
        Self(name: "dead", about: destination, account: nil, mark: shortHash(ErrorFingerprint.mask(reason)))
    }

    var isOfDead: Bool { name == "dead" }
}
