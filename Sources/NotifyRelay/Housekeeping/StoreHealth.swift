import Dedup
import Logging
import RelayCore
import RelaySupport

/// Why the store could not be used at the last attempt. A fault is logged once when it begins and once when it is over.
final class StoreHealth: Sendable {
    private let lastFault = Locked<String?>(nil)
    /// The write that is under way; nil if none is.
    private let attempt = Locked<Task<String?, Never>?>(nil)
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
        // Another relay leads, which is said where it matters.
        if error.reason == .fenced { return }
        let isNews = lastFault.withLock { fault in
            defer { fault = error.detail }
            return fault == nil
        }
        if isNews { logger.error("the store cannot be used: \(error.detail)") }
    }

    /// Tries a small write. Callers that come while one is under way share its result, so that they do not pile up behind a store that does
    /// not answer.
    ///
    /// - Returns: why the store cannot be written now; nil if it can.
    func check() async -> String? {
        let task = attempt.withLock { attempt in
            if let attempt { return attempt }
            let task = Task { await tryWriting() }
            attempt = task
            return task
        }
        return await task.value
    }

    private func tryWriting() async -> String? {
        defer { attempt.withLock { $0 = nil } }
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
