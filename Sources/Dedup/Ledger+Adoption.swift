package import RelayCore

/// The changes that a new configuration makes in the store: renamed accounts and destinations, and the open windows of digests.
package struct Adoption: Sendable, Equatable {
    /// A former name and the new one, from the key `was:` of the configuration.
    package struct Rename: Sendable, Equatable {
        package var old: String
        package var new: String

        package init(from old: String, to new: String) {
            self.old = old
            self.new = new
        }
    }

    /// The slot of a digest's schedule that contains the present moment.
    package struct Slot: Sendable, Equatable {
        package var digest: String
        package var opensAt: Timestamp
        package var closesAt: Timestamp

        package init(digest: String, opensAt: Timestamp, closesAt: Timestamp) {
            self.digest = digest
            self.opensAt = opensAt
            self.closesAt = closesAt
        }
    }

    package var accounts: [Rename]
    package var destinations: [Rename]
    package var slots: [Slot]

    package init(accounts: [Rename] = [], destinations: [Rename] = [], slots: [Slot] = []) {
        self.accounts = accounts
        self.destinations = destinations
        self.slots = slots
    }
}

extension Ledger {
    /// Makes all changes of a new configuration in one transaction.
    ///
    /// - Returns: the number of events that each account took over from its former name; accounts that took over none are left out.
    package func adopt(_ adoption: Adoption) async throws(LedgerError) -> [String: Int] {
        let now = clock.now
        return try await writes.write("adopt") { db in
            var renamed: [String: Int] = [:]
            for rename in adoption.accounts {
                let events = try AccountRenaming.rename(rename.old, to: rename.new, db)
                if events > 0 { renamed[rename.new] = events }
            }
            for rename in adoption.destinations { _ = try DestinationRenaming.rename(rename.old, to: rename.new, at: now, db) }
            for slot in adoption.slots {
                let join = WindowJoin(kind: .digest, name: slot.digest, opensAt: slot.opensAt, closesAt: slot.closesAt)
                try WindowRow.schedule(join, at: now, db)
            }
            return renamed
        }
    }
}
