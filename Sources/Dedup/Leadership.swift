import Glibc
package import RelayCore
import RelaySupport

/// Who acts for all relays of one store: who reads RevKeen, sends, and decides.
///
/// One relay *leads*. Its *epoch* is the number of its reign, which each take-over counts up. The others *stand by*: they serve pages and
/// write answers, and one of them takes over when the leader is gone.
package struct Leader: Sendable, Equatable {
    package var epoch: Int
    /// A name for people: the host and the process.
    package var holder: String
    package var since: Timestamp
}

/// What this process is to the other relays of its store.
package enum LeadState: Sendable, Equatable {
    /// A command, which writes beside whoever leads.
    case beside
    /// Another relay leads, or nobody yet. This one tries to take over.
    case standsBy
    case leads(epoch: Int)
    /// It led, and another relay took over. Nothing may be written until `standBy()`.
    case lost(epoch: Int)
}

/// Whether this process leads. The store's thread changes it; the relay asks it before each act and waits for its changes.
package final class Leadership: Sendable {
    private struct Inner {
        var state: LeadState
        /// Until when nobody else can have taken over, on `CLOCK_BOOTTIME`.
        var leaseEnd = Duration.zero
        var leader: Leader?
        /// Why the store's server cannot be reached; nil if it can.
        var trouble: LedgerError?
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var lastWaiter = 0
    }

    /// How long a leader may be silent before another relay takes over.
    static let lease = Duration.seconds(5)
    /// The leader stops acting so long before that.
    private static let margin = Duration.milliseconds(500)

    private let inner: Locked<Inner>
    /// Another relay may take over while this process stands still.
    package let hasLease: Bool
    private let now: @Sendable () -> Duration

    /// - Parameter hasLease: another relay may take over while this process stands still. False where the system's lock prevents that.
    init(_ state: LeadState, hasLease: Bool, now: @escaping @Sendable () -> Duration = { Leadership.now }) {
        inner = Locked(Inner(state: state))
        self.hasLease = hasLease
        self.now = now
    }

    package var state: LeadState { inner.withLock { $0.state } }

    /// The relay that leads, as this process knows it; nil if it knows none.
    package var leader: Leader? { inner.withLock { $0.leader } }

    /// Why the server of the store cannot be reached now; nil if it can, or if there is none.
    package var trouble: LedgerError? { inner.withLock { $0.trouble } }

    /// Whether this process may act now: it leads, and nobody can have taken over meanwhile.
    package var mayAct: Bool {
        let now = hasLease ? now() : .zero
        return inner.withLock { inner in
            guard case .leads = inner.state else { return false }
            return !hasLease || now < inner.leaseEnd
        }
    }

    /// Waits until this process may act. Returns false as soon as it no longer leads, or if the task is cancelled.
    package func waitToAct() async -> Bool {
        while !mayAct {
            guard case .leads = state, !Task.isCancelled else { return false }
            // The lease is measured on a clock of the machine, so this waits in real time too.
            try? await Task.sleep(for: .milliseconds(50))
        }
        return true
    }

    /// Waits until the state satisfies a condition, or the task is cancelled.
    package func wait(until condition: @Sendable (LeadState) -> Bool) async {
        while !condition(state), !Task.isCancelled {
            let number = inner.withLock { inner in
                inner.lastWaiter += 1
                return inner.lastWaiter
            }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isOver = inner.withLock { inner in
                        if Task.isCancelled || condition(inner.state) { return true }
                        inner.waiters[number] = continuation
                        return false
                    }
                    if isOver { continuation.resume() }
                }
            } onCancel: {
                inner.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
            }
        }
    }

    /// After a lost lead: the relay has ended all that it did as the leader and may take over again.
    package func standBy() { change { if case .lost = $0.state { $0.state = .standsBy } } }

    func lead(_ leader: Leader, acknowledgedFrom start: Duration) {
        change { inner in
            inner.state = .leads(epoch: leader.epoch)
            inner.leader = leader
            inner.leaseEnd = start + Self.lease - Self.margin
        }
    }

    /// - Parameter start: a moment before the request that the server has acknowledged.
    func renew(from start: Duration) {
        inner.withLock { inner in inner.leaseEnd = max(inner.leaseEnd, start + Self.lease - Self.margin) }
    }

    func lose() { change { if case .leads(let epoch) = $0.state { $0.state = .lost(epoch: epoch) } } }

    func note(_ leader: Leader?) { inner.withLock { if let leader { $0.leader = leader } } }

    func note(trouble: LedgerError?) { inner.withLock { $0.trouble = trouble } }

    private func change(_ body: (inout Inner) -> Void) {
        let waiters = inner.withLock { inner in
            body(&inner)
            defer { inner.waiters = [:] }
            return inner.waiters
        }
        for waiter in waiters.values { waiter.resume() }
    }

    /// `CLOCK_BOOTTIME`, which also counts while the machine sleeps.
    static var now: Duration {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
