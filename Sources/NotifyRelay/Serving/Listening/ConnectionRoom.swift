import RelaySupport

/// The open connections of one listener.
///
/// At a bound, a new connection takes the place of an idle one: of the same address if that has too many, else of the address that has the
/// most. So whoever opens many connections closes their own, and keeps nobody else out. What the bodies of all requests together may hold
/// is bounded in the same way.
final class ConnectionRoom: Sendable {
    struct Guest: Sendable, Hashable {
        fileprivate let number: Int
    }

    enum Activity: Int, Sendable {
        /// No request is under way.
        case idle
        /// A request has begun and is not whole.
        case receiving
        /// A request is worked on. Such a connection is closed for another one only if there is no other, and its owner has many.
        case busy
    }

    private struct Entry {
        var owner: String
        /// A proxy has connections of many people, so their number is not bounded by its address.
        var isProxy: Bool
        var activity = Activity.idle
        /// Grows with each change, so the smallest one has waited longest.
        var since: Int
        /// The bytes of the body of the present request.
        var bytes = 0
        var close: @Sendable () -> Void
    }

    private struct State {
        var entries: [Guest: Entry] = [:]
        var next = 0
        /// The bytes of the bodies of all entries.
        private(set) var bytes = 0

        mutating func number() -> Int {
            next += 1
            return next
        }

        mutating func hold(_ guest: Guest, _ more: Int) {
            guard entries[guest] != nil else { return }
            entries[guest]?.bytes += more
            bytes += more
        }

        mutating func remove(_ guest: Guest) -> Entry? {
            let entry = entries.removeValue(forKey: guest)
            bytes -= entry?.bytes ?? 0
            return entry
        }

        func count(of owner: String) -> Int { entries.values.count { $0.owner == owner } }

        /// The connection of an owner that goes first: an idle one before one whose request is not whole, and the oldest.
        func place(of owner: String?) -> Guest? {
            guard let owner else { return nil }
            return entries.filter { $0.value.owner == owner && $0.value.activity != .busy }
                .min { ($0.value.activity.rawValue, $0.value.since) < ($1.value.activity.rawValue, $1.value.since) }?.key
        }

        /// The oldest connection of the owner who has most requests in work, if that owner has more than `most`.
        func busyPlace(most: Int) -> Guest? {
            var counts: [String: Int] = [:]
            for entry in entries.values { counts[entry.owner, default: 0] += 1 }
            guard let (owner, count) = counts.max(by: { ($0.value, $0.key) < ($1.value, $1.key) }), count > most else { return nil }
            return entries.filter { $0.value.owner == owner }.min { $0.value.since < $1.value.since }?.key
        }

        /// The oldest unfinished request of the owner whose unfinished requests hold most.
        var largest: Guest? {
            let unfinished = entries.filter { $0.value.activity == .receiving }
            var sums: [String: Int] = [:]
            for entry in unfinished.values { sums[entry.owner, default: 0] += entry.bytes }
            let owner = sums.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key
            return unfinished.filter { $0.value.owner == owner && $0.value.bytes > 0 }.min { $0.value.since < $1.value.since }?.key
        }

        /// The owner with the most connections that can be closed.
        var heaviest: String? {
            var counts: [String: Int] = [:]
            for entry in entries.values where entry.activity != .busy { counts[entry.owner, default: 0] += 1 }
            return counts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key
        }
    }

    private let most: Int
    private let mostOfOne: Int
    private let mostBytes: Int
    private let state = Locked(State())

    /// - Parameters:
    ///   - most: connections.
    ///   - mostOfOne: connections of one owner.
    ///   - mostBytes: bytes of bodies of all connections together.
    init(most: Int, ofOne mostOfOne: Int, bytes mostBytes: Int) {
        self.most = most
        self.mostOfOne = mostOfOne
        self.mostBytes = mostBytes
    }

    var count: Int { state.withLock { $0.entries.count } }

    /// Takes a new connection in. Returns nil if there is no place for it.
    func enter(_ owner: String, isProxy: Bool, close: @escaping @Sendable () -> Void) -> Guest? {
        let (guest, gone) = state.withLock { state -> (Guest?, Entry?) in
            var gone: Entry?
            if !isProxy, state.count(of: owner) >= mostOfOne {
                guard let place = state.place(of: owner) else { return (nil, nil) }
                gone = state.remove(place)
            } else if state.entries.count >= most {
                guard let place = state.place(of: state.heaviest) ?? state.busyPlace(most: max(4, mostOfOne / 4)) else { return (nil, nil) }
                gone = state.remove(place)
            }
            let guest = Guest(number: state.number())
            state.entries[guest] = Entry(owner: owner, isProxy: isProxy, since: guest.number, close: close)
            return (guest, gone)
        }
        gone?.close()
        return guest
    }

    func mark(_ guest: Guest, _ activity: Activity) {
        state.withLock { state in
            let number = state.number()
            state.entries[guest]?.activity = activity
            if activity == .idle { state.hold(guest, -(state.entries[guest]?.bytes ?? 0)) }
            state.entries[guest]?.since = number
        }
    }

    /// Takes note of bytes of a body. If all bodies hold too much now, the oldest unfinished one of the owner that holds most goes.
    func received(_ guest: Guest, _ bytes: Int) {
        let gone = state.withLock { state -> Entry? in
            state.hold(guest, bytes)
            guard state.bytes > mostBytes, let place = state.largest else { return nil }
            return state.remove(place)
        }
        gone?.close()
    }

    /// Counts a proxy's connection for the client that its present request is from. If that client has too many now, its oldest idle one is
    /// closed.
    func rename(_ guest: Guest, to client: String) {
        let gone = state.withLock { state -> Entry? in
            state.entries[guest]?.owner = client
            guard state.count(of: client) > mostOfOne, let place = state.place(of: client), place != guest else { return nil }
            return state.remove(place)
        }
        gone?.close()
    }

    func leave(_ guest: Guest) { state.withLock { _ = $0.remove(guest) } }
}
