import RevKeen

/// Whether `status=pending` shows every open approval. RevKeen documents no status words, and an unknown one may give an empty list.
struct PendingFilter {
    static let word = "pending"

    /// A filtered answer showed open approvals, all those that the whole list showed.
    private(set) var isHonoured = false
    /// The two were compared.
    private(set) var isJudged = false

    /// RevKeen refused the filter, so it is not asked to prove itself again.
    mutating func refuse() {
        isHonoured = false
        isJudged = true
    }

    /// Compares a filtered answer with the whole list that was requested just before.
    ///
    /// - Parameters:
    ///   - filtered: the open ones of the filtered answer.
    ///   - open: the open ones of the whole list.
    mutating func judge(_ pending: Listing<Approval>, openOnes filtered: Set<String>, under open: Set<String>) {
        // Two empty answers say nothing.
        if pending.items.isEmpty, open.isEmpty { return }
        isJudged = true
        let isIgnored = filtered.count < pending.items.count
        isHonoured = !isIgnored && !filtered.isEmpty && open.isSubset(of: filtered)
    }

    /// Whether an answer of a hot look is of the kind that was asked for.
    func isAsExpected(_ listing: Listing<Approval>, openOnes: Set<String>, filtered: Bool) -> Bool {
        guard filtered else { return listing.isNewestFirst }
        return openOnes.count == listing.items.count
    }
}
