import Dedup
import Pages
import RelayCore
import RelaySupport

/// Keeps open pages up to date. A page that several people look at is made once, and only if the store has changed since.
actor LivePages {
    /// A page and whose rights it is made with.
    struct Key: Hashable, Sendable {
        var target: String
        var reader: String?
    }

    /// What a page shows now.
    enum Content: Sendable, Equatable {
        case shown(String)
        /// It cannot be read now.
        case unknown
        /// The reader is signed out, or is nobody any more.
        case ended
    }

    private struct Open {
        var request: PublicRequest
        var readers: [Int: AsyncStream<String>.Continuation] = [:]
        /// What the readers have.
        var last: String?
    }

    private let ledger: Ledger
    private let clock: any WallClock
    private let make: @Sendable (PublicRequest) async -> Content
    private var open: [Key: Open] = [:]
    private var next = 0
    private var worker: Task<Void, Never>?
    private var seen = -1

    /// Pages are made again at most this often.
    private static let pace = Duration.seconds(1)
    /// Without a change, pages are made again after so many turns, because a reader may have been signed out, and other processes write too.
    private static let idle = 5
    /// A stream ends after this time, before the listener cuts it off. The browser opens the next one by itself.
    private static let longest = Duration.seconds(100)
    /// The most pages that are kept up to date at once.
    static let most = 500

    /// - Parameter make: the content of a page, for whoever asked for it and may still see it.
    init(ledger: Ledger, clock: any WallClock, make: @escaping @Sendable (PublicRequest) async -> Content) {
        self.ledger = ledger
        self.clock = clock
        self.make = make
    }

    var count: Int { open.values.reduce(0) { $0 + $1.readers.count } }

    /// The contents of a page, each time that it changes; nil if too many pages are open.
    func contents(of request: PublicRequest, for key: Key) -> (id: Int, contents: AsyncStream<String>)? {
        guard count < Self.most else { return nil }
        next += 1
        let (contents, continuation) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(1))
        open[key, default: Open(request: request)].readers[next] = continuation
        if let last = open[key]?.last { continuation.yield(last) }
        let id = next
        // These are no child tasks: they outlive the request that begins them, and end with the last page.
        if worker == nil { worker = Task { await self.work() } }
        Task {
            try? await clock.sleep(for: Self.longest)
            leave(id, key)
        }
        return (id, contents)
    }

    func leave(_ id: Int, _ key: Key) {
        open[key]?.readers.removeValue(forKey: id)?.finish()
        if open[key]?.readers.isEmpty == true { open[key] = nil }
    }

    private func work() async {
        var turns = 0
        while !open.isEmpty, !Task.isCancelled {
            try? await clock.sleep(for: Self.pace)
            turns += 1
            let now = ledger.transactions
            guard now != seen || turns % Self.idle == 0 else { continue }
            seen = now
            for (key, page) in open { await renew(key, page) }
        }
        worker = nil
    }

    private func renew(_ key: Key, _ page: Open) async {
        let html: String
        switch await make(page.request) {
        case .unknown: return
        case .ended:
            for id in (open[key]?.readers ?? [:]).keys { leave(id, key) }
            return
        case .shown(let content): html = content
        }
        guard let last = open[key]?.last, last.withoutAges == html.withoutAges else {
            guard open[key] != nil else { return }
            return tell(html, key)
        }
    }

    private func tell(_ html: String, _ key: Key) {
        open[key]?.last = html
        for reader in (open[key]?.readers ?? [:]).values { reader.yield(html) }
    }
}

extension String {
    /// The markup without how long ago something was, which changes though nothing happened.
    fileprivate var withoutAges: String {
        split(separator: "class=\"age\">", omittingEmptySubsequences: false).enumerated().map { index, part in
            index == 0 ? String(part) : String(part.drop { $0 != "<" })
        }.joined()
    }
}
