import RelayCore
import RelaySupport

/// Slows down the guessing of signatures. After ten wrong signatures for one content within a minute, or a hundred in all, each further
/// wrong one is told to wait for the rest of the minute. A right signature always passes, so nobody can lock a link out.
final class GuessLimit: Sendable {
    static let mostForOne = 10
    static let mostInAll = 100
    static let within = Duration.seconds(60)

    /// The most contents that are remembered at once.
    private static let mostContents = 10_000

    private struct Misses {
        var count = 0
        var since: Duration

        mutating func add(at uptime: Duration) {
            if uptime - since >= GuessLimit.within { self = Misses(since: uptime) }
            count += 1
        }
    }

    private struct State {
        var one: [String: Misses] = [:]
        var all = Misses(since: .zero)
        var swept = Duration.zero

        /// Forgets what is older than a minute, at most once a second.
        mutating func sweep(at uptime: Duration) {
            guard one.count >= GuessLimit.mostContents, uptime - swept >= .seconds(1) else { return }
            swept = uptime
            one = one.filter { uptime - $0.value.since < GuessLimit.within }
        }
    }

    private let state = Locked(State())

    /// Counts a wrong signature. Returns false if there were too many within a minute, for this content or in all.
    func missed(_ content: String, at uptime: Duration) -> Bool {
        state.withLock { state in
            state.all.add(at: uptime)
            let key = String(content.prefix(512))
            state.sweep(at: uptime)
            if state.one.count < Self.mostContents || state.one[key] != nil {
                state.one[key, default: Misses(since: uptime)].add(at: uptime)
            }
            return state.all.count <= Self.mostInAll && (state.one[key]?.count ?? 0) <= Self.mostForOne
        }
    }
}
