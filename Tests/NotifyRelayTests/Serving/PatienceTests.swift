import Dedup
import Dispatch
import Pages
import RelayCore
import RelaySupport
import RelayTesting
import Testing

@testable import NotifyRelay

/// A store that does not answer, because another process holds it.
struct PatienceTests {
    /// Reads of the status that wait for the store for a moment only.
    private func status(_ house: House, storeFault: @escaping @Sendable () async -> String?) -> StatusReader {
        let whole = house.relay.status
        return StatusReader(
            ledger: whole.ledger, clock: whole.clock, metrics: whole.metrics, reports: whole.reports, laneRegistry: whole.laneRegistry,
            version: whole.version, current: whole.current, storeFault: storeFault, patience: .milliseconds(20))
    }

    @Test func `readiness does not wait for it, and says so`() async throws {
        let house = try await House(), end = Wakeup()
        let readiness = await status(house) {
            await end.wait()
            return nil
        }.readiness()
        #expect(readiness.readyText == "store: the store does not answer\n")
        end.signal()
    }

    @Test func `the relay's state says so too`() async throws {
        let house = try await House(), end = Wakeup()
        let state = try await status(house) {
            await end.wait()
            return nil
        }.relayStatus()
        #expect(state.readiness.wrong["store"] == "the store does not answer")
        end.signal()
    }

    @Test func `who asks while it is tried shares the result, so that tries do not pile up`() async throws {
        let house = try await House(), gate = DispatchSemaphore(value: 0), tries = Locked(0)
        let health = StoreHealth(ledger: house.ledger, logger: house.book.logger)
        house.ledger.faults.follow { access in
            guard access == .write("pulse") else { return nil }
            tries.withLock { $0 += 1 }
            gate.wait()
            return StoreFault(.busy)
        }
        let first = Task { await health.check() }
        #expect(await comesTrue { tries.withLock { $0 } == 1 })
        for _ in 1...3 { #expect(await result(within: .milliseconds(20)) { await health.check() } == nil) }
        #expect(tries.withLock { $0 } == 1)
        house.ledger.faults.follow(nil)
        gate.signal()
        #expect(await first.value?.contains("another process is writing") == true)
        #expect(await health.check() == nil)
    }

    @Test func `work that ends in time gives its result`() async {
        #expect(await result(within: .seconds(60)) { 7 } == 7)
    }
}
