import CPostgres
import Dispatch
import Glibc
import RelaySupport

/// A thread of its own for one session with the server, because every call of it may block.
///
/// It runs jobs in their order. While it has none it watches the connection, so that a loss and notices of others are seen at once.
final class PostgresThread: Sendable {
    /// What the thread does besides its jobs. The object lives on the thread alone.
    struct Duties {
        /// Called when there is no job. Returns when it wants to be called again.
        var tick: (PostgresSession) -> Duration
        /// Called when something has arrived on an idle connection.
        var heard: (PostgresSession) -> Void
    }

    private struct Inbox {
        var jobs: [@Sendable (PostgresSession) -> Void] = []
        var isClosed = false
        var isHurried = false
    }

    private let inbox = Locked(Inbox())
    /// An eventfd that wakes the thread; -1 if the system has none left, then the thread wakes by itself soon.
    private let bell = relay_eventfd()
    private let hasEnded = DispatchSemaphore(value: 0)

    deinit { if bell >= 0 { Glibc.close(bell) } }

    /// - Parameter make: makes the session and the duties, on the thread.
    func start(_ make: @escaping @Sendable (PostgresThread) -> (PostgresSession, Duties)) -> Bool {
        BlockingThread.start { [self] in
            let (session, duties) = make(self)
            run(session, duties)
            session.disconnect()
            hasEnded.signal()
        }
    }

    /// False if the thread takes nothing more.
    func submit(_ job: @escaping @Sendable (PostgresSession) -> Void) -> Bool {
        let isTaken = inbox.withLock { inbox in
            guard !inbox.isClosed else { return false }
            inbox.jobs.append(job)
            return true
        }
        if isTaken { ring() }
        return isTaken
    }

    /// Ends the thread once its jobs are done, and waits for that.
    func close() {
        inbox.withLock { $0.isClosed = true }
        ring()
        hasEnded.wait()
        hasEnded.signal()
    }

    func hurry() {
        inbox.withLock { $0.isHurried = true }
        ring()
    }

    var isHurried: Bool { inbox.withLock { $0.isHurried } }

    private func ring() { if bell >= 0 { eventfd_write(bell, 1) } }

    private func run(_ session: PostgresSession, _ duties: Duties) {
        var nextTick = Duration.zero
        while true {
            let (jobs, isClosed) = inbox.withLock { inbox in
                defer { inbox.jobs = [] }
                return (inbox.jobs, inbox.isClosed)
            }
            for job in jobs { job(session) }
            guard jobs.isEmpty else { continue }
            if isClosed { return }
            if Leadership.now >= nextTick { nextTick = Leadership.now + duties.tick(session) }
            let wasOpen = session.open != nil
            rest(session, duties, until: nextTick)
            // A lost connection is made anew at once.
            if wasOpen, session.open == nil { nextTick = .zero }
        }
    }

    private func rest(_ session: PostgresSession, _ duties: Duties, until end: Duration) {
        var entries = [pollfd(fd: bell, events: Int16(POLLIN), revents: 0)]
        if let connection = session.open { entries.append(pollfd(fd: connection.socket, events: Int16(POLLIN), revents: 0)) }
        let wait = max(0, min((end - Leadership.now) / .milliseconds(1), bell >= 0 ? 1_000 : 20))
        guard inbox.withLock({ $0.jobs.isEmpty && !$0.isClosed }) else { return }
        guard poll(&entries, nfds_t(entries.count), Int32(wait.rounded(.up))) > 0 else { return }
        if entries[0].revents != 0 {
            var count: UInt64 = 0
            eventfd_read(bell, &count)
        }
        if entries.count > 1, entries[1].revents != 0 { duties.heard(session) }
    }
}
