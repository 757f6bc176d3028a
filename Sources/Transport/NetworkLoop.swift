import CCurl
import Dispatch
import Glibc
import RelayCore
import RelaySupport
import Synchronization

/// One thread that drives libcurl's multi handle and runs Swift code beside it: the tasks that prefer it as their executor. A response, the
/// step that takes it and the next request then need no switch between threads.
///
/// Nothing that it runs may block (`BlockingCall`). The thread starts with the first use. What comes after its end runs on a queue of its own,
/// one job at a time.
///
/// `@unchecked Sendable`: `inbox` has a lock. `ready`, `endings`, `timers`, `isEnding` and the transfers are used on the thread alone.
package final class NetworkLoop: TaskExecutor, TurnTaking, @unchecked Sendable {
    private struct Inbox {
        var jobs: [UnownedJob] = []
        var works: [@Sendable () -> Void] = []
        var isRunning = false
        var isStopped = false
        /// The thread takes nothing more.
        var hasEnded = false
        /// The thread waits for the network, so it has to be woken.
        var isAsleep = false
    }

    /// The most jobs between two looks at the network, so that no stream of jobs keeps responses waiting.
    private static let mostJobs = 64
    /// The longest wait for the network, if nothing else ends it.
    private static let longestWait = Duration.seconds(1)

    /// Nil if there was no memory for it; then every request fails.
    let transfers: TransferTable?
    private let startThread: BlockingThread.Start
    private let inbox = Locked(Inbox())
    /// The thread's `pthread_t`; 0 while it does not run.
    private let thread = Atomic<UInt>(0)
    private let late = DispatchQueue(label: "notify-relay.late")

    private var ready: [UnownedJob] = []
    private var endings: [@Sendable () -> Void] = []
    private var timers = LoopTimers()
    /// The transfers and the sleeps have been ended; only jobs still run.
    private var isEnding = false

    package convenience init() { self.init(startThread: BlockingThread.start) }

    init(startThread: @escaping BlockingThread.Start) {
        _ = Libcurl.start
        self.startThread = startThread
        transfers = TransferTable()
    }

    /// Whether the caller runs on this thread.
    var isCurrent: Bool { thread.load(ordering: .relaxed) == pthread_self() }

    /// Starts the thread, if it does not run yet.
    ///
    /// - Returns: false if the system has no thread or no memory for it.
    package func start() -> Bool { inbox.withLock { start(&$0) } }

    private func start(_ inbox: inout Inbox) -> Bool {
        if inbox.isRunning { return true }
        guard let transfers, !inbox.hasEnded else { return false }
        inbox.isRunning = startThread { [self] in run(transfers) }
        return inbox.isRunning
    }

    /// Ends all transfers in progress with `.cancelled`, wakes what sleeps, and lets the thread end. Later requests are refused.
    package func stop() {
        inbox.withLock { inbox in
            inbox.isStopped = true
            if inbox.isRunning { return wake(&inbox) }
            if !inbox.hasEnded { transfers?.free() }
            inbox.hasEnded = true
        }
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent { return ready.append(job) }
        let isTaken = inbox.withLock { inbox in
            guard !inbox.hasEnded, start(&inbox) else { return false }
            inbox.jobs.append(job)
            wake(&inbox)
            return true
        }
        if !isTaken { late.async { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) } }
    }

    /// Runs work on the thread, at once if the caller is on it.
    ///
    /// - Returns: nil if it is taken, else why not.
    func perform(_ work: @escaping @Sendable () -> Void) -> TransportError? {
        if isCurrent {
            if isEnding { return Self.isShutDown }
            work()
            return nil
        }
        return inbox.withLock { inbox in
            guard !inbox.hasEnded, !inbox.isStopped else { return Self.isShutDown }
            guard start(&inbox) else { return .exhausted("thread") }
            inbox.works.append(work)
            wake(&inbox)
            return nil
        }
    }

    package func atEndOfTurn(_ body: @escaping @Sendable () -> Void) {
        if isCurrent { endings.append(body) } else { body() }
    }

    static let isShutDown = TransportError(.cancelled, sent: false, "the client is shut down")

    private func wake(_ inbox: inout Inbox) {
        guard inbox.isAsleep else { return }
        inbox.isAsleep = false
        transfers?.wake()
    }
}

// MARK: - The thread

extension NetworkLoop {
    private func run(_ transfers: TransferTable) {
        thread.store(UInt(pthread_self()), ordering: .relaxed)
        BlockingCall.forbidOnThisThread()
        while true {
            if takeInbox() { break }
            if timers.next != nil { timers.fire(at: .now) }
            runJobs(atMost: Self.mostJobs)
            endTurn()
            transfers.advance()
            wait(transfers)
        }
        isEnding = true
        transfers.end()
        timers.cancelAll()
        while !leave(transfers) {
            _ = takeInbox()
            runJobs(atMost: .max)
            endTurn()
        }
    }

    /// - Returns: whether the loop is to end.
    private func takeInbox() -> Bool {
        let (works, isStopped) = inbox.withLock { inbox in
            inbox.isAsleep = false
            ready.append(contentsOf: inbox.jobs)
            inbox.jobs.removeAll(keepingCapacity: true)
            defer { inbox.works = [] }
            return (inbox.works, inbox.isStopped)
        }
        for work in works { work() }
        return isStopped
    }

    private func runJobs(atMost most: Int) {
        var done = 0
        while done < most, done < ready.count {
            let job = ready[done]
            done += 1
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
        ready.removeFirst(done)
    }

    private func endTurn() {
        guard !endings.isEmpty else { return }
        let bodies = endings
        endings.removeAll(keepingCapacity: true)
        for body in bodies { body() }
    }

    private func wait(_ transfers: TransferTable) {
        guard ready.isEmpty else { return }
        let mayWait = inbox.withLock { inbox in
            inbox.isAsleep = inbox.jobs.isEmpty && inbox.works.isEmpty && !inbox.isStopped
            return inbox.isAsleep
        }
        guard mayWait else { return }
        let longest = timers.next.map { min(max($0 - .now, .zero), Self.longestWait) } ?? Self.longestWait
        // A wait that ends before the time of a sleeper would only be repeated.
        transfers.poll(milliseconds: Int32(longest.milliseconds + (longest < Self.longestWait ? 1 : 0)))
    }

    /// Ends the thread's part in the loop, unless something came in meanwhile.
    private func leave(_ transfers: TransferTable) -> Bool {
        guard ready.isEmpty, endings.isEmpty else { return false }
        return inbox.withLock { inbox in
            guard inbox.jobs.isEmpty, inbox.works.isEmpty else { return false }
            inbox.hasEnded = true
            transfers.free()
            thread.store(0, ordering: .relaxed)
            return true
        }
    }
}

// MARK: - Sleeping

extension NetworkLoop {
    /// Suspends the task for a time. Only what runs on the loop may call it.
    ///
    /// - Throws: `CancellationError` if the task is cancelled, or the loop stops.
    func sleep(for duration: Duration) async throws {
        let end = ContinuousClock.now + duration
        let sleeper = LoopTimers.Sleeper()
        let isInTime = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let refusal = perform { [self] in timers.add(sleeper, continuation, until: end) }
                if refusal != nil { continuation.resume(returning: false) }
            }
        } onCancel: {
            _ = perform { [self] in timers.cancel(sleeper) }
        }
        guard isInTime else { throw CancellationError() }
    }
}
