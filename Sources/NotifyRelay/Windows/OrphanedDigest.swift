import Dedup
import Policy

/// A digest that is no longer in the configuration while its open window has members.
/// The members are kept. They are sent in a digest that is marked as late when the digest returns to the configuration.
struct OrphanedDigest: Equatable {
    var name: String
    var count: Int

    static func all(in ledger: Ledger, besides known: [DigestSettings]) async throws(LedgerError) -> [OrphanedDigest] {
        let names = Set(known.map(\.name))
        var counts: [String: Int] = [:]
        for (window, count) in try await ledger.openWindows() where window.kind == .digest && !names.contains(window.name) {
            counts[window.name, default: 0] += count
        }
        return counts.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map { OrphanedDigest(name: $0.key, count: $0.value) }
    }

    /// The text for the log and for `check`.
    var warning: String {
        "digest \(name) is not in the configuration and has gathered \(DigestHeadline.counted(count, "event")); kept until it returns"
    }
}
