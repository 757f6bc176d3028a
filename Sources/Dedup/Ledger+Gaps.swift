import RelayCore

extension Ledger {
    /// The open gaps of an account; nil asks for every account.
    package func gaps(account: String?) async throws(LedgerError) -> [Gap] {
        try await read { try $0.all(GapRow.all, account, make: GapRow.gap) }
    }

    /// Opens a gap at the top of a list. One that is open already keeps its beginning and is read from the top again.
    ///
    /// - Parameter knowsNothing: no known entry ends the reading, because the list is in no order.
    /// - Returns: the gap as it is stored.
    package func open(_ gap: Gap, knowsNothing: Bool) async throws(LedgerError) -> Gap {
        try await writes.write("gap") { db in
            let last = knowsNothing ? 0 : try db.first(GapRow.last(gap.feed)) { $0[0] as Int64 } ?? 0
            try db.post(
                GapRow.open, gap.account, gap.feed.rawValue, gap.about, gap.openedAt.milliseconds, last, gap.oldest?.milliseconds,
                gap.reached)
            return try db.first(GapRow.one, gap.account, gap.feed.rawValue, gap.about, make: GapRow.gap) ?? gap
        }
    }

    /// Stores how far a gap was read.
    package func advance(_ gap: Gap) async throws(LedgerError) {
        _ = try await writes.write("gap") { db in
            try db.run(GapRow.advance, gap.reached, gap.oldest?.milliseconds, gap.account, gap.feed.rawValue, gap.about)
        }
    }

    package func close(_ gap: Gap) async throws(LedgerError) {
        _ = try await writes.write("gap") { try $0.run(GapRow.close, gap.account, gap.feed.rawValue, gap.about) }
    }

    /// The given entries of a list that were read before a gap opened. Without a gap, those that were ever read.
    ///
    /// A run that is known only from an approval was not read.
    package func alreadyRead(_ ids: [String], of feed: Gap.Feed, account: String, before gap: Gap?) async throws(LedgerError) -> Set<String>
    {
        try await read { db in
            var known: Set<String> = []
            for id in ids where try db.first(GapRow.known(feed), account, id, gap?.lastKnown ?? .max, make: { _ in true }) == true {
                known.insert(id)
            }
            return known
        }
    }
}

/// Reads and writes gaps as rows.
private enum GapRow {
    private static let columns = "account, feed, about, opened_at, before_n, oldest, reached"
    static let all = "SELECT \(columns) FROM gap WHERE account = coalesce(?, account) ORDER BY account, feed, about"
    static let one = "SELECT \(columns) FROM gap WHERE account = ? AND feed = ? AND about = ?"
    static let open = """
        INSERT INTO gap (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, feed, about) DO UPDATE SET reached = excluded.reached
        """
    static let advance = "UPDATE gap SET reached = ?, oldest = ? WHERE account = ? AND feed = ? AND about = ?"
    static let close = "DELETE FROM gap WHERE account = ? AND feed = ? AND about = ?"

    static func last(_ feed: Gap.Feed) -> String {
        switch feed {
        case .approvals: "SELECT max(n) FROM approval"
        case .runs: "SELECT max(n) FROM run_watch"
        }
    }

    static func known(_ feed: Gap.Feed) -> String {
        switch feed {
        case .approvals: "SELECT n FROM approval WHERE account = ? AND id = ? AND n <= ?"
        case .runs: "SELECT n FROM run_watch WHERE account = ? AND run = ? AND n <= ? AND shown <> ''"
        }
    }

    static func gap(_ row: SQLRow) -> Gap {
        Gap(
            account: row[0], feed: Gap.Feed(rawValue: row[1]) ?? .runs, about: row[2], openedAt: row.time(3), lastKnown: row[4],
            oldest: row.moment(5), reached: row[6])
    }
}
