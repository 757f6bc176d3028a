package import RelayCore

extension Ledger {
    /// Stores the moment `since` of an account. Events from before it are stored and not sent.
    ///
    /// - Returns: the stored moment, which stays the earlier stored one if there was one.
    package func begin(account: String, at start: Timestamp) async throws(LedgerError) -> Timestamp {
        let now = clock.now
        return try await writes.write("begin") { db in
            try LookRow.save(FeedState(account: account, name: "account", since: start, firstReadAt: now, lastReadAt: now), db)
            return try db.first(LookRow.since, account) { $0.time(0) } ?? start
        }
    }

    /// The state of each feed of an account; nil asks for every account.
    package func feeds(account: String?) async throws(LedgerError) -> [FeedState] {
        try await read { db in
            try db.all(LookRow.feeds, account) { row in
                FeedState(
                    account: row[0], name: row[1], since: row.moment(2), firstReadAt: row.moment(3), lastReadAt: row.moment(4),
                    saturated: row[5], delay: LookRow.delay(row))
            }
        }
    }

    /// Stores the state of a feed. A `since` and a `firstReadAt` that are stored already stay as they are.
    package func save(_ feed: FeedState) async throws(LedgerError) {
        try await writes.write("feed") { try LookRow.save(feed, $0) }
    }

    /// The runs whose detail is still read, the hastiest first, and of these the longest due. `dueBefore` includes its own moment; nil asks
    /// for all.
    package func watches(account: String, dueBefore: Timestamp?, limit: Int) async throws(LedgerError) -> [RunWatch] {
        let latest = (dueBefore ?? .distantFuture).milliseconds
        return try await read { db in
            var found: [RunWatch] = []
            for haste in RunWatch.Haste.allCases.reversed() where found.count < limit {
                found += try db.all(LookRow.due, account, haste.rawValue, latest, limit - found.count, make: LookRow.watch)
            }
            return found
        }
    }

    /// When the next detail becomes due after a moment; nil if none does.
    package func nextWatch(account: String, after moment: Timestamp) async throws(LedgerError) -> Timestamp? {
        try await read { db in
            try RunWatch.Haste.allCases.compactMap { haste in
                try db.first(LookRow.next, account, haste.rawValue, moment.milliseconds) { $0.time(0) }
            }.min()
        }
    }

    /// One run, whether settled or not.
    package func watch(account: String, run: String) async throws(LedgerError) -> RunWatch? {
        try await read { try $0.first(LookRow.one, account, run, make: LookRow.watch) }
    }

    /// The given runs that are stored, by their id, whether settled or not.
    package func watches(account: String, runs: [String]) async throws(LedgerError) -> [String: RunWatch] {
        try await read { db in
            var found: [String: RunWatch] = [:]
            for start in stride(from: 0, to: runs.count, by: LookRow.ofOneRead) {
                let some = runs[start..<min(start + LookRow.ofOneRead, runs.count)].map { $0 as (any SQLValue)? }
                let rest = [(any SQLValue)?](repeating: nil, count: LookRow.ofOneRead - some.count)
                for watch in try db.all(LookRow.several, list: [account] + some + rest, make: LookRow.watch) { found[watch.run] = watch }
            }
            return found
        }
    }

    /// The ids of the automations with runs whose detail is still read.
    package func watchedAutomations(account: String) async throws(LedgerError) -> Set<String> {
        try await read { db in Set(try db.all(LookRow.automations, account) { $0[0] as String }) }
    }

    package func save(_ watches: [RunWatch]) async throws(LedgerError) {
        guard !watches.isEmpty else { return }
        try await writes.write("watch") { try LookRow.save(watches, $0) }
    }
}

/// Reads and writes feeds and watched runs as rows.
enum LookRow {
    private static let columns =
        "account, run, automation, shown, completed_at, rung, due_at, settled, haste, started_at, succeeded, cancelled"
    static let feeds = """
        SELECT account, name, since, first_read_at, last_read_at, saturated, expected, p50, p95, stretch FROM feed
        WHERE account = coalesce(?, account) ORDER BY account, name
        """
    static let since = "SELECT since FROM feed WHERE account = ? AND name = 'account'"
    static let due = """
        SELECT \(columns) FROM run_watch WHERE account = ? AND settled = 0 AND haste = ? AND due_at <= ? ORDER BY due_at LIMIT ?
        """
    static let next = """
        SELECT due_at FROM run_watch WHERE account = ? AND settled = 0 AND haste = ? AND due_at > ? ORDER BY due_at LIMIT 1
        """
    static let automations = "SELECT DISTINCT automation FROM run_watch INDEXED BY run_watch_due WHERE account = ? AND settled = 0"
    static let one = "SELECT \(columns) FROM run_watch WHERE account = ? AND run = ?"
    /// The most runs of one read; a null finds none.
    static let ofOneRead = 25
    static let several = """
        SELECT \(columns) FROM run_watch
        WHERE account = ? AND run IN (\(Array(repeating: "?", count: ofOneRead).joined(separator: ", ")))
        """

    static func save(_ feed: FeedState, _ db: SQLSession) throws {
        try db.post(
            """
            INSERT INTO feed (account, name, since, first_read_at, last_read_at, saturated, expected, p50, p95, stretch)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (account, name) DO UPDATE SET since = coalesce(feed.since, excluded.since),
                first_read_at = coalesce(feed.first_read_at, excluded.first_read_at), last_read_at = excluded.last_read_at,
                saturated = excluded.saturated, expected = excluded.expected, p50 = coalesce(excluded.p50, feed.p50),
                p95 = coalesce(excluded.p95, feed.p95), stretch = excluded.stretch
            """, feed.account, feed.name, feed.since?.milliseconds, feed.firstReadAt?.milliseconds, feed.lastReadAt?.milliseconds,
            feed.saturated, feed.delay?.expected?.milliseconds, feed.delay?.median?.milliseconds, feed.delay?.most?.milliseconds,
            feed.delay?.stretch)
    }

    static func delay(_ row: SQLRow) -> FeedState.SeenDelay? {
        let numbers: [Int64?] = [row[6], row[7], row[8]]
        let stretch: Double? = row[9]
        guard stretch != nil || numbers.contains(where: { $0 != nil }) else { return nil }
        let times = numbers.map { $0.map { Duration.milliseconds($0) } }
        return FeedState.SeenDelay(expected: times[0], median: times[1], most: times[2], stretch: stretch ?? 1)
    }

    private static let values = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    private static let replace = """
        ON CONFLICT (account, run) DO UPDATE SET automation = excluded.automation, shown = excluded.shown,
            completed_at = excluded.completed_at, rung = excluded.rung, due_at = excluded.due_at, settled = excluded.settled,
            haste = excluded.haste, started_at = coalesce(excluded.started_at, run_watch.started_at),
            succeeded = coalesce(excluded.succeeded, run_watch.succeeded), cancelled = excluded.cancelled
        """
    private static let save = """
        INSERT INTO run_watch (\(columns)) VALUES \(values) \(replace) WHERE coalesce(?, run_watch.shown) = run_watch.shown
        """
    private static let ofOneWrite = 10
    private static let saveSeveral = """
        INSERT INTO run_watch (\(columns)) VALUES \(Array(repeating: values, count: ofOneWrite).joined(separator: ", ")) \(replace)
        """

    static func save(_ watch: RunWatch, _ db: SQLSession) throws {
        try db.post(save, list: bound(watch) + [watch.onlyIfShown])
    }

    /// Saves watches in their order, those of a list several in one statement.
    static func save(_ watches: [RunWatch], _ db: SQLSession) throws {
        var rest = watches[...]
        while !rest.isEmpty {
            let some = rest.prefix(ofOneWrite)
            if some.count == ofOneWrite, some.allSatisfy({ $0.onlyIfShown == nil }), Set(some.map(\.run)).count == ofOneWrite {
                try db.post(saveSeveral, list: some.flatMap(bound))
                rest = rest.dropFirst(ofOneWrite)
            } else if let first = rest.popFirst() {
                try save(first, db)
            }
        }
    }

    private static func bound(_ watch: RunWatch) -> [(any SQLValue)?] {
        [
            watch.account, watch.run, watch.automation, watch.shown, watch.completedAt?.milliseconds, watch.rung,
            watch.dueAt.milliseconds, watch.settled, watch.haste.rawValue,
            watch.startedAt?.milliseconds, watch.succeeded, watch.isCancelled ? 1 : nil,
        ]
    }

    static func watch(_ row: SQLRow) -> RunWatch {
        var watch = RunWatch(
            account: row[0], run: row[1], automation: row[2], shown: row[3], completedAt: row.moment(4), rung: row[5],
            dueAt: row.time(6), settled: row[7], haste: RunWatch.Haste(rawValue: row[8]) ?? .late)
        watch.startedAt = row.moment(9)
        watch.succeeded = (row[10] as Int?).map { $0 != 0 }
        watch.isCancelled = (row[11] as Int?) == 1
        return watch
    }
}
