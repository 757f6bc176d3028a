import Dedup

/// Destinations and digests that left the configuration while the store still has deliveries or events for them. These are kept until the
/// name returns.
struct OrphanList: Sendable {
    struct Destination: Sendable, Equatable {
        var name: String
        var owed: Int
    }

    var destinations: [Destination]
    var digests: [OrphanedDigest]

    /// Reads the orphans. A destination that a new name claims with `was:` is no orphan.
    static func read(from ledger: Ledger, besides configuration: Configuration) async throws(LedgerError) -> OrphanList {
        let known = Set(configuration.destinations.map(\.name) + configuration.destinations.compactMap(\.was))
        let owing = try await ledger.overview().destinations.filter { $0.owed > 0 && !known.contains($0.name) }
        return OrphanList(
            destinations: owing.map { Destination(name: $0.name, owed: $0.owed) },
            digests: try await OrphanedDigest.all(in: ledger, besides: configuration.digests))
    }

    /// The warnings of the log and of `check`.
    var warnings: [String] {
        destinations.map { orphan in
            """
            destination \(orphan.name) is not in the configuration and is owed \(orphan.owed == 1 ? "1 delivery" : "\(orphan.owed) deliveries"), kept until it returns, \
            until another says `was: \(orphan.name)`, or until `drop --destination \(orphan.name)`
            """
        } + digests.map(\.warning)
    }
}
