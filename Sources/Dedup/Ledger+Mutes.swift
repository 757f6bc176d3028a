package import RelayCore
import RelaySupport

/// Automations that are not reported on before a moment.
package struct Mute: Sendable, Equatable {
    /// A pattern of names, or an id, as the person wrote it.
    /// It is also the name of the mute's windows.
    package var automation: String
    package var until: Timestamp
}

extension Ledger {
    /// The mutes that have not ended, sorted by name.
    package func mutes() async throws(LedgerError) -> [Mute] {
        let now = clock.now
        return try await read { try $0.all(MuteRow.all, now.milliseconds) { Mute(automation: $0[0], until: $0.time(1)) } }
    }

    /// Starts, lengthens or shortens a mute; an end that has passed ends it now.
    /// Its open windows and the approvals that wait for its old end move to the new end.
    package func mute(_ automation: String, until end: Timestamp) async throws(LedgerError) {
        let now = clock.now
        try await writes.write("mute") { [mutesOfCrowd] db in
            let old = try db.first("SELECT until FROM mute WHERE automation = ?", automation) { $0.time(0) }
            try db.post("DELETE FROM mute WHERE until <= ?", now.milliseconds)
            if end > now { try db.post(MuteRow.put, automation, end.milliseconds) } else { try db.post(MuteRow.end, automation) }
            try db.post(MuteRow.move, end.milliseconds, automation)
            if let old { try db.post(MuteRow.moveHeld, end.milliseconds, old.milliseconds) }
            mutesOfCrowd.withLock { $0 = nil }
        }
    }

    /// The mutes inside a transaction. They are read once for all writes of one transaction.
    func mutes(in db: SQLSession, at now: Timestamp) throws -> [Mute] {
        let crowd = writes.crowd
        if let known = mutesOfCrowd.withLock({ $0 }), known.crowd == crowd { return known.mutes.filter { $0.until > now } }
        let mutes = try db.all(MuteRow.all, now.milliseconds) { Mute(automation: $0[0], until: $0.time(1)) }
        mutesOfCrowd.withLock { $0 = MutesOfCrowd(crowd: crowd, mutes: mutes) }
        return mutes
    }

    /// The mutes that one transaction has read.
    struct MutesOfCrowd {
        var crowd: Int
        var mutes: [Mute]
    }
}

enum MuteRow {
    static let all = "SELECT automation, until FROM mute WHERE until > ? ORDER BY automation"
    static let put = "INSERT INTO mute (automation, until) VALUES (?, ?) ON CONFLICT (automation) DO UPDATE SET until = excluded.until"
    static let end = "DELETE FROM mute WHERE automation = ?"
    /// Several windows of one destination cannot end at one moment, so only the first is moved.
    static let move = """
        UPDATE event_window SET closes_at = ?1 WHERE id IN (
            SELECT min(w.id) FROM event_window w WHERE w.kind = 'mute' AND w.name = ?2 AND w.closed_at IS NULL AND NOT EXISTS (
                SELECT 1 FROM event_window o WHERE o.kind = w.kind AND o.name = w.name AND o.destination = w.destination AND o.closes_at = ?1)
            GROUP BY w.destination)
        """
    /// Moves approvals that wait for the mute's old end.
    /// No other hold ends at that very millisecond.
    static let moveHeld = """
        UPDATE delivery INDEXED BY delivery_owed SET due_at = ? WHERE state = 'owed' AND held_for = 'quiet' AND due_at = ?
        """
}
