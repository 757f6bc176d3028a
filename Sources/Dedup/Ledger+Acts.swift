package import RelayCore

/// What an operator did, as the audit keeps it.
package struct Act: Sendable, Equatable {
    package var at: Timestamp
    package var actor: String
    /// `desk`.
    package var via: String
    /// The IP address that it came from; nil if it is not known.
    package var address: String?
    /// What was done: `retry`, `drop`, `open`, …
    package var what: String
    /// What it was done to: a delivery, a destination, an automation.
    package var subject: String
    /// What came of it, for people.
    package var outcome: String

    package init(at: Timestamp, actor: String, via: String, address: String?, what: String, subject: String, outcome: String) {
        self.at = at
        self.actor = actor
        self.via = via
        self.address = address
        self.what = what
        self.subject = subject
        self.outcome = outcome
    }
}

extension Ledger {
    package func record(_ act: Act) async throws(LedgerError) {
        _ = try await writes.write("act") { db in
            try db.run(
                "INSERT INTO act (at, actor, via, address, what, subject, outcome) VALUES (?, ?, ?, ?, ?, ?, ?)", act.at.milliseconds,
                act.actor, act.via, act.address, act.what, act.subject, act.outcome)
        }
    }

    /// The last acts, the newest first.
    package func acts(most: Int) async throws(LedgerError) -> [Act] {
        try await read { db in
            try db.all("SELECT at, actor, via, address, what, subject, outcome FROM act ORDER BY n DESC LIMIT ?", most) { row in
                Act(
                    at: row.time(0), actor: row[1], via: row[2], address: row[3], what: row[4], subject: row[5], outcome: row[6])
            }
        }
    }
}
