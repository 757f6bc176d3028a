import RelayCore
import RelaySupport
import RelayTesting

@testable import NotifyRelay

/// Lets other tasks run until `condition` holds. It gives up after 20 seconds, so that a test fails instead of hanging.
func eventually(_ condition: @Sendable () async throws -> Bool) async rethrows -> Bool {
    let end = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < end {
        if try await condition() { return true }
        await Task.yield()
    }
    return false
}

/// Holds up tasks until it is opened or they are cancelled.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var cancelled = Set<Int>()
        var last = 0
    }

    private let state = Locked(State())

    var waiting: Int { state.withLock { $0.waiting.count } }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        for waiter in waiting { waiter.resume() }
    }

    func pass() async {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state -> Bool in
                    if state.isOpen || state.cancelled.contains(number) { return true }
                    state.waiting[number] = continuation
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            state.withLock { state in
                state.cancelled.insert(number)
                return state.waiting.removeValue(forKey: number)
            }?.resume()
        }
    }
}

/// Runs the work while the clock moves by itself: it jumps to the next deadline as soon as a task sleeps.
///
/// This is only for work that does nothing else while it waits.
func inItsTime<Result: Sendable>(_ clock: ManualClock, _ work: @escaping @Sendable () async -> Result) async -> Result {
    await withTaskGroup(of: Result?.self) { group in
        group.addTask { await work() }
        group.addTask {
            while !Task.isCancelled {
                if let next = clock.nextDeadline { clock.advance(by: max(.zero, clock.now.duration(to: next))) }
                await Task.yield()
            }
            return nil
        }
        let result = await group.next()!!
        group.cancelAll()
        return result
    }
}
