package import RelayCore

/// What the store knows at the moment of an admission, for the code that plans it.
/// It is valid only inside the transaction that made it.
package struct AdmissionReader {
    let db: SQLSession
    package let mutes: [Mute]

    init(mutes: [Mute], _ db: SQLSession) {
        self.mutes = mutes
        self.db = db
    }

    /// The failures of an automation since its last success, up to a moment.
    package struct Failures: Sendable, Equatable {
        /// At most `mostCounted`.
        package var count: Int
        /// When the first of them ended; nil if there are none.
        package var since: Timestamp?

        package init(count: Int, since: Timestamp?) {
            self.count = count
            self.since = since
        }
    }

    /// The failures in a row before a run of the automation which ended at a moment. Runs that nobody was told of count, and so do runs of
    /// which only a list is known yet, because details are read in another order than runs end.
    ///
    /// - Parameter run: the run itself, which does not count.
    package func failures(of automation: AutomationKey, upTo moment: Timestamp, besides run: String?) throws -> Failures {
        try db.first(AdmissionReaderSQL.failures, automation.account, automation.automation, moment.milliseconds, run ?? "") { row in
            Failures(count: row[0], since: row.moment(1))
        } ?? Failures(count: 0, since: nil)
    }

    /// So many failures in a row are counted, so that no row of them makes an admission slow.
    package static let mostCounted = 10_000
}

enum AdmissionReaderSQL {
    /// Runs that a list shows as ended and that were not read since. `haste` is 1 for those that did not fail and 2 for those that did.
    private static let unread = """
        run_watch INDEXED BY run_watch_unread
        WHERE settled = 0 AND haste IN (1, 2) AND rung = 0 AND account = ?1 AND automation = ?2 AND run <> ?4
        """
    private static let never = "-9223372036854775808"

    /// The end of the last run before a moment that did not fail; all runs of before do not count.
    ///
    /// - Parameter comparison: how its end is compared with the moment.
    static func lastSuccess(_ comparison: String) -> String {
        """
        (SELECT coalesce(max(m.at), \(never)) FROM (
            SELECT max(at) AS at FROM finished WHERE account = ?1 AND automation = ?2 AND failed = 0 AND at \(comparison)
            UNION ALL
            SELECT max(completed_at) FROM \(unread) AND haste = 1 AND cancelled IS NULL AND completed_at \(comparison)) m)
        """
    }

    static let failures = """
        SELECT count(*), min(at) FROM (
            SELECT at FROM (SELECT at FROM finished WHERE account = ?1 AND automation = ?2 AND failed = 1 AND at <= ?3
                AND at > \(lastSuccess("<= ?3")) ORDER BY at LIMIT \(AdmissionReader.mostCounted)) r
            UNION ALL
            SELECT completed_at AS at FROM \(unread) AND haste = 2 AND completed_at <= ?3 AND completed_at > \(lastSuccess("<= ?3"))) f
        """
}
