import CPostgres
import Glibc
import RelayCore

/// The lock of the leader, and the row that says who it is. It is used on the writer's thread alone.
///
/// The session that writes holds an advisory lock, so a leader whose session has ended leads no longer. Of two relays whose sessions live,
/// one is alive by its beat: a leader that is silent for `Leadership.lease` of a standby's own clock is ended by it.
final class PostgresLead {
    private let leadership: Leadership
    private let store: String
    private let migrate: (PostgresConnection) throws -> Void
    private let holder: String
    private let clock: any WallClock
    /// What the last look at the row said, and since when it says so, on `CLOCK_BOOTTIME`.
    private var seen: (epoch: Int64, beat: Int64, since: Duration)?
    private var lastLook = Duration.zero
    /// The tables are there and of this program's version.
    private var hasTables = false
    /// The server's process of the last session that held the lock; 0 for none.
    private var lockProcess = 0

    /// A silent leader is ended although its session is at work, after so many leases.
    private static let patienceWithWork = 6
    /// How long a leader that has lost its session waits for the server to give its old lock back.
    private static let longestReclaim = Duration.milliseconds(1_500)

    private static let key = "hashtext(coalesce(current_schema(), ''))"
    private static let lock = "SELECT CASE WHEN pg_try_advisory_lock(77, \(key)) THEN 1 ELSE 0 END"
    private static let look = "\(lock), epoch, beat, holder, since FROM leader"
    private static let present = "SELECT epoch, beat FROM leader FOR UPDATE"
    private static let makeRow = "INSERT INTO leader VALUES (1, ?, 0, '', 0) ON CONFLICT (n) DO UPDATE SET n = 1 RETURNING n"
    private static let reign = "UPDATE leader SET epoch = epoch + 1, beat = 0, holder = ?, since = ? RETURNING epoch"
    /// Ends the session that holds the lock.
    private static let end = """
        SELECT count(*) FROM (
            SELECT pg_terminate_backend(l.pid) FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
            WHERE l.locktype = 'advisory' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND l.classid = 77 AND CAST(l.objid AS BIGINT) = (CAST(\(key) AS BIGINT) & 4294967295)
                AND l.granted AND l.pid <> pg_backend_pid()
        """
    /// Spares a session that is at work for a client that listens.
    private static let endSilent = "\(end) AND (a.state IS DISTINCT FROM 'active' OR a.wait_event_type = 'Client')) t"
    private static let endAny = "\(end)) t"
    private static let endOwn = "\(end) AND l.pid = ?) t"

    /// - Parameters:
    ///   - store: the address as errors show it.
    ///   - migrate: makes the tables, or brings older ones up to date.
    init(
        _ leadership: Leadership, store: String, holder: String, clock: any WallClock,
        migrate: @escaping (PostgresConnection) throws -> Void
    ) {
        self.leadership = leadership
        self.store = store
        self.holder = holder
        self.clock = clock
        self.migrate = migrate
    }

    /// Tries to take over. Returns whether this process leads now.
    func contend(_ connection: PostgresConnection) throws -> Bool {
        guard try take(connection) else { return false }
        // A newer version may have changed the tables since they were looked at.
        hasTables = false
        try migrate(connection)
        hasTables = true
        let began = Leadership.now, since = clock.now
        let epoch = try numbers(connection, Self.reign, [holder, since.milliseconds])[0]
        lockProcess = connection.process
        seen = nil
        leadership.lead(Leader(epoch: Int(epoch), holder: holder, since: since), acknowledgedFrom: began)
        return true
    }

    /// Takes the lock again with a new session, if nobody else led meanwhile. Otherwise the lead is lost.
    func reclaim(_ connection: PostgresConnection, epoch: Int) throws {
        let end = Leadership.now + Self.longestReclaim
        while try !take(connection) {
            guard let seen, seen.epoch == Int64(epoch) else { return try lose() }
            guard Leadership.now < end else { throw PostgresFailure(state: nil, words: "the session before still holds the lock") }
            // The server has not noticed yet that the old session is gone.
            _ = try numbers(connection, Self.endOwn, [lockProcess])
            usleep(20_000)
        }
        let began = Leadership.now
        guard try numbers(connection, Self.present)[0] == Int64(epoch) else { return try lose() }
        lockProcess = connection.process
        leadership.renew(from: began)
    }

    private func lose() throws {
        leadership.lose()
        throw PostgresFailure.fenced
    }

    /// Takes the lock, or looks at who holds it and ends a session that is silent.
    private func take(_ connection: PostgresConnection) throws -> Bool {
        if !hasTables {
            let condition = try PostgresSchema.condition(connection)
            // The lock is left to those who can use the tables.
            try condition.acceptForRun(at: store)
            hasTables = condition == .ours(version: PostgresSchema.newest)
            guard hasTables else { return try numbers(connection, Self.lock)[0] == 1 }
        }
        let result = try connection.askAlone(Self.look)
        defer { PQclear(result) }
        guard PQntuples(result) == 1 else { return try takeWithoutRow(connection) }
        let row = PostgresRow(result: result, index: 0)
        if row.integer(0) == 1 { return true }
        let epoch = row.integer(1), beat = row.integer(2)
        leadership.note(Leader(epoch: Int(epoch), holder: row.text(3), since: Timestamp(milliseconds: row.integer(4))))
        try judge(epoch: epoch, beat: beat, connection)
        return false
    }

    /// Somebody has deleted the row. Who gets the lock makes it anew, with an epoch that was not used.
    private func takeWithoutRow(_ connection: PostgresConnection) throws -> Bool {
        guard try numbers(connection, Self.lock)[0] == 1 else { return false }
        _ = try numbers(connection, Self.makeRow, [leadership.leader?.epoch ?? 0])
        return true
    }

    private func judge(epoch: Int64, beat: Int64, _ connection: PostgresConnection) throws {
        let now = Leadership.now
        lastLook = now
        guard let seen, seen.epoch == epoch, seen.beat == beat else {
            self.seen = (epoch, beat, now)
            return
        }
        guard now - seen.since >= Leadership.lease else { return }
        let isHopeless = now - seen.since >= Leadership.lease * Self.patienceWithWork
        _ = try numbers(connection, isHopeless ? Self.endAny : Self.endSilent)
    }

    /// The last look saw a beat that the look before had not: the leader has written.
    var hasSeenBeat: Bool { seen.map { $0.since == lastLook } ?? false }

    private func numbers(
        _ connection: PostgresConnection, _ sql: String, _ values: [(any SQLValue)?] = []
    ) throws -> [Int64] {
        let result = try connection.askAlone(sql, values)
        defer { PQclear(result) }
        guard PQntuples(result) > 0 else { throw PostgresFailure(state: "XXREL", words: "a query has no row") }
        let row = PostgresRow(result: result, index: 0)
        return (0..<Int(PQnfields(result))).map { row.integer($0) }
    }
}
