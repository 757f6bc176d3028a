package import RelayCore

/// What open windows and held deliveries are reckoned anew from, after the wall clock was set.
package struct Reckoning: Sendable {
    /// When the quiet hours of each destination end, for destinations that are quiet now.
    package var quietEnds: [String: Timestamp]
    /// The longest time that a window of an outage stays open.
    package var longestCatchUp: Duration

    package init(quietEnds: [String: Timestamp], longestCatchUp: Duration) {
        self.quietEnds = quietEnds
        self.longestCatchUp = longestCatchUp
    }

    /// The times of a window as its schedule gives them from now. A window never ends later than by its schedule, and did not open in the
    /// future.
    func times(of window: Window, mutes: [String: Timestamp], at now: Timestamp) -> (opens: Timestamp, closes: Timestamp) {
        let opens = min(window.opensAt, now)
        let length = window.opensAt.duration(to: window.closesAt)
        switch window.kind {
        // A digest has a schedule of its own, from which `Ledger.schedule` takes it.
        case .digest: return (window.opensAt, window.closesAt)
        case .quiet: return (opens, min(window.closesAt, quietEnds[window.destination] ?? now))
        case .mute: return (opens, min(window.closesAt, mutes[window.name] ?? now))
        case .catchUp: return (opens, min(window.closesAt, now + longestCatchUp))
        case .storm, .ceiling: return (opens, window.opensAt > now ? now + length : window.closesAt)
        }
    }
}

extension Ledger {
    /// Moves everything that is held until a moment which its schedule does not give from now: open windows except digests, and deliveries
    /// that quiet hours or mutes hold. Moments of messages that lie in the future become now. It may be called at any time.
    ///
    /// - Returns: the number of windows and deliveries that were moved.
    package func reckon(_ reckoning: Reckoning) async throws(LedgerError) -> Int {
        let now = clock.now
        return try await writes.write("reckon") { db in
            let mutes = Dictionary(
                try db.all(MuteRow.all, now.milliseconds) { ($0[0] as String, $0.time(1)) }, uniquingKeysWith: { $1 })
            // Windows that a wrong clock closed ahead of their time would keep later events out of the slots until then.
            var moved = 0
            for window in try db.all(ReckoningRow.closedAhead, now.milliseconds, make: WindowRow.make) {
                try ReckoningRow.moveBack(window, to: now, db)
            }
            for window in try db.all(WindowRow.open, make: WindowRow.make) {
                let times = reckoning.times(of: window, mutes: mutes, at: now)
                guard times != (window.opensAt, window.closesAt) else { continue }
                try ReckoningRow.move(window, to: times, db)
                moved += 1
            }
            for destination in try db.all(ReckoningRow.holding, make: { $0[0] as String }) {
                let end = max(reckoning.quietEnds[destination] ?? now, mutes.values.max() ?? now)
                moved += try db.run(ReckoningRow.hold, end.milliseconds, destination, end.milliseconds)
            }
            for statement in ReckoningRow.told { try db.post(statement, now.milliseconds, now.milliseconds) }
            return moved
        }
    }

    /// Moves the ends of mutes with the clock, so that each keeps its length, and with them the windows and the approvals that wait for them.
    package func shiftMutes(by difference: Duration) async throws(LedgerError) {
        try await writes.write("shift-mutes") { db in
            for (name, until) in try db.all("SELECT automation, until FROM mute", make: { ($0[0] as String, $0.time(1)) }) {
                let end = until + difference
                try db.post(MuteRow.put, name, end.milliseconds)
                try db.post(MuteRow.move, end.milliseconds, name)
                try db.post(MuteRow.moveHeld, end.milliseconds, until.milliseconds)
            }
        }
    }

    /// Ends what is held now: quiet hours, mutes, outages and storms let go what they gathered, and approvals that wait are due. Mutes go on
    /// for what comes later, and digests keep their schedule.
    ///
    /// - Parameter destination: nil releases what is held for every destination.
    /// - Returns: the numbers of windows and of deliveries.
    package func releaseHeld(of destination: String?) async throws(LedgerError) -> (windows: Int, deliveries: Int) {
        let now = clock.now
        return try await writes.write("release-held") { db in
            var windows = 0
            for window in try db.all(WindowRow.open, make: WindowRow.make)
            where window.kind != .digest && (destination == nil || window.destination == destination) {
                // An opening long ago ends the shortest and the longest time that such a window stays open.
                try ReckoningRow.move(window, to: (min(window.opensAt, now - .seconds(86_400)), now), db)
                try db.post("UPDATE event_window SET released = 1 WHERE id = ?", window.id)
                windows += 1
            }
            let deliveries = try db.run(ReckoningRow.release, now.milliseconds, destination)
            return (windows, deliveries)
        }
    }
}

/// The SQL of reckoning, run inside its transaction.
enum ReckoningRow {
    static let holding = "SELECT DISTINCT destination FROM delivery INDEXED BY delivery_owed WHERE state = 'owed' AND held_for = 'quiet'"
    static let hold = """
        UPDATE delivery INDEXED BY delivery_owed SET due_at = ?
        WHERE state = 'owed' AND destination = ? AND held_for = 'quiet' AND due_at > ?
        """
    static let release = """
        UPDATE delivery INDEXED BY delivery_owed SET due_at = ?1, held_for = NULL
        WHERE state = 'owed' AND held_for = 'quiet' AND (CAST(?2 AS TEXT) IS NULL OR destination = ?2)
        """
    /// Reminders count from these moments.
    static let told = [
        "UPDATE receipt SET at = ? WHERE at > ?", "UPDATE delivery SET settled_at = ? WHERE state = 'delivered' AND settled_at > ?",
    ]
    static let closedAhead = """
        SELECT \(WindowRow.columns) FROM event_window w WHERE w.closed_at IS NOT NULL AND w.closes_at > ? ORDER BY w.closes_at DESC
        """

    static func moveBack(_ window: Window, to now: Timestamp, _ db: SQLSession) throws {
        for step in 0..<1_000 {
            let closes = (now - .milliseconds(step)).milliseconds
            let opens = min(window.opensAt.milliseconds, closes)
            if try db.run(place, opens, closes, window.id) == 1 { return }
        }
    }

    /// Changes nothing where another window ends at that very moment.
    private static let place = """
        UPDATE event_window SET opens_at = ?1, closes_at = ?2 WHERE id = ?3 AND \(WindowRow.isFree("?2"))
        """
    private static let set = "\(place) AND closed_at IS NULL"

    /// Another window of the same name may end at that very moment; this one then ends a little later.
    static func move(_ window: Window, to times: (opens: Timestamp, closes: Timestamp), _ db: SQLSession) throws {
        for step in 0..<1_000 {
            let closes = times.closes + .milliseconds(step)
            if closes == window.closesAt { return }
            if try db.run(set, times.opens.milliseconds, closes.milliseconds, window.id) == 1 { return }
        }
    }
}
