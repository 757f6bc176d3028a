import Glibc
import RelaySupport

/// Asks for the addresses of names, without keeping a request waiting for long. An answer is remembered for a minute.
///
/// A machine behind a proxy often cannot resolve names at all, and its resolver may take half a minute to say so. A name without an answer in
/// time counts as one without an address here, until its answer comes.
final class HostLookup: Sendable {
    /// Blocks until the answer is there.
    typealias Resolve = @Sendable (_ name: String) -> [NetworkAddress]

    private struct Entry {
        /// Empty until the answer comes.
        var addresses: [NetworkAddress] = []
        /// Nil while somebody asks.
        var goodUntil: ContinuousClock.Instant?
        /// When the waiting for the answer ends.
        var patienceUntil: ContinuousClock.Instant
        var waiting: [CheckedContinuation<[NetworkAddress], Never>] = []
    }

    private let entries = Locked<[String: Entry]>([:])
    private let resolve: Resolve
    private let startThread: BlockingThread.Start
    private let patience: Duration
    private let keeping: Duration

    init(
        patience: Duration = .seconds(2), keeping: Duration = .seconds(60),
        startThread: @escaping BlockingThread.Start = BlockingThread.start,
        resolve: @escaping Resolve = NetworkAddress.all(of:)
    ) {
        self.patience = patience
        self.keeping = keeping
        self.startThread = startThread
        self.resolve = resolve
    }

    func addresses(of name: String) async -> [NetworkAddress] {
        if let address = NetworkAddress(name) { return [address] }
        return await withCheckedContinuation { wait(for: name, $0) }
    }

    private func wait(for name: String, _ continuation: CheckedContinuation<[NetworkAddress], Never>) {
        let now = ContinuousClock.now
        let (known, asks): ([NetworkAddress]?, Bool) = entries.withLock { entries in
            if let entry = entries[name] {
                if let until = entry.goodUntil, now < until { return (entry.addresses, false) }
                if entry.goodUntil == nil {
                    guard now < entry.patienceUntil else { return (entry.addresses, false) }
                    entries[name]?.waiting.append(continuation)
                    return (nil, false)
                }
            }
            entries[name] = Entry(addresses: entries[name]?.addresses ?? [], patienceUntil: now + patience, waiting: [continuation])
            return (nil, true)
        }
        if let known { return continuation.resume(returning: known) }
        if asks { ask(name) }
    }

    private func ask(_ name: String) {
        let isAsked = startThread { [self] in answer(name, resolve(name)) }
        guard isAsked else { return answer(name, []) }
        IdleTimer.after(patience) { [self] in stopWaiting(for: name) }
    }

    private func answer(_ name: String, _ addresses: [NetworkAddress]) {
        let waiting = entries.withLock { entries in
            defer { entries[name] = Entry(addresses: addresses, goodUntil: .now + keeping, patienceUntil: .now) }
            return entries[name]?.waiting ?? []
        }
        for continuation in waiting { continuation.resume(returning: addresses) }
    }

    private func stopWaiting(for name: String) {
        let (waiting, addresses) = entries.withLock { entries in
            defer { entries[name]?.waiting = [] }
            return (entries[name]?.waiting ?? [], entries[name]?.addresses ?? [])
        }
        for continuation in waiting { continuation.resume(returning: addresses) }
    }
}
