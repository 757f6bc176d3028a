import Dedup
import RelayCore
import RelaySupport

/// Keeps open pages up to date. A page that many people look at is made once for all of them, and only if the store has changed since.
actor LivePages {
    /// An open page, and for whom it is made.
    struct Key: Hashable, Sendable {
        var target: String
        var audience: Audience

        /// The page shows approvals, and who was first is to be seen on it at once.
        var isOfApprovals: Bool { target == "/" || target.hasPrefix("/approvals") }
    }

    /// Those to whom a page shows the same.
    enum Audience: Hashable, Sendable {
        /// Everybody, on the port where nobody signs in.
        case everybody
        /// - Parameter routes: those whose `approvers` name the reader. Who has the same may decide the same.
        case people(routes: [Int], areOperators: Bool)
        /// The page says what this person may do.
        case person(String)
    }

    /// Somebody who has a page open.
    struct Reader: Sendable {
        var request: PublicRequest
        /// The mark of the forms of the page in this reader's browser; nil if it has no forms.
        var mark: String?
        /// The version that the browser shows.
        var shown: String?
    }

    /// What a page shows now.
    enum Content: Sendable, Equatable {
        case shown(String)
        /// It cannot be read now.
        case unknown
        /// There is no such page any more.
        case gone
    }

    private struct Open {
        var readers: [Int: (reader: Reader, continuation: AsyncStream<LiveContent>.Continuation)] = [:]
        var last: LiveContent?
    }

    /// Makes the content of a page, with a placeholder where the marks of forms belong.
    typealias Make = @Sendable (_ request: PublicRequest, _ placeholder: String) async -> Content

    private let ledger: Ledger
    private let clock: any WallClock
    private let make: Make
    private let mayLook: @Sendable (PublicRequest) async -> Bool
    private let placeholder: String
    private var open: [Key: Open] = [:]
    private var next = 0
    private var worker: Task<Void, Never>?
    private var seen = -1
    private var approvals: ApprovalsMark?
    /// The pages that may show something else by now, in the order in which they are made.
    private var stale: [Key] = []

    /// Pages are made again at most this often.
    private static let pace = Duration.seconds(1)
    /// In each turn, pages are made for so long, and the others in the next ones: deliveries come first.
    private static let budget = Duration.milliseconds(25)
    /// Pages of approvals are made at once. Then, for so many times as long as that took, they wait for their turn like all others.
    private static let rest = 5
    /// After so many turns, it is looked who may not look any more, and pages are made without a change too, because other processes write.
    private static let idle = 5
    /// A stream ends after this time, before the listener cuts it off. The browser opens the next one by itself.
    private static let longest = Duration.seconds(100)
    /// The most pages that are kept up to date at once, in all and for one address. A listener has 256 connections, 64 of one address; the
    /// others are for pages, links and buttons.
    static let most = 200
    static let mostOfOne = 40

    /// - Parameters:
    ///   - placeholder: a text that no page contains by chance.
    ///   - mayLook: whether a reader still may see what they have open.
    init(
        ledger: Ledger, clock: any WallClock, placeholder: String, mayLook: @escaping @Sendable (PublicRequest) async -> Bool,
        make: @escaping Make
    ) {
        self.ledger = ledger
        self.clock = clock
        self.placeholder = placeholder
        self.mayLook = mayLook
        self.make = make
    }

    var count: Int { open.values.reduce(0) { $0 + $1.readers.count } }

    private func ofAddress(_ address: String?) -> Int {
        open.values.reduce(0) { $0 + $1.readers.values.count { $0.reader.request.address == address } }
    }

    /// The contents of a page, each time that it changes; nil if too many pages are open.
    func contents(for reader: Reader, of key: Key) -> (id: Int, contents: AsyncStream<LiveContent>)? {
        guard count < Self.most, ofAddress(reader.request.address) < Self.mostOfOne else { return nil }
        next += 1
        let id = next
        let (contents, continuation) = AsyncStream.makeStream(of: LiveContent.self, bufferingPolicy: .bufferingNewest(1))
        open[key, default: Open()].readers[id] = (reader, continuation)
        if let last = open[key]?.last { tell(last, id, key) }
        // These are no child tasks: they outlive the request that begins them, and end with the last page.
        if worker == nil { worker = Task { await self.work() } }
        Task {
            try? await clock.sleep(for: Self.longest)
            leave(id, key)
        }
        return (id, contents)
    }

    func leave(_ id: Int, _ key: Key) {
        open[key]?.readers.removeValue(forKey: id)?.continuation.finish()
        if open[key]?.readers.isEmpty == true { open[key] = nil }
    }

    private func work() async {
        var turns = 0, next = clock.uptime
        while !open.isEmpty, !Task.isCancelled {
            try? await clock.sleep(for: Self.pace)
            turns += 1
            let isIdle = turns % Self.idle == 0
            if isIdle { await dismiss() }
            let now = ledger.changeCount, hasChanged = now != seen || isIdle
            seen = now
            let waiting = Set(stale)
            stale += open.filter { (hasChanged || $1.last == nil) && !waiting.contains($0) }.map(\.key)
            let began = clock.uptime
            if began >= next, hasChanged, await haveApprovalsChanged() {
                await renewNow { $0.isOfApprovals }
                next = clock.uptime + (clock.uptime - began) * Self.rest
            }
            let start = clock.uptime
            while clock.uptime - start < Self.budget, let key = stale.first {
                stale.removeFirst()
                await renew(key)
            }
        }
        stale = []
        worker = nil
    }

    private func renewNow(_ isMeant: (Key) -> Bool) async {
        let meant = stale.filter(isMeant)
        stale.removeAll(where: isMeant)
        for key in meant { await renew(key) }
    }

    /// A store that cannot be read changes nothing.
    private func haveApprovalsChanged() async -> Bool {
        do throws(LedgerError) {
            let mark = try await ledger.approvalsMark()
            defer { approvals = mark }
            return mark != approvals
        } catch {
            return false
        }
    }

    /// Ends the streams of those who may not look any more.
    private func dismiss() async {
        for (key, page) in open {
            for (id, entry) in page.readers where await !mayLook(entry.reader.request) { leave(id, key) }
        }
    }

    private func renew(_ key: Key) async {
        guard let request = open[key]?.readers.values.first?.reader.request else { return }
        switch await make(request, placeholder) {
        case .unknown: return
        case .gone: for id in (open[key]?.readers ?? [:]).keys { leave(id, key) }
        case .shown(let html):
            let content = LiveContent(html, placeholder: placeholder)
            guard let page = open[key], page.last?.version != content.version else { return }
            open[key]?.last = content
            for id in page.readers.keys { tell(content, id, key) }
        }
    }

    /// Sends a content to a reader whose browser does not show it yet.
    private func tell(_ content: LiveContent, _ id: Int, _ key: Key) {
        guard let entry = open[key]?.readers[id], entry.reader.shown != content.version else { return }
        open[key]?.readers[id]?.reader.shown = content.version
        entry.continuation.yield(content)
    }
}
