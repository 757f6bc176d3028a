import Dispatch
import Glibc
import RelayCore
import RelaySupport

/// The one writer of a store. Work that is asked for while a commit waits for the disk joins the next transaction, so a busy ledger
/// pays for few commits. Each caller gets the result of its own work: if one piece fails, the transaction is rolled back and each piece is
/// tried by itself.
final class WriteQueue: Sendable {
    private struct State {
        var waiting: [any WriteJob] = []
        var isDraining = false
        var isClosed = false
        /// The number of transactions that were begun.
        var crowds = 0
        /// When the last one was begun, and how many pieces of work were in it.
        var lastBegan = ContinuousClock.now
        var lastSize = 0
    }

    /// The most pieces of work in one transaction, which bounds how long the first one waits for its commit.
    private static let mostPerTransaction = 256
    private static let mostPerTurn = 16
    /// How often a transaction is run that a server rolled back by no fault of its own.
    private static let mostTries = 3
    /// Errors of the store itself, which no piece of work has caused.
    private static let concernsAll: Set<LedgerError.Reason> = [.busy, .unreachable, .refused, .fenced]
    /// After a crowd of this size the next one gathers: it begins when `fullCrowd` pieces wait, or `spacing` after the last one began. A
    /// commit costs as much as some twenty pieces of work, and a store that is not busy waits for nothing.
    private static let busyCrowd = 6
    private static let fullCrowd = 128
    private static let spacing = Duration.milliseconds(4)

    private let store: StoreDriver
    private let path: String
    private let faults: FaultPoint
    private let turns: any TurnTaking
    private let state = Locked(State())
    #if DEBUG
        /// Called on the writer's thread with `admit.before-commit`, `settle.after-commit`, …, once for each piece of work.
        let stopPoint = Locked<(@Sendable (String) -> Void)?>(nil)
    #endif

    init(_ store: StoreDriver, faults: FaultPoint, turns: any TurnTaking) {
        self.turns = turns
        self.store = store
        path = store.shown
        self.faults = faults
    }

    /// The number of the transaction that runs now. It is of use inside of one.
    var crowd: Int { state.withLock { $0.crowds } }

    /// The number of pieces of work that wait for a transaction.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Runs the work in a transaction and returns once it is on the disk.
    ///
    /// - Parameters:
    ///   - name: names the write in fault plans and in the stop points of a debug build.
    ///   - work: may run again after a rollback, so it must change nothing but the database.
    func write<Value: Sendable>(
        _ name: String, _ work: @escaping @Sendable (SQLSession) throws -> Value
    ) async throws(LedgerError) -> Value {
        guard let fault = faults.fault(in: .write(name)) else { return try await commit(name, work) }
        switch fault.moment {
        case .before: break
        case .during:
            return try await commit(name) { db in
                _ = try work(db)
                throw fault.error
            }
        case .after: _ = try await commit(name, work)
        }
        throw LedgerError(fault.error, store: path)
    }

    private func commit<Value: Sendable>(
        _ name: String, _ work: @escaping @Sendable (SQLSession) throws -> Value
    ) async throws(LedgerError) -> Value {
        let result: Result<Value, LedgerError> = await withCheckedContinuation { continuation in
            submit(Job(name: name, work: work, continuation: continuation))
        }
        return try result.get()
    }

    /// Runs the work on the writer's connection, between two transactions.
    func betweenTransactions<Value: Sendable>(
        _ work: @escaping @Sendable (SQLSession) throws -> Value
    ) async throws(LedgerError) -> Value {
        if state.withLock({ $0.isClosed }) { throw closedError }
        let result: Result<Value, LedgerError> = await withCheckedContinuation { continuation in
            store.onWriter { [path] db in
                continuation.resume(returning: Result { try work(db) }.mapError { LedgerError($0, store: path) })
            }
        }
        return try result.get()
    }

    /// Refuses all further work. Work that was accepted before is still written.
    func close() { state.withLock { $0.isClosed = true } }

    private var closedError: LedgerError { LedgerError(.closed, "the store \(path) is closed") }

    private func submit(_ job: any WriteJob) {
        let (accepted, starts) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.waiting.append(job)
            defer { state.isDraining = true }
            return (true, !state.isDraining)
        }
        guard accepted else { return job.fail(closedError) }
        if starts { turns.atEndOfTurn { [self] in store.onWriter { self.drain($0) } } }
    }

    /// Writes the waiting work. It queues itself again after some transactions, so that work between transactions gets its turn.
    private func drain(_ db: SQLSession) {
        for _ in 0..<Self.mostPerTurn {
            gather()
            guard let jobs = next() else { return }
            commit(jobs, db)
        }
        store.onWriter { self.drain($0) }
    }

    /// Waits while a busy store gathers the next crowd.
    private func gather() {
        while true {
            let wait: Duration = state.withLock { state in
                guard !state.isClosed, state.lastSize >= Self.busyCrowd, (1..<Self.fullCrowd).contains(state.waiting.count) else {
                    return .zero
                }
                return state.lastBegan + Self.spacing - .now
            }
            guard wait > .zero else { return }
            usleep(UInt32(min(wait, .milliseconds(2)) / .microseconds(1)))
        }
    }

    private func next() -> [any WriteJob]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isDraining = false
                return nil
            }
            let jobs = Array(state.waiting.prefix(Self.mostPerTransaction))
            (state.lastBegan, state.lastSize) = (.now, jobs.count)
            state.waiting.removeFirst(jobs.count)
            return jobs
        }
    }

    private func commit(_ jobs: [any WriteJob], _ db: SQLSession, triesLeft: Int = mostTries) {
        do {
            try transact(jobs, db)
        } catch {
            try? db.rollback()
            if triesLeft > 1, db.recovers(from: error) { return commit(jobs, db, triesLeft: triesLeft - 1) }
            let failure = LedgerError(error, store: path)
            // A store that is of no use to one piece is of no use to the others, and each would wait again.
            guard jobs.count == 1 || Self.concernsAll.contains(failure.reason) else { return jobs.forEach { commit([$0], db) } }
            return jobs.forEach { $0.fail(failure) }
        }
        pass(jobs, "after-commit")
        jobs.forEach { $0.succeed() }
    }

    private func transact(_ jobs: [any WriteJob], _ db: SQLSession) throws {
        state.withLock { $0.crowds += 1 }
        try db.begin(ofCrowd: jobs.count > 1)
        for job in jobs { try job.run(db) }
        pass(jobs, "before-commit")
        try db.commit()
    }

    private func pass(_ jobs: [any WriteJob], _ place: StaticString) {
        #if DEBUG
            guard let stop = stopPoint.withLock({ $0 }) else { return }
            for job in jobs { stop("\(job.name).\(place)") }
        #endif
    }
}

/// A piece of work that waits for its transaction, whatever type it returns.
private protocol WriteJob: Sendable {
    var name: String { get }
    func run(_ db: SQLSession) throws
    func succeed()
    func fail(_ error: LedgerError)
}

/// `@unchecked Sendable`: `outcome` is used only on the writer's queue.
private final class Job<Value: Sendable>: WriteJob, @unchecked Sendable {
    let name: String
    private let work: @Sendable (SQLSession) throws -> Value
    private let continuation: CheckedContinuation<Result<Value, LedgerError>, Never>
    private var outcome: Value?

    init(
        name: String, work: @escaping @Sendable (SQLSession) throws -> Value,
        continuation: CheckedContinuation<Result<Value, LedgerError>, Never>
    ) {
        self.name = name
        self.work = work
        self.continuation = continuation
    }

    func run(_ db: SQLSession) throws { outcome = try work(db) }

    func succeed() {
        guard let outcome else { return fail(LedgerError(.io, "a piece of work was committed without being done")) }
        continuation.resume(returning: .success(outcome))
    }

    func fail(_ error: LedgerError) { continuation.resume(returning: .failure(error)) }
}
