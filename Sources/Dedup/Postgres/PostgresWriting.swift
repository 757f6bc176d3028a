import CPostgres

/// How the one session that writes begins and ends its transactions.
///
/// Each transaction of the leader first changes the row `leader` by its epoch. That proves that it still leads, makes writers wait for one
/// another, counts a beat that standbys watch, and tells after a lost answer whether the transaction was committed. A command, and a
/// standby that writes an answer, locks the row without changing it.
final class PostgresWriting {
    private let leadership: Leadership
    /// When the transaction began, on `CLOCK_BOOTTIME`.
    private var began = Duration.zero
    /// Tries to take over, for a standby that waits for the leader's row: a leader that stands still may hold it.
    var contend: ((PostgresConnection) throws -> Void)?

    static let fence = "UPDATE leader SET beat = beat + 1 WHERE epoch = ? RETURNING beat"
    private static let wait = "SELECT 1 FROM leader FOR UPDATE"
    private static let shortWait = "SELECT set_config('lock_timeout', '200', true)"
    /// How long a standby waits for the row, in short waits.
    private static let longestWait = Duration.seconds(12)
    static let channel = "notify_relay"
    private static let notify = "SELECT pg_notify('\(channel)', '')"
    private static let proof = "SELECT epoch, beat FROM leader FOR UPDATE"

    init(_ leadership: Leadership) { self.leadership = leadership }

    func begin(_ connection: PostgresConnection) throws {
        began = Leadership.now
        switch leadership.state {
        case .leads(let epoch):
            try connection.post("BEGIN")
            try connection.postFence(Self.fence, epoch: epoch)
        case .beside:
            try connection.post("BEGIN")
            try connection.post(Self.wait)
        case .standsBy: try beginBeside(connection)
        case .lost: throw PostgresFailure.fenced
        }
    }

    /// Begins the transaction of a standby. It waits for the leader's row, and meanwhile takes over if the leader is gone.
    private func beginBeside(_ connection: PostgresConnection) throws {
        let end = Leadership.now + Self.longestWait
        while case .standsBy = leadership.state {
            guard try !takeRow(connection, isLast: Leadership.now >= end) else { return }
            try connection.rollback()
            try contend?(connection)
        }
        try begin(connection)
    }

    /// - Returns: false if another session has the row.
    private func takeRow(_ connection: PostgresConnection, isLast: Bool) throws -> Bool {
        do {
            try connection.post("BEGIN")
            try connection.post(Self.shortWait)
            try connection.post(Self.wait)
            try connection.settle()
            return true
        } catch {
            guard error.isOfWaiting, !isLast else { throw error }
            return false
        }
    }

    /// The reign is over.
    func isFenced() { leadership.lose() }

    /// - Parameter reconnect: makes a new session after a loss; nil if that fails for now, or if another relay leads.
    func commit(_ connection: PostgresConnection, reconnect: (PostgresFailure) -> PostgresConnection?) throws {
        guard case .leads(let epoch) = leadership.state else {
            // Sessions hear of what others have written, never of what they wrote themselves.
            try connection.post(Self.notify)
            return try connection.commit()
        }
        var beat = connection.beat
        do {
            // The fence must have succeeded before the end is sent.
            if beat == nil {
                try connection.settle()
                beat = connection.beat
            }
            guard let beat else { throw PostgresFailure.fenced }
            do {
                try connection.commit()
            } catch {
                guard error.isLoss, let new = reconnect(error), try wasCommitted(epoch, beat, new) else { throw error }
            }
            leadership.renew(from: began)
        } catch {
            if error as? PostgresFailure == .fenced { isFenced() }
            throw error
        }
    }

    /// Whether a transaction whose answer was lost is on the disk. The row's lock waits for a commit that is still under way.
    private func wasCommitted(_ epoch: Int, _ beat: Int64, _ connection: PostgresConnection) throws(PostgresFailure) -> Bool {
        let result = try connection.askAlone(Self.proof)
        defer { PQclear(result) }
        guard PQntuples(result) == 1 else { return false }
        let row = PostgresRow(result: result, index: 0)
        return row.integer(0) == Int64(epoch) && row.integer(1) >= beat
    }
}
