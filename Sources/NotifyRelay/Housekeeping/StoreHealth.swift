import Dedup
import Logging
import RelayCore
import RelaySupport

/// Why the store could not be used at the last attempt. A fault is logged once when it begins and once when it is over.
final class StoreHealth: Sendable {
    private let lastFault = Locked<String?>(nil)
    private let ledger: Ledger
    private let logger: Logger

    init(ledger: Ledger, logger: Logger) {
        self.ledger = ledger
        self.logger = logger
    }

    /// Why the store cannot be used; nil if no fault is known.
    var fault: String? { lastFault.withLock { $0 } }

    /// Keeps the error of a failed read or write, and logs the first one.
    func note(_ error: LedgerError) {
        let isNews = lastFault.withLock { fault in
            defer { fault = error.detail }
            return fault == nil
        }
        if isNews { logger.error("the store cannot be used: \(error.detail)") }
    }

    /// Tries a small write.
    ///
    /// - Returns: why the store cannot be written now; nil if it can.
    func check() async -> String? {
        guard let error = await ledger.isWritable() else {
            let wasIll = lastFault.withLock { fault in
                defer { fault = nil }
                return fault != nil
            }
            if wasIll { logger.notice("the store can be used again") }
            return nil
        }
        note(error)
        return error.detail
    }
}
