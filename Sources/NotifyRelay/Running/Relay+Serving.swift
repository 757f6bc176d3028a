import Dedup

/// The parts that show the relay's own state.
extension Relay {
    nonisolated var status: StatusReader {
        StatusReader(
            ledger: ledger, clock: clock, metrics: metrics, reports: reports, laneRegistry: laneRegistry, version: version,
            current: current, storeFault: { [storeHealth] in await storeHealth.check() })
    }
}
