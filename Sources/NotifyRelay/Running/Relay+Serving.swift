import Dedup
import Logging

/// What the relay shows of itself.
extension Relay {
    nonisolated var status: StatusReader {
        StatusReader(
            ledger: ledger, clock: clock, metrics: metrics, reports: reports, laneRegistry: laneRegistry, version: version,
            current: current, storeFault: { await self.storeFaultNow() })
    }

    /// Tries a small write. Nil if the ledger can be written now; otherwise why it cannot.
    func storeFaultNow() async -> String? {
        let fault = await ledger.isWritable()?.detail
        if fault == nil, storeFault != nil { logger.notice("the store can be written again") }
        storeFault = fault
        return fault
    }
}
