import CCurl
import Glibc
import RelayCore
import RelaySupport

/// A thread that sends mails one after another to one server over one connection.
final class MailConnection: Sendable {
    private enum Job {
        case mail(MailTransfer, CheckedContinuation<(Result<MailResponse, TransportError>, Bool), Never>)
        case end
    }

    private struct State {
        var jobs: [Job] = []
        /// The number of jobs so far, so that an idle timer can tell whether one came since it was set.
        var mails = 0
        /// The mails that it carries or that wait for it.
        var taken = 0
        /// The connection itself is usable as far as is known.
        var isGood = true
    }

    private let state = Locked(State())
    private let work = Semaphore()

    /// Throws if the system has no thread to give.
    init(startThread: BlockingThread.Start) throws(TransportError) {
        guard startThread({ [self] in loop() }) else { throw .exhausted("thread") }
    }

    var isGood: Bool { state.withLock { $0.isGood } }

    /// A mail is given to it.
    func took() { state.withLock { $0.taken += 1 } }

    /// A mail has ended. Returns how many are left.
    func gave(isReusable: Bool) -> Int {
        state.withLock { state in
            state.taken -= 1
            state.isGood = state.isGood && isReusable
            return state.taken
        }
    }

    /// Sends one mail. Returns the result, and whether the connection can be used again.
    func carry(_ transfer: MailTransfer) async -> (Result<MailResponse, TransportError>, Bool) {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                leave(.mail(transfer, continuation))
            }
        } onCancel: {
            transfer.cancel()
        }
    }

    func close() { leave(.end) }

    /// Closes the connection after `idle` if no job came since and `giveUp` confirms that nobody has taken it.
    func closeIfIdle(for idle: Duration, giveUp: @escaping @Sendable () -> Bool) {
        let mails = state.withLock { $0.mails }
        IdleTimer.after(idle) { [weak self] in
            guard let self, self.state.withLock({ $0.mails }) == mails, giveUp() else { return }
            self.close()
        }
    }

    private func leave(_ job: Job) {
        state.withLock { state in
            state.jobs.append(job)
            state.mails += 1
        }
        work.signal()
    }

    private func loop() {
        let handle = Handle(curl_easy_init())
        defer { curl_easy_cleanup(handle?.pointer) }
        while true {
            work.wait()
            switch state.withLock({ $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }) {
            case .mail(let transfer, let continuation)?:
                let result = handle.map(transfer.perform(on:)) ?? .failure(.exhausted("memory"))
                continuation.resume(returning: (result, transfer.isReusable))
            case .end?: return
            case nil: break
            }
        }
    }
}

/// A POSIX semaphore. `@unchecked Sendable`: `sem_t` is made for use from several threads.
private final class Semaphore: @unchecked Sendable {
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func signal() { sem_post(semaphore) }

    func wait() { while sem_wait(semaphore) != 0 && errno == EINTR {} }
}
