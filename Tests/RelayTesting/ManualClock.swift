package import RelayCore
import RelaySupport

/// A clock that stands still until a test moves it. Sleepers wake in the order of their deadlines.
package final class ManualClock: WallClock {
    fileprivate struct Sleeper {
        var id: Int
        var deadline: Timestamp
        var continuation: CheckedContinuation<Void, any Error>
    }

    fileprivate struct State {
        var now: Timestamp
        var uptime: Duration = .zero
        var sleepers: [Sleeper] = []
        var nextID = 0
        var cancelled: Set<Int> = []
    }

    private let state: Locked<State>

    /// Starts at 2026-11-24T09:00:00Z by default.
    package init(_ now: Timestamp = Timestamp(seconds: 1_795_510_800)) { state = Locked(State(now: now)) }

    package var now: Timestamp { state.withLock { $0.now } }
    package var uptime: Duration { state.withLock { $0.uptime } }
    package var minimumResolution: Duration { .milliseconds(1) }
    /// The number of tasks that sleep now. A test waits for it before it advances the clock.
    package var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    /// The earliest deadline of all sleepers; nil if there are none.
    package var nextDeadline: Timestamp? { state.withLock { $0.sleepers.map(\.deadline).min() } }

    package func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now = state.now + duration
            state.uptime += duration
            return state.takeDue()
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    /// Moves the wall clock without time passing, as a person or NTP may do. Sleepers still sleep for the same remaining time.
    package func jump(by duration: Duration) {
        state.withLock { state in
            state.now = state.now + duration
            for index in state.sleepers.indices { state.sleepers[index].deadline = state.sleepers[index].deadline + duration }
        }
    }

    package func sleep(until deadline: Timestamp, tolerance: Duration?) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
                    if deadline <= state.now { return .success(()) }
                    state.sleepers.append(Sleeper(id: id, deadline: deadline, continuation: continuation))
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> Sleeper? in
                guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.sleepers.remove(at: index)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}

extension ManualClock {
    /// Lets other tasks run until `condition` holds. Returns false if it still does not hold after 20,000 turns and ten seconds more, so that a
    /// test always ends. On a busy machine another thread may not come to its turn for a while.
    package func settle(until condition: @Sendable () async -> Bool) async -> Bool {
        for _ in 0..<20_000 {
            if await condition() { return true }
            await Task.yield()
        }
        for _ in 0..<1_000 {
            if await condition() { return true }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return false
    }
}

extension ManualClock.State {
    fileprivate mutating func takeDue() -> [ManualClock.Sleeper] {
        let due = sleepers.filter { $0.deadline <= now }.sorted { $0.deadline < $1.deadline }
        sleepers.removeAll { $0.deadline <= now }
        return due
    }
}
