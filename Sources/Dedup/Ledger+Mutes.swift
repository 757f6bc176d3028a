import GRDB
package import RelayCore

/// An automation of which nothing is told until a moment.
package struct Mute: Sendable, Equatable {
    /// A pattern of names, or an id, as it was given.
    package var automation: String
    package var until: Timestamp

    /// Of the windows that hold what is told when it ends.
    package var windowName: String { "mute/\(automation)" }
    package static let windowPrefix = "mute/"
}

extension Ledger {
    /// Those that have not ended, in the order of their names.
    package func mutes() async throws(LedgerError) -> [Mute] {
        let now = clock.now
        return try await read { try $0.all(MuteRow.all, now.milliseconds) { Mute(automation: $0[0], until: $0.time(1)) } }
    }

    /// Begins, lengthens or shortens a mute. What it holds already is told at its new end; so is what was to be due at the old one.
    package func mute(_ automation: String, until end: Timestamp) async throws(LedgerError) {
        let now = clock.now
        let mute = Mute(automation: automation, until: end)
        try await writes.write("mute") { db in
            let old = try db.first("SELECT until FROM mute WHERE automation = ?", automation) { $0.time(0) }
            try db.run("DELETE FROM mute WHERE until <= ?", now.milliseconds)
            if end > now { try db.run(MuteRow.put, automation, end.milliseconds) } else { try db.run(MuteRow.end, automation) }
            try db.run(MuteRow.move, end.milliseconds, mute.windowName)
            if let old { try db.run(MuteRow.moveHeld, end.milliseconds, old.milliseconds) }
        }
    }
}

enum MuteRow {
    static let all = "SELECT automation, until FROM mute WHERE until > ? ORDER BY automation"
    static let put = "INSERT INTO mute (automation, until) VALUES (?, ?) ON CONFLICT (automation) DO UPDATE SET until = excluded.until"
    static let end = "DELETE FROM mute WHERE automation = ?"
    static let move = "UPDATE OR IGNORE window SET closes_at = ? WHERE kind = 'quiet' AND name = ? AND closed_at IS NULL"
    /// Approvals that wait for the old end: no other hold ends at the very millisecond.
    static let moveHeld = """
        UPDATE delivery INDEXED BY delivery_owed SET due_at = ? WHERE state = 'owed' AND held_for = 'quiet' AND due_at = ?
        """
}
