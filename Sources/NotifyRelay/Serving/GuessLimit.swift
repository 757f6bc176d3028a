import RelayCore
import RelaySupport

/// Slows down the guessing of signatures. After ten wrong signatures for one content within a minute, that content is refused for the rest
/// of the minute. After a hundred wrong ones in all within a minute, each further wrong one is told to wait. A right signature for another
/// content always passes.
final class GuessLimit: Sendable {
    static let mostForOne = 10
    static let mostInAll = 100
    static let within = Duration.seconds(60)

    private struct State {
        var missed: [String: (count: Int, since: Duration)] = [:]
        var all = (count: 0, since: Duration.zero)
    }

    private let state = Locked(State())

    /// Whether a token with this content may be verified.
    func admits(_ content: String, at uptime: Duration) -> Bool {
        state.withLock { state in
            guard let missed = state.missed[Self.key(content)], uptime - missed.since < Self.within else { return true }
            return missed.count < Self.mostForOne
        }
    }

    /// Counts a wrong signature. Returns false if there were too many in all within a minute.
    func missed(_ content: String, at uptime: Duration) -> Bool {
        state.withLock { state in
            if uptime - state.all.since >= Self.within { state.all = (0, uptime) }
            state.all.count += 1
            if state.missed.count > 10_000 { state.missed = state.missed.filter { uptime - $0.value.since < Self.within } }
            if state.missed.count <= 10_000 {
                var one = state.missed[Self.key(content)] ?? (0, uptime)
                if uptime - one.since >= Self.within { one = (0, uptime) }
                one.count += 1
                state.missed[Self.key(content)] = one
            }
            return state.all.count <= Self.mostInAll
        }
    }

    private static func key(_ content: String) -> String { String(content.prefix(512)) }
}
