import RelayCore

/// Gives room in the file that retention has freed back to the file system. The file keeps some room for later.
extension Ledger {
    /// The pages that one step gives back: a megabyte, so that no write waits long.
    package static let pagesOfStep = 256
    /// The file keeps this share of its pages free, and at least this many.
    private static let keptShare = 0.1
    private static let keptPages = 2_560

    /// Gives one step of free pages back. A store that was made by a version before this one cannot, and keeps them.
    ///
    /// - Parameter kept: the pages that stay free at least.
    /// - Returns: whether something was given back, so that another step may follow.
    @discardableResult
    package func shrink(keeping kept: Int = Ledger.keptPages) async throws(LedgerError) -> Bool {
        guard try await hasRoomToGive(keeping: kept) else { return false }
        try await writes.write("shrink") { try $0.script("PRAGMA incremental_vacuum(\(Self.pagesOfStep))") }
        return true
    }

    private func hasRoomToGive(keeping kept: Int) async throws(LedgerError) -> Bool {
        try await read { db in
            let isIncremental = try GaugeRow.number("PRAGMA auto_vacuum", db) == 2
            let free = try GaugeRow.number("PRAGMA freelist_count", db), pages = try GaugeRow.number("PRAGMA page_count", db)
            return isIncremental && free > kept + Self.pagesOfStep && Double(free) > Double(pages) * Self.keptShare
        }
    }
}
