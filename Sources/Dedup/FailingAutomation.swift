package import RelayCore

/// An automation whose last finished run failed.
package struct FailingAutomation: Sendable, Equatable {
    package var key: AutomationKey
    /// The failures in a row.
    package var streak: Int
    /// When the first of them ended.
    package var since: Timestamp
    package var lastAt: Timestamp
    /// The event of the last failure.
    package var last: Event
}

/// The finished runs of one day.
package struct RunDay: Sendable, Equatable {
    /// Whole days since 1970, in the zone that was asked for.
    package var day: Int64
    package var succeeded: Int
    package var failed: Int

    package init(day: Int64, succeeded: Int, failed: Int) {
        self.day = day
        self.succeeded = succeeded
        self.failed = failed
    }
}

extension Ledger {
    /// The automations that fail now, the last to fail first.
    package func failingAutomations(most: Int) async throws(LedgerError) -> (automations: [FailingAutomation], count: Int) {
        try await read { db in
            var all: [(key: AutomationKey, lastAt: Timestamp, after: Int64)] = []
            for account in try db.all(FailingRow.accounts, make: { $0[0] as String }) {
                let ends = try db.all(FailingRow.ends, account) { ($0[0] as String, $0.moment(1), $0.moment(2)) }
                for (automation, bad, good) in ends {
                    guard let bad, bad > good ?? .distantPast else { continue }
                    all.append((AutomationKey(account: account, automation: automation), bad, good?.milliseconds ?? .min))
                }
            }
            all.sort { $0.lastAt > $1.lastAt }
            let shown = try all.prefix(most).compactMap { key, lastAt, after in
                try db.first(FailingRow.row, key.account, key.automation, after) { row in
                    FailingAutomation(
                        key: key, streak: row[0], since: row.moment(1) ?? lastAt, lastAt: lastAt, last: EventRow.make(row, from: 2))
                }
            }
            return (shown, all.count)
        }
    }

    /// The finished runs of an automation by day, the earliest first; days without runs are left out.
    ///
    /// - Parameter shift: what is added to UTC to get local time.
    package func runDays(of key: AutomationKey, since start: Timestamp, shift: Duration) async throws(LedgerError) -> [RunDay] {
        try await read { db in
            var days: [Int64: RunDay] = [:]
            for failed in [0, 1] {
                let rows = try db.all(
                    FailingRow.days, shift.milliseconds, key.account, key.automation, failed, start.milliseconds
                ) { ($0[0] as Int64, $0[1] as Int) }
                for (day, count) in rows {
                    var entry = days[day] ?? RunDay(day: day, succeeded: 0, failed: 0)
                    if failed == 1 { entry.failed = count } else { entry.succeeded = count }
                    days[day] = entry
                }
            }
            return days.values.sorted { $0.day < $1.day }
        }
    }

    /// The events of the last finished runs of an automation, the newest first.
    package func lastRuns(of key: AutomationKey, most: Int) async throws(LedgerError) -> [Event] {
        try await read { db in
            let both = try [0, 1].flatMap { failed in
                try db.all(FailingRow.last, key.account, key.automation, failed, most) { EventRow.make($0) }
            }
            return Array(both.sorted { $0.occurredAt > $1.occurredAt }.prefix(most))
        }
    }
}

enum FailingRow {
    /// The automations of an account are found one after the other by the index, not by reading all runs.
    static let ends = """
        WITH RECURSIVE known(automation) AS (
            SELECT min(automation) FROM finished WHERE account = ?1
            UNION ALL
            SELECT (SELECT min(automation) FROM finished WHERE account = ?1 AND automation > k.automation)
            FROM known k WHERE k.automation IS NOT NULL)
        SELECT automation,
            (SELECT max(at) FROM finished f WHERE f.account = ?1 AND f.automation = k.automation AND f.failed = 1),
            (SELECT max(at) FROM finished f WHERE f.account = ?1 AND f.automation = k.automation AND f.failed = 0)
        FROM known k WHERE k.automation IS NOT NULL
        """
    static let accounts = "SELECT DISTINCT account FROM feed"
    static let row = """
        SELECT
            (SELECT count(*) FROM (SELECT 1 FROM finished WHERE account = ?1 AND automation = ?2 AND failed = 1 AND at > ?3 LIMIT 10000) c),
            (SELECT min(at) FROM finished WHERE account = ?1 AND automation = ?2 AND failed = 1 AND at > ?3),
            \(EventRow.columns)
        FROM event e WHERE e.n = (
            SELECT event FROM finished WHERE account = ?1 AND automation = ?2 AND failed = 1 ORDER BY at DESC LIMIT 1)
        """
    static let days = """
        SELECT (at + ?) / 86400000 AS day, count(*) FROM finished
        WHERE account = ? AND automation = ? AND failed = ? AND at >= ? GROUP BY day
        """
    static let last = """
        SELECT \(EventRow.columns) FROM finished f JOIN event e ON e.n = f.event
        WHERE f.account = ? AND f.automation = ? AND f.failed = ? ORDER BY f.at DESC LIMIT ?
        """
}
