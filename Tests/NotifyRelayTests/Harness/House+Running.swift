import RelayCore
import RelayTesting
import Testing

@testable import NotifyRelay

/// Runs parts of the relay beside the test, while the clock moves step by step.
extension House {
    /// Runs the poller of the account beside the body.
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

    /// Runs the relay beside the body, and stops it afterwards.
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

    /// Moves the clock from one deadline to the next. Before each step all tasks must wait.
    ///
    /// - Parameter atRest: returns true if all tasks wait.
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

    /// Moves the clock like this for the poller of one account, whose two tasks each wait for a deadline, as does each look that waits for
    /// the budget.
    func pass(_ duration: Duration, polling poller: AccountPoller) async {
        let clock = clock
        await pass(duration) {
            // A look that ends signals at once, so the number of looks is asked for first.
            let looks = await poller.looksInFlight
            return poller.account.wakeup.isWaitedFor && looks + 2 == clock.sleeperCount
        }
    }

    /// Moves the clock by a second at a time until the condition holds. The time that has passed then has no meaning.
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
