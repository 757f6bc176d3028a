/// Gives room in the file that retention has freed back to the file system. The file keeps some room for later.
extension Ledger {
    /// The pages that one step gives back.
    package static let pagesOfStep = SQLiteStore.pagesOfStep
    /// The file keeps at least so many pages free.
    private static let keptPages = 2_560

    /// Gives one step of free pages back. A store that was made by a version before this one cannot, and keeps them. A server gives back by
    /// itself.
    ///
    /// - Parameter kept: the pages that stay free at least.
    /// - Returns: whether something was given back, so that another step may follow.
    @discardableResult
    package func shrink(keeping kept: Int = Ledger.keptPages) async throws(LedgerError) -> Bool {
        guard try await read({ [store] db in try store.hasRoomToGive(keeping: kept, db) }) else { return false }
        try await writes.write("shrink") { try SQLiteStore.giveRoomBack($0) }
        return true
    }
}
