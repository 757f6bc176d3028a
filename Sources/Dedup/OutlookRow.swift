package import RelayCore

/// What was learned of one automation's runs, as it is stored. The numbers are those of the scheduler, which alone gives them a meaning.
package struct StoredOutlook: Sendable, Equatable {
    /// A number of observations, their mean, and the sum of the squared differences from it.
    package struct Spread: Sendable, Equatable {
        package var count: Double
        package var mean: Double
        package var square: Double

        package init(count: Double = 0, mean: Double = 0, square: Double = 0) {
            self.count = count
            self.mean = mean
            self.square = square
        }
    }

    package struct Count: Sendable, Equatable {
        package var events: Double
        package var seconds: Double

        package init(events: Double = 0, seconds: Double = 0) {
            self.events = events
            self.seconds = seconds
        }
    }

    package var account: String
    /// Empty for the account itself.
    package var automation: String
    package var lookedAt: Timestamp?
    package var runs: Count
    package var inside: Count
    package var duration: Spread
    package var delay: Spread

    package init(
        account: String, automation: String, lookedAt: Timestamp? = nil, runs: Count = Count(), inside: Count = Count(),
        duration: Spread = Spread(), delay: Spread = Spread()
    ) {
        self.account = account
        self.automation = automation
        self.lookedAt = lookedAt
        self.runs = runs
        self.inside = inside
        self.duration = duration
        self.delay = delay
    }
}

extension Ledger {
    package func outlooks(account: String) async throws(LedgerError) -> [StoredOutlook] {
        try await read { try $0.all(OutlookRow.all, account, make: OutlookRow.outlook) }
    }

    package func save(_ outlooks: [StoredOutlook]) async throws(LedgerError) {
        guard !outlooks.isEmpty else { return }
        try await writes.write("outlook") { db in
            for outlook in outlooks { try OutlookRow.save(outlook, db) }
        }
    }

    /// The number of automations of each account of which something was learned.
    package func automationCounts() async throws(LedgerError) -> [String: Int] {
        try await read { db in
            Dictionary(
                try db.all("SELECT account, count(*) FROM outlook WHERE automation <> '' GROUP BY account") {
                    ($0[0] as String, $0[1] as Int)
                }, uniquingKeysWith: { $1 })
        }
    }
}

/// Reads and writes outlooks as rows.
private enum OutlookRow {
    private static let columns = """
        account, automation, looked_at, events, seconds, inside_events, inside_seconds, duration_count, duration_mean, duration_square,
        delay_count, delay_mean, delay_square
        """
    static let all = "SELECT \(columns) FROM outlook WHERE account = ?"
    private static let save = """
        INSERT INTO outlook (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (account, automation) DO UPDATE SET
            looked_at = excluded.looked_at, events = excluded.events, seconds = excluded.seconds, inside_events = excluded.inside_events,
            inside_seconds = excluded.inside_seconds, duration_count = excluded.duration_count, duration_mean = excluded.duration_mean,
            duration_square = excluded.duration_square, delay_count = excluded.delay_count, delay_mean = excluded.delay_mean,
            delay_square = excluded.delay_square
        """

    static func save(_ outlook: StoredOutlook, _ db: SQLSession) throws {
        try db.post(
            save, outlook.account, outlook.automation, outlook.lookedAt?.milliseconds, outlook.runs.events, outlook.runs.seconds,
            outlook.inside.events, outlook.inside.seconds, outlook.duration.count, outlook.duration.mean, outlook.duration.square,
            outlook.delay.count, outlook.delay.mean, outlook.delay.square)
    }

    static func outlook(_ row: SQLRow) -> StoredOutlook {
        StoredOutlook(
            account: row[0], automation: row[1], lookedAt: row.moment(2), runs: .init(events: row[3], seconds: row[4]),
            inside: .init(events: row[5], seconds: row[6]), duration: .init(count: row[7], mean: row[8], square: row[9]),
            delay: .init(count: row[10], mean: row[11], square: row[12]))
    }
}
