import GRDB
package import RelayCore

/// What the store knows at the moment of an admission, for the code that plans it.
/// It is valid only inside the transaction that made it.
package struct AdmissionReader {
    let db: Database
    package let mutes: [Mute]

    init(mutes: [Mute], _ db: Database) {
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

    /// The failures in a row that were seen before a run of the automation which ended at a moment. Runs that nobody was told of count.
    package func failures(of automation: AutomationKey, upTo moment: Timestamp) throws -> Failures {
        try db.first(AdmissionReaderSQL.failures, automation.account, automation.automation, moment.milliseconds) { row in
            Failures(count: row[0], since: row.moment(1))
        } ?? Failures(count: 0, since: nil)
    }

    /// So many failures in a row are counted, so that no row of them makes an admission slow.
    package static let mostCounted = 10_000
}

enum AdmissionReaderSQL {
    static let failures = """
        SELECT count(*), min(at) FROM (
            SELECT at FROM finished WHERE account = ?1 AND automation = ?2 AND failed = 1 AND at <= ?3 AND at > coalesce(
                (SELECT max(at) FROM finished WHERE account = ?1 AND automation = ?2 AND failed = 0 AND at <= ?3), -9223372036854775808)
            ORDER BY at LIMIT \(AdmissionReader.mostCounted))
        """
}
