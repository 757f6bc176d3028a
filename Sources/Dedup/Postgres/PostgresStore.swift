import Dispatch
import Glibc
import RelayCore
import RelaySupport

/// The two sessions with a PostgreSQL server, each on a thread of its own: one that writes, and one that reads beside it.
final class PostgresStore: Sendable {
    /// The address without its password.
    let shown: String
    let leadership: Leadership
    private let writer = PostgresThread()
    private let reader = PostgresThread()
    /// Grows when another session has written.
    private let changes = Locked(0)

    /// How long an answer is waited for. The server ends a statement itself after a minute.
    private static let patience = Duration.seconds(70)
    /// How often a standby tries to take over, and how often an idle leader shows that it lives.
    private static let tryEvery = Duration.milliseconds(250)
    private static let beatEvery = Duration.seconds(1)
    /// How long a relay that must lead waits for the lock of one that has just ended.
    private static let longestStart = Duration.seconds(3)

    private init(_ address: PostgresAddress, as role: StoreRole) {
        shown = address.shown
        leadership = Leadership(role == .beside ? .beside : .standsBy, hasLease: true)
    }

    /// - Parameter role: `.beside` and `.leader` need a server that can be reached; a standby waits for it.
    static func open(_ address: PostgresAddress, as role: StoreRole, clock: any WallClock) throws(LedgerError) -> PostgresStore {
        let store = PostgresStore(address, as: role)
        guard store.start(address, role, clock) else {
            throw LedgerError(.io, "the system has no thread for the store \(store.shown): end other programs")
        }
        do throws(LedgerError) {
            try store.check(role)
        } catch {
            store.close()
            throw error
        }
        return store
    }

    private func start(_ address: PostgresAddress, _ role: StoreRole, _ clock: any WallClock) -> Bool {
        return writer.start { [self] thread in
            let session = PostgresSession(address, store: shown, patience: Self.patience, isHurried: { thread.isHurried })
            let writing = PostgresWriting(leadership)
            session.writing = writing
            let lead = PostgresLead(
                leadership, store: shown, holder: ProcessName.own, clock: clock,
                migrate: { [shown] in try PostgresSchema.bringUp($0, at: shown) })
            if role != .beside { writing.contend = { _ = try lead.contend($0) } }
            session.onConnect = { [leadership] connection in
                if case .leads(let epoch) = leadership.state { try lead.reclaim(connection, epoch: epoch) }
                if role != .beside {
                    try connection.post("LISTEN \(PostgresWriting.channel)")
                    try connection.sync()
                }
                // Notices may have been missed.
                self.noteChange()
            }
            return (session, role == .beside ? .none : duties(lead))
        }
            && reader.start { [shown] thread in
                (PostgresSession(address, store: shown, patience: Self.patience, isHurried: { thread.isHurried }), .none)
            }
    }

    /// What the writer does between its jobs: it tries to take over, or shows that the leader lives.
    private func duties(_ lead: PostgresLead) -> PostgresThread.Duties {
        PostgresThread.Duties(
            tick: { [self] session in
                do {
                    switch leadership.state {
                    case .standsBy:
                        let leads = try lead.contend(try session.ready())
                        if !leads, lead.hasSeenBeat { noteChange() }
                    case .leads:
                        try session.begin()
                        try session.commit()
                    case .beside, .lost: break
                    }
                    leadership.note(trouble: nil)
                } catch {
                    giveUp(session, error)
                    let trouble = LedgerError(error, store: shown)
                    leadership.note(trouble: trouble)
                    // What no moment mends, such as a missing right, is not tried four times a second.
                    return trouble.reason == .unreachable || trouble.reason == .busy ? Self.tryEvery : Self.tryEvery * 8
                }
                if case .leads = leadership.state { return Self.beatEvery }
                return Self.tryEvery
            },
            heard: { [self] session in
                do {
                    if try session.open?.takeNotices() ?? 0 > 0 { noteChange() }
                } catch {
                    session.disconnect()
                }
            })
    }

    /// A leader keeps its session, and with it the lock, unless it is lost. A standby that cannot use the tables must not keep the lock.
    private func giveUp(_ session: PostgresSession, _ error: any Error) {
        guard case .leads = leadership.state, let failure = error as? PostgresFailure, !failure.isLoss else { return session.disconnect() }
        do { try session.rollback() } catch { session.disconnect() }
    }

    private func noteChange() { changes.withLock { $0 += 1 } }

    // MARK: Opening

    private func check(_ role: StoreRole) throws(LedgerError) {
        let end = Leadership.now + Self.longestStart
        switch role {
        case .beside: try condition().accept(at: shown)
        case .standby:
            do throws(LedgerError) {
                try condition().acceptForRun(at: shown)
            } catch {
                // A server that cannot be reached now is waited for; whatever else is wrong is said at once.
                guard error.reason == .unreachable || error.reason == .busy else { throw error }
            }
        case .leader:
            try condition().acceptForRun(at: shown)
            while true {
                if case .leads = leadership.state { return }
                if let trouble = leadership.trouble { throw trouble }
                guard Leadership.now < end else {
                    let holder = leadership.leader.map { " (\($0.holder))" } ?? ""
                    throw LedgerError(.busy, "another relay\(holder) leads on the store \(shown): stop it first, or name another store")
                }
                usleep(5_000)
            }
        }
    }

    private func condition() throws(LedgerError) -> PostgresSchema.Condition {
        try wait { try PostgresSchema.condition(try $0.ready()) }
    }

    /// Runs work on the writer's thread and blocks until it is done.
    private func wait<Value: Sendable>(_ work: @escaping @Sendable (PostgresSession) throws -> Value) throws(LedgerError) -> Value {
        let done = DispatchSemaphore(value: 0)
        let result = Locked<Result<Value, LedgerError>>(.failure(closedError))
        let isTaken = writer.submit { [shown] session in
            let outcome = Result { try work(session) }.mapError { LedgerError($0, store: shown) }
            result.withLock { $0 = outcome }
            done.signal()
        }
        if isTaken { done.wait() }
        return try result.withLock { $0 }.get()
    }

    private var closedError: LedgerError { LedgerError(.closed, "the store \(shown) is closed") }

    // MARK: What a ledger needs

    func close() {
        reader.close()
        writer.close()
    }

    /// Waits no longer for a server that does not answer.
    func hurry() {
        reader.hurry()
        writer.hurry()
    }

    /// Runs work on the writer's thread, outside of a transaction, after the work that was given before.
    func onWriter(_ work: @escaping @Sendable (SQLSession) -> Void) {
        // The queue refuses work before the store is closed.
        _ = writer.submit { work(SQLSession($0)) }
    }

    /// Reads in one transaction. It sees everything that was written before and nothing that is written meanwhile.
    func read<Value: Sendable>(_ work: @escaping @Sendable (SQLSession) throws -> Value) async throws(LedgerError) -> Value {
        let result: Result<Value, LedgerError> = await withCheckedContinuation { continuation in
            let isTaken = reader.submit { [shown] session in
                continuation.resume(returning: Result { try Self.read(work, session) }.mapError { LedgerError($0, store: shown) })
            }
            if !isTaken { continuation.resume(returning: .failure(closedError)) }
        }
        return try result.get()
    }

    /// Reads again with a new connection if the old one was lost meanwhile.
    private static func read<Value>(_ work: (SQLSession) throws -> Value, _ session: PostgresSession) throws -> Value {
        func once() throws -> Value {
            try session.begin()
            let value = try work(SQLSession(session))
            try session.commit()
            return value
        }
        do {
            return try once()
        } catch {
            do { try session.rollback() } catch { session.disconnect() }
            guard session.recovers(from: error) else { throw error }
            do {
                return try once()
            } catch {
                do { try session.rollback() } catch { session.disconnect() }
                throw error
            }
        }
    }

    /// A number that changes when another session has written.
    var version: Int { changes.withLock { $0 } }
}

/// How a process opens a store.
package enum StoreRole: Sendable, Equatable {
    /// It leads from the start, makes the store if there is none, and brings an older one up to date.
    case leader
    /// It takes over when nobody else leads, and does then what a leader does.
    case standby
    /// It reads and writes beside whoever leads, as commands do. It neither makes the store nor changes its tables.
    case beside
}

extension PostgresThread.Duties {
    /// A session that only does its jobs.
    static let idle = Duration.seconds(60)
    static var none: PostgresThread.Duties {
        PostgresThread.Duties(
            tick: { _ in idle },
            heard: { session in
                do { _ = try session.open?.takeNotices() } catch { session.disconnect() }
            })
    }
}
