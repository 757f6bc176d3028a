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

    static let fence = "UPDATE leader SET beat = beat + 1 WHERE epoch = ? RETURNING beat"
    static let wait = "SELECT 1 FROM leader FOR UPDATE"
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
        case .beside, .standsBy:
            try connection.post("BEGIN")
            try connection.post(Self.wait)
        case .lost: throw PostgresFailure.fenced
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
