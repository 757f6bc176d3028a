package import RelayCore
import RelaySupport

/// Receives all messages: chat hooks, webhooks and mail.
///
/// It keeps the newest messages, up to a number and a total size. It counts for ever how often each identity arrived.
package actor Inbox {
    package enum Mode: Sendable {
        case recording
        /// Only the identity is read and counted, which is fast enough to measure a sender.
        case counting
    }

    /// The number of accepted messages, including those no longer kept.
    package private(set) var count = 0
    /// The number of posts and mails that were refused, for any reason.
    package internal(set) var refused = 0
    package internal(set) var faults = InboxFaults()
    package nonisolated let mode: Mode
    package nonisolated let clock: any WallClock

    private let mostMessages: Int
    private let mostBytes: Int
    private var kept: [InboxMessage] = []
    private var keptBytes = 0
    private var times: [String: Int] = [:]
    private var countByKind: [InboxMessage.Kind: Int] = [:]
    private var watchers: [AsyncStream<Int>.Continuation] = []
    private var deleted: Set<Int> = []
    /// Telegram button presses that were not yet fetched, each with its `update_id`.
    private var updates: [JSONValue] = []
    var pressed = 0
    /// The texts sent to the people who pressed a button, with the query id of each press.
    package internal(set) var told: [(query: String, text: String)] = []
    var second = (at: Int64(0), count: 0)
    /// Message numbers by the idempotency key of their service.
    var numbers: [String: Int] = [:]
    /// The number of HTTP requests counted for the fault that hits every n-th request.
    var arrivals = 0

    /// Creates an empty inbox.
    ///
    /// - Parameters:
    ///   - mostMessages: how many messages are kept; the oldest are dropped first.
    ///   - mostBytes: the maximum total size of their bodies in bytes.
    package init(
        clock: any WallClock = SystemClock(), mode: Mode = .recording, mostMessages: Int = 20_000, mostBytes: Int = 128 << 20
    ) {
        self.clock = clock
        self.mode = mode
        self.mostMessages = mostMessages
        self.mostBytes = mostBytes
    }

    package func arrange(_ change: @Sendable (inout InboxFaults) -> Void) { change(&faults) }

    /// The kept messages, oldest first.
    ///
    /// - Parameter kind: nil for all kinds.
    package func messages(kind: InboxMessage.Kind? = nil) -> [InboxMessage] {
        kind.map { kind in kept.filter { $0.kind == kind } } ?? kept
    }

    /// The newest messages, newest first, at most `most` of them.
    func newest(_ most: Int, where isWanted: (InboxMessage.Kind) -> Bool = { _ in true }) -> [InboxMessage] {
        var found: [InboxMessage] = []
        for message in kept.reversed() where isWanted(message.kind) {
            found.append(message)
            if found.count == most { break }
        }
        return found
    }

    /// The message with this id; nil if it is no longer kept.
    package func message(_ id: Int) -> InboxMessage? {
        guard let first = kept.first?.id, id >= first, id - first < kept.count else { return nil }
        return kept[id - first]
    }

    package func count(kind: InboxMessage.Kind) -> Int { countByKind[kind, default: 0] }

    /// How often a message with this identity (such as a `webhook-id` or `Message-ID`) was accepted.
    package func times(_ identity: String) -> Int { times[identity, default: 0] }

    /// The identities, each with how often it was accepted.
    package var identities: [String: Int] { times }

    /// The number of accepted messages, now and after each message.
    /// A reader that is slow sees the newest number only.
    package func counts() -> AsyncStream<Int> {
        let (counts, watcher) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingNewest(1))
        watcher.yield(count)
        watchers.append(watcher)
        return counts
    }

    /// Accepts a message.
    func take(
        _ kind: InboxMessage.Kind, place: String, identity: String?, headers: [(name: String, value: String)], raw: [UInt8],
        payload: JSONValue? = nil
    ) {
        count += 1
        countByKind[kind, default: 0] += 1
        if let identity { times[identity, default: 0] += 1 }
        if mode == .recording {
            keep(
                InboxMessage(
                    id: count, receivedAt: clock.now, kind: kind, place: place, headers: headers, raw: raw, identity: identity,
                    time: identity.map { times[$0, default: 1] } ?? 1, payload: payload))
        }
        tellWatchers()
    }

    /// Edits a message that is still kept.
    func change(_ id: Int, raw: [UInt8], payload: JSONValue?) {
        guard let first = kept.first?.id, kept.indices.contains(id - first) else { return }
        kept[id - first].raw = raw
        kept[id - first].payload = payload
        kept[id - first].edits += 1
    }

    /// Counts a repeat that the service recognises.
    /// It does not become a message.
    func note(repeatOf identity: String) { times[identity, default: 0] += 1 }

    func kept(update: JSONValue) { updates.append(update) }

    /// Returns the button presses after a position and, as Telegram does, forgets those up to it.
    func updates(after position: Int64?) -> [JSONValue] {
        if let position { updates.removeAll { Int64($0["update_id"]?.int ?? 0) <= position } }
        return updates
    }

    /// Deletes a message, as a person would by hand.
    package func delete(_ id: Int) { deleted.insert(id) }

    /// Whether a message can be edited now.
    var changeable: @Sendable (Int) -> Bool { { [deleted, count] id in id >= 1 && id <= count && !deleted.contains(id) } }

    /// Old messages are dropped in batches, because removing from the front of an array moves all the rest.
    private func keep(_ message: InboxMessage) {
        kept.append(message)
        keptBytes += message.raw.count
        guard kept.count > mostMessages + mostMessages / 8 || keptBytes > mostBytes else { return }
        var gone = max(0, kept.count - mostMessages)
        var left = keptBytes - kept[..<gone].reduce(0) { $0 + $1.raw.count }
        while left > mostBytes - mostBytes / 8, gone < kept.count - 1 {
            left -= kept[gone].raw.count
            gone += 1
        }
        kept.removeFirst(gone)
        keptBytes = left
    }

    /// Tells the watchers the new number, and forgets those whose task has ended.
    private func tellWatchers() {
        watchers.removeAll { watcher in
            if case .terminated = watcher.yield(count) { true } else { false }
        }
    }
}
