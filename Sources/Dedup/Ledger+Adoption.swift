package import RelayCore

/// What a new configuration changes in the store: former names, and the windows that its digests gather in.
package struct Adoption: Sendable, Equatable {
    /// A name that the file says is the former one of another (`was:`).
    package struct Rename: Sendable, Equatable {
        package var old: String
        package var new: String

        package init(from old: String, to new: String) {
            self.old = old
            self.new = new
        }
    }

    /// The slot of a digest's schedule in which the present moment lies.
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
    /// Writes everything that a new configuration changes in the store, in one transaction: all of it, or nothing.
    ///
    /// - Returns: how many events each account took over from its former name; accounts that took over none are left out.
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
