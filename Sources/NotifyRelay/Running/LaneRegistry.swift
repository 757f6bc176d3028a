import RelayCore
import RelaySupport

/// The lanes of the configuration in force, by name. It wakes lanes that have new deliveries.
final class LaneRegistry: Sendable {
    private struct State {
        var byName: [String: Lane] = [:]
        var lanes: [Lane] = []
    }

    private let state = Locked(State())

    /// The lanes in the order of the file.
    var lanes: [Lane] { state.withLock { $0.lanes } }

    func lane(_ name: String) -> Lane? { state.withLock { $0.byName[name] } }

    func replace(_ named: some Sequence<(String, Lane)>) {
        let named = Array(named)
        state.withLock { state in
            state.lanes = named.map(\.1)
            state.byName = Dictionary(named, uniquingKeysWith: { $1 })
        }
    }

    func wake(_ destinations: Set<String>) {
        let lanes = state.withLock { state in destinations.compactMap { state.byName[$0] } }
        for lane in lanes { lane.wakeup.signal() }
    }

    func wakeAll() { for lane in lanes { lane.wakeup.signal() } }
}
