package import RelayCore

/// What the store knows of an account's automations, for the code that judges what is expected of them.
/// It is valid only inside the transaction that made it.
package struct ExpectationReader {
    private let db: SQLSession
    private let account: String
    package let mutes: [Mute]

    init(account: String, mutes: [Mute], _ db: SQLSession) {
        self.account = account
        self.mutes = mutes
        self.db = db
    }

    /// The expectations that are waiting or open, by the moment from which they count.
    package func live() throws -> [Expectation] { try db.all(ExpectationRow.live, account, make: ExpectationRow.make) }

    /// The first start of a run within a time; nil if none was seen.
    package func firstStart(of automation: String, from moment: Timestamp, to latest: Timestamp) throws -> Timestamp? {
        try db.first(ExpectationRow.firstStart, account, automation, moment.milliseconds, latest.milliseconds) { $0.moment(0) } ?? nil
    }

    /// The runs that go on, and when they started.
    package func goingOn(of automation: String) throws -> [(run: String, startedAt: Timestamp)] {
        try db.all(ExpectationRow.goingOn, account, automation) { ($0[0] as String, $0.time(1)) }
    }

    package func watch(of run: String) throws -> RunWatch? { try db.first(LookRow.one, account, run, make: LookRow.watch) }

    package func lastSuccess(of automation: String, to latest: Timestamp) throws -> Timestamp? {
        try db.first(ExpectationRow.lastSuccess, account, automation, latest.milliseconds) { $0.moment(0) } ?? nil
    }

    /// The end of the run that started last, or its start if it goes on.
    package func lastSeen(of automation: String) throws -> Timestamp? {
        try db.first(ExpectationRow.lastSeen, account, automation) { $0.moment(0) } ?? nil
    }
}

extension Ledger {
    /// Stores what became of an account's expectations, and admits the events that tell of it, in one transaction.
    ///
    /// - Parameter plan: is called inside the transaction, perhaps twice.
    package func expect(
        account: String,
        _ plan: @escaping @Sendable (ExpectationReader) throws -> (expectations: [Expectation], admissions: [Admission])
    ) async throws(LedgerError) -> Admitted {
        let now = clock.now
        return try await writes.write("expect") { [self] db in
            let planned = try plan(ExpectationReader(account: account, mutes: try mutes(in: db, at: now), db))
            for expectation in planned.expectations { try ExpectationRow.save(expectation, db) }
            let results = try planned.admissions.map { try AdmissionRow.admit($0, at: now, db) }
            return Admitted(admissions: planned.admissions, results: results)
        }
    }

    /// When each rule was first read. Rules that are not named are forgotten, so that one that comes back counts from then.
    package func rules(_ names: [String]) async throws(LedgerError) -> [String: Timestamp] {
        let now = clock.now
        return try await writes.write("rules") { db in
            let known = Dictionary(
                try db.all("SELECT rule, since FROM expectation_rule") { ($0[0] as String, $0.time(1)) }, uniquingKeysWith: { $1 })
            for gone in known.keys where !names.contains(gone) { try db.post("DELETE FROM expectation_rule WHERE rule = ?", gone) }
            var since: [String: Timestamp] = [:]
            for name in names {
                since[name] = known[name] ?? now
                if known[name] == nil { try db.post("INSERT INTO expectation_rule VALUES (?, ?)", name, now.milliseconds) }
            }
            return since
        }
    }

    /// The expectations that are waiting or open; nil asks for every account.
    package func expectations(account: String) async throws(LedgerError) -> [Expectation] {
        try await read { try $0.all(ExpectationRow.live, account, make: ExpectationRow.make) }
    }

    /// The last expectations of an automation, the newest first.
    package func expectations(account: String, of automation: String, most: Int) async throws(LedgerError) -> [Expectation] {
        try await read { try $0.all(ExpectationRow.recent, account, automation, most, make: ExpectationRow.make) }
    }
}
