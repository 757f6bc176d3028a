import RelayCore
import RelayTesting
import Testing

@testable import NotifyRelay

/// What runs beside the test, while time passes step by step.
extension House {
    /// Runs an account's looks beside the body.
    func polling(_ body: (AccountPoller) async throws -> Void) async throws {
        let poller = try await poller()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await poller.run() }
            defer { group.cancelAll() }
            try await body(poller)
        }
    }

    /// Looks once, delivers what is due, and ends.
    func runOnce() async throws -> Bool {
        let relay = relay
        let outcome = await inItsTime(clock) { () async -> Result<Bool, any Error> in
            do { return .success(try await relay.runOnce()) } catch { return .failure(error) }
        }
        return try outcome.get()
    }

    /// Runs the relay beside the body, and stops it after.
    func running(_ body: () async throws -> Void) async throws {
        let relay = relay
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await relay.run() }
            let outcome: Result<Void, any Error>
            do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
            await relay.stop()
            group.cancelAll()
            try outcome.get()
        }
    }

    /// Time passes, from one moment that somebody waits for to the next. Before each step everybody waits.
    ///
    /// - Parameter atRest: everybody waits.
    func pass(_ duration: Duration, atRest: @Sendable () async -> Bool) async {
        let end = clock.now + duration
        while true {
            guard await eventually(atRest) else {
                Issue.record("at \(clock.now) it does not come to rest: \(clock.sleeperCount) wait")
                return
            }
            guard let next = clock.nextDeadline, next <= end else { break }
            clock.advance(by: max(.zero, clock.now.duration(to: next)))
        }
        clock.advance(by: clock.now.duration(to: end))
    }

    /// The same for the looks at one account with one automation: each of its four tasks waits for a moment.
    func pass(_ duration: Duration, polling poller: AccountPoller) async {
        let clock = clock
        await pass(duration) { clock.sleeperCount == 4 && poller.runsWakeup.isWaitedFor && poller.detailsWakeup.isWaitedFor }
    }

    /// Time passes by the second, for as long as it takes until the condition holds; how long that was means nothing.
    func eventuallyInTime(_ condition: @Sendable () async throws -> Bool) async rethrows -> Bool {
        let end = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < end {
            for _ in 0..<200 {
                if try await condition() { return true }
                await Task.yield()
            }
            clock.advance(by: .seconds(1))
        }
        return false
    }
}
